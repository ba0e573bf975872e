/* SPDX-License-Identifier: MIT */
/* publisher.h: when the last snapshot is published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "publisher.h"
#include "wait.h"

#define SECOND 1000000000ULL

/* What an output was told. */
struct told {
	atomic_uint published, finished, looked;
	_Atomic uint64_t last; /* number of the snapshot */
};

static int take_change(void *output, const struct change *change)
{
	struct told *told = output;

	told->last = change->now->seq;
	told->published++;
	return 0;
}

static int take_end(void *output, const struct snapshot *last)
{
	struct told *told = output;

	assert_non_null(last);
	told->finished++;
	return 0;
}

/* Called each time the thread has woken up, before it looks for a snapshot. */
static void look(void *output)
{
	struct told *told = output;

	told->looked++;
}

static void nothing(void *context)
{
}

static void hear(void *context, enum publisher_news news, int err)
{
}

static void publish(struct ring *ring, uint64_t seq, enum snapshot_state state)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(0, &snapshot), 0);
	assert_int_equal(flow_table_new(1, &snapshot->table), 0);
	snapshot->era = 1;
	snapshot->seq = seq;
	snapshot->running_ns = seq * SECOND;
	snapshot->elapsed_ns = SECOND;
	snapshot->state = state;
	ring_publish(ring, snapshot);
}

static bool reaches(const atomic_uint *count, unsigned int wanted)
{
	for (int i = 0; i < 6000; i++) {
		if (*count >= wanted)
			return true;
		usleep(10000);
	}
	return false;
}

/* The end is not published before everybody has told what is known of it. */
static void final_waits(bool each)
{
	struct told told = {0};
	struct publisher_options options = {
		.each = each,
		.publish = take_change,
		.finish = take_end,
		.output = &told,
		.extra = look,
		.on_thread = nothing,
		.say = hear,
	};
	struct publisher *publisher;
	unsigned int looked;

	assert_int_equal(ring_new(1 << 20, &options.ring), 0);
	options.extra_fd = wait_new_event();
	assert_true(options.extra_fd >= 0);
	assert_int_equal(publisher_new(&options, &publisher), 0);
	assert_int_equal(publisher_start(publisher), 0);
	publish(options.ring, 1, SNAPSHOT_LIVE);
	assert_true(reaches(&told.published, 1));
	publish(options.ring, 2, SNAPSHOT_FINAL);
	looked = told.looked;
	/* Of the first look that follows it is not known whether it came after the snapshot. */
	assert_true(reaches(&told.looked, looked + 3));
	assert_int_equal(told.published, 1);
	publisher_finish(publisher);
	assert_int_equal(told.published, 2);
	assert_int_equal(told.last, 2);
	assert_int_equal(told.finished, 1);
	publisher_free(publisher);
	close(options.extra_fd);
	ring_free(options.ring);
}

static void test_final_waits(void **state)
{
	final_waits(false);
}

static void test_final_waits_each(void **state)
{
	final_waits(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_final_waits),
		cmocka_unit_test(test_final_waits_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
