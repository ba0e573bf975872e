/* SPDX-License-Identifier: MIT */
/*
 * Many maps put into an array of maps: in one call where the kernel has batches of such maps, else in
 * waits that are made at the same time, and one after the other where no thread can be started.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <bpf/bpf.h>

#include "outer.h"

#define PLACES	   (OUTER_THREADS * 2U)
#define PATIENCE_S 60

static struct {
	bool batches, threads;
	uint32_t together; /* calls that wait for each other */
	uint32_t refused;  /* the kernel takes no map in this place; PLACES: it takes them all */
	uint32_t calls;	   /* atomic */
	bool alone;	   /* a call has waited for the others in vain */
} kernel;

int __real_bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
				const struct bpf_map_batch_opts *opts);
int __wrap_bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
				const struct bpf_map_batch_opts *opts);
int __real_bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags);
int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg);

int __wrap_bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
				const struct bpf_map_batch_opts *opts)
{
	return kernel.batches ? __real_bpf_map_update_batch(fd, keys, values, count, opts)
			      : -ENOTSUP;
}

/* Returns when so many calls have been made as are to be made at the same time. */
int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	const time_t end = time(NULL) + PATIENCE_S;

	__atomic_add_fetch(&kernel.calls, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&kernel.calls, __ATOMIC_SEQ_CST) < kernel.together) {
		if (time(NULL) > end)
			__atomic_store_n(&kernel.alone, true, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&kernel.alone, __ATOMIC_SEQ_CST))
			break;
		sched_yield();
	}
	if (*(const uint32_t *)key == kernel.refused)
		return -ENOMEM;
	return __real_bpf_map_update_elem(fd, key, value, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg)
{
	return kernel.threads ? __real_pthread_create(thread, attributes, start, arg) : EPERM;
}

static int new_inner(void)
{
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "inner", sizeof(uint32_t), sizeof(uint64_t), 1,
			      NULL);
}

static uint32_t id_of(int fd)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	return info.id;
}

/* The identifier of the map in a place; 0: none. */
static uint32_t id_at(int outer_fd, uint32_t index)
{
	uint32_t id = 0;

	return bpf_map_lookup_elem(outer_fd, &index, &id) ? 0 : id;
}

/* Fills the places of a new outer map, from the last to the first. */
static void put_and_look(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	uint32_t index[PLACES], i;
	int fd[PLACES], err[PLACES], outer_fd;

	for (i = 0; i < PLACES; i++) {
		index[i] = PLACES - 1 - i;
		fd[i] = new_inner();
		assert_true(fd[i] >= 0);
		err[i] = 1;
	}
	options.inner_map_fd = (__u32)fd[0];
	outer_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "outer", sizeof(uint32_t),
				  sizeof(uint32_t), PLACES, &options);
	assert_true(outer_fd >= 0);
	kernel.calls = 0;
	outer_put(outer_fd, index, fd, err, PLACES);
	for (i = 0; i < PLACES; i++) {
		assert_int_equal(err[i], index[i] == kernel.refused ? -ENOMEM : 0);
		assert_int_equal(id_at(outer_fd, index[i]), err[i] ? 0 : id_of(fd[i]));
		close(fd[i]);
	}
	close(outer_fd);
}

static void test_batch(void **state)
{
	int fd = new_inner(), err = 1;
	uint32_t index = 0;

	(void)state;
	/* A kernel without batches of such maps has the other tests. */
	kernel = (typeof(kernel)){.batches = true, .threads = true, .refused = PLACES};
	put_and_look();
	assert_true(kernel.calls == 0 || kernel.calls == PLACES);
	outer_put(fd, &index, &fd, &err, 0);
	assert_int_equal(err, 1);
	close(fd);
}

static void test_at_the_same_time(void **state)
{
	(void)state;
	kernel = (typeof(kernel)){.threads = true, .together = OUTER_THREADS, .refused = PLACES};
	put_and_look();
	assert_int_equal(kernel.calls, PLACES);
	assert_false(kernel.alone);
}

static void test_without_threads(void **state)
{
	(void)state;
	kernel = (typeof(kernel)){.refused = PLACES};
	put_and_look();
	assert_int_equal(kernel.calls, PLACES);
}

/* One that is refused leaves the others in place. */
static void test_refused(void **state)
{
	(void)state;
	kernel = (typeof(kernel)){.threads = true, .refused = 3};
	put_and_look();
	kernel.threads = false;
	put_and_look();
}

static bool cannot_run(void)
{
	int fd = new_inner();

	if (fd >= 0)
		close(fd);
	if (fd != -EPERM && fd != -EACCES && fd != -ENOSYS)
		return false;
	fprintf(stderr, "skipped: needs BPF: %s\n", strerror(-fd));
	return true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_at_the_same_time),
		cmocka_unit_test(test_without_threads),
		cmocka_unit_test(test_refused),
	};

	if (cannot_run())
		return 77;
	return cmocka_run_group_tests_name("outer", tests, NULL, NULL);
}
