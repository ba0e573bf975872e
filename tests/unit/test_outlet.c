/* SPDX-License-Identifier: MIT */
/* outlet.h with real pipes: after the end no reader makes a stream wait without bound. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "outlet.h"
#include "wait.h"

#define FAR_NS	  3600000000000ULL
#define NEAR_NS	  300000000ULL
#define TEXT_SIZE (64UL << 20)

struct bed {
	struct outlet outlet;
	int read_fd;
	unsigned int stuck;
	char *text;
	/* A reader that takes a block now and then. */
	pthread_t thread;
	atomic_bool done;
	atomic_ulong taken;
};

static void note_stuck(void *context, int err)
{
	struct bed *bed = context;

	bed->stuck += err != 0;
}

static void bed_init(struct bed *bed, uint64_t grace_ns, uint64_t grace_all_ns)
{
	int fd[2];

	memset(bed, 0, sizeof(*bed));
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	bed->read_fd = fd[0];
	bed->text = calloc(1, TEXT_SIZE);
	assert_non_null(bed->text);
	bed->outlet = (struct outlet){.fd = fd[1],
				      .owned = true,
				      .stop_fd = wait_new_event(),
				      .stuck = note_stuck,
				      .context = bed,
				      .grace_ns = grace_ns,
				      .grace_all_ns = grace_all_ns};
	atomic_init(&bed->outlet.next_fd, -1);
	assert_true(bed->outlet.stop_fd >= 0);
}

static void bed_done(struct bed *bed)
{
	outlet_close(&bed->outlet);
	close(bed->outlet.stop_fd);
	close(bed->read_fd);
	free(bed->text);
}

/* 4,096 bytes each 10 ms: for all of the text nearly three minutes. */
static void *read_slowly(void *arg)
{
	struct bed *bed = arg;
	char block[4096];

	while (!atomic_load(&bed->done)) {
		ssize_t got;

		poll(NULL, 0, 10);
		got = read(bed->read_fd, block, sizeof(block));
		if (got <= 0)
			break;
		atomic_fetch_add(&bed->taken, (unsigned long)got);
	}
	return NULL;
}

static int write_to_slow_reader(struct bed *bed)
{
	int err;

	assert_int_equal(pthread_create(&bed->thread, NULL, read_slowly, bed), 0);
	err = outlet_write(&bed->outlet, bed->text, TEXT_SIZE);
	atomic_store(&bed->done, true);
	outlet_close(&bed->outlet); /* ends a read */
	pthread_join(bed->thread, NULL);
	assert_true(atomic_load(&bed->taken) < TEXT_SIZE);
	return err;
}

/* A reader that always takes something is not waited for longer than all may take. */
static void test_slow_reader(void **state)
{
	struct bed bed;

	bed_init(&bed, FAR_NS, NEAR_NS);
	wait_signal_event(bed.outlet.stop_fd);
	assert_int_equal(write_to_slow_reader(&bed), -ETIME);
	bed_done(&bed);
}

static void *end_soon(void *arg)
{
	struct bed *bed = arg;

	while (atomic_load(&bed->taken) < 20000)
		poll(NULL, 0, 1);
	wait_signal_event(bed->outlet.stop_fd);
	return NULL;
}

/* The same when the end comes in the middle. */
static void test_end_comes_later(void **state)
{
	pthread_t ender;
	struct bed bed;

	bed_init(&bed, FAR_NS, NEAR_NS);
	assert_int_equal(pthread_create(&ender, NULL, end_soon, &bed), 0);
	assert_int_equal(write_to_slow_reader(&bed), -ETIME);
	pthread_join(ender, NULL);
	bed_done(&bed);
}

/* One that takes nothing is waited for less long. */
static void test_no_reader(void **state)
{
	struct bed bed;

	bed_init(&bed, NEAR_NS, FAR_NS);
	wait_signal_event(bed.outlet.stop_fd);
	assert_int_equal(outlet_write(&bed.outlet, bed.text, TEXT_SIZE), -ETIMEDOUT);
	bed_done(&bed);
}

/* What is taken in time is all there. */
static void test_reader_in_time(void **state)
{
	struct bed bed;

	bed_init(&bed, FAR_NS, FAR_NS);
	wait_signal_event(bed.outlet.stop_fd);
	assert_int_equal(pthread_create(&bed.thread, NULL, read_slowly, &bed), 0);
	assert_int_equal(outlet_write(&bed.outlet, bed.text, 200000), 0);
	outlet_close(&bed.outlet);
	pthread_join(bed.thread, NULL);
	assert_int_equal(atomic_load(&bed.taken), 200000);
	bed_done(&bed);
}

/* A disk that is full until the end: it is said, and that is the error. */
static void test_full_disk(void **state)
{
	struct bed bed;

	bed_init(&bed, NEAR_NS, FAR_NS);
	close(bed.outlet.fd);
	bed.outlet.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (bed.outlet.fd < 0)
		skip();
	wait_signal_event(bed.outlet.stop_fd);
	assert_int_equal(outlet_write(&bed.outlet, bed.text, 100), -ENOSPC);
	assert_int_equal(bed.stuck, 1);
	bed_done(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_reader),    cmocka_unit_test(test_end_comes_later),
		cmocka_unit_test(test_no_reader),      cmocka_unit_test(test_reader_in_time),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
