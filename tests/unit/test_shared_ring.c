/* SPDX-License-Identifier: MIT */
/* A ring between two processes: order, wrapping, a full one, a taker that lies, and no resizing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared_ring.h"

#define RING	4096
#define RECORDS 5000U

static size_t size_of_record(uint32_t number)
{
	return sizeof(number) + number * 7919 % 900;
}

static bool put_record(struct shared_ring *ring, uint32_t number)
{
	size_t size = size_of_record(number);
	uint8_t *record = shared_ring_reserve(ring, size);

	if (!record)
		return false;
	memset(record, (int)number, size);
	memcpy(record, &number, sizeof(number));
	shared_ring_commit(ring);
	return true;
}

/* Whether the next record is that one, whole. */
static bool take_record(struct shared_ring *ring, uint32_t number)
{
	size_t size;
	const uint8_t *record = shared_ring_next(ring, &size);
	uint32_t is;

	memcpy(&is, record, sizeof(is));
	if (is != number || size != size_of_record(number))
		return false;
	for (size_t i = sizeof(is); i < size; i++) {
		if (record[i] != (uint8_t)number)
			return false;
	}
	shared_ring_release(ring);
	return true;
}

static void records_pass(void **state)
{
	struct shared_ring *put, *take;
	uint32_t in = 0, out = 0;
	size_t size;

	assert_int_equal(shared_ring_new(RING, &put), 0);
	assert_int_equal(shared_ring_map(shared_ring_fd(put), &take), 0);
	assert_null(shared_ring_next(take, &size));
	while (in < 5000) {
		while (in - out < 3 || shared_ring_used(put) < RING / 2)
			in += put_record(put, in);
		while (shared_ring_used(take))
			assert_true(take_record(take, out++));
		assert_int_equal(shared_ring_used(put), 0);
	}
	assert_int_equal(in, out);
	shared_ring_free(take);
	shared_ring_free(put);
}

static void full_is_full(void **state)
{
	struct shared_ring *put, *take;
	uint32_t in = 0;

	assert_int_equal(shared_ring_new(RING, &put), 0);
	assert_int_equal(shared_ring_map(shared_ring_fd(put), &take), 0);
	assert_null(shared_ring_reserve(put, RING));
	assert_null(shared_ring_reserve(put, SIZE_MAX / 2));
	while (put_record(put, in))
		in++;
	assert_true(take_record(take, 0));
	for (uint32_t out = 1; out < in; out++)
		assert_true(take_record(take, out));
	shared_ring_free(take);
	shared_ring_free(put);
}

static void __attribute__((noreturn)) take_all(int fd)
{
	struct shared_ring *take;

	if (shared_ring_map(fd, &take))
		_exit(2);
	for (uint32_t number = 0; number < RECORDS; number++) {
		while (!shared_ring_used(take))
			poll(NULL, 0, 0);
		if (!take_record(take, number))
			_exit(3);
	}
	_exit(0);
}

static void another_process_takes(void **state)
{
	struct shared_ring *put;
	int status;
	pid_t child;

	assert_int_equal(shared_ring_new(RING, &put), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		take_all(shared_ring_fd(put));
	for (uint32_t number = 0; number < RECORDS; number++) {
		while (!put_record(put, number) && !waitpid(child, &status, WNOHANG))
			poll(NULL, 0, 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	shared_ring_free(put);
}

/* Whatever it writes over its position and all else: nothing is put outside, nothing is read back. */
static void taker_lies(void **state)
{
	struct shared_ring *put;
	long page = sysconf(_SC_PAGESIZE);
	uint64_t *taken;

	assert_int_equal(shared_ring_new(RING, &put), 0);
	taken = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, shared_ring_fd(put),
		     0);
	assert_ptr_not_equal(taken, MAP_FAILED);
	assert_true(put_record(put, 1));
	for (uint64_t lie = 1; lie; lie <<= 1) {
		*taken = 0 - lie;
		(void)put_record(put, 2);
		*taken = lie;
		(void)put_record(put, 3);
		assert_in_range(shared_ring_used(put), 0, RING);
	}
	*taken = UINT64_MAX;
	assert_true(put_record(put, 4) || shared_ring_used(put) == RING);
	assert_int_not_equal(ftruncate(shared_ring_fd(put), 0), 0);
	munmap(taken, (size_t)page);
	shared_ring_free(put);
}

/* What is no ring is refused; a record longer than all that there is, is none. */
static void putter_lies(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = memfd_create("none", MFD_CLOEXEC);
	const uint32_t size = UINT32_MAX - 8;
	const uint64_t position = 64;
	struct shared_ring *take;
	size_t is;

	assert_true(fd >= 0);
	assert_int_equal(shared_ring_map(fd, &take), -EINVAL);
	assert_int_equal(ftruncate(fd, 3 * page + 1), 0);
	assert_int_equal(shared_ring_map(fd, &take), -EINVAL);
	assert_int_equal(ftruncate(fd, 3 * page), 0);
	assert_int_equal(pwrite(fd, &position, sizeof(position), page), sizeof(position));
	assert_int_equal(pwrite(fd, &size, sizeof(size), 2 * page), sizeof(size));
	assert_int_equal(shared_ring_map(fd, &take), 0);
	assert_null(shared_ring_next(take, &is));
	shared_ring_free(take);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_pass),		 cmocka_unit_test(full_is_full),
		cmocka_unit_test(another_process_takes), cmocka_unit_test(taker_lies),
		cmocka_unit_test(putter_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
