/* SPDX-License-Identifier: MIT */
/* ring.h: the budget, what is thinned and dropped, look-ups by number, and readers in threads. */
#include <errno.h>
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

#include "flow.h"
#include "ring.h"

#define READERS 3
#define STRESS_ROUNDS 1500
#define LARGEST 4000

/* One table for all: rows differ in number only. */
static struct flow_table *make_table(uint32_t count)
{
	struct flow_table_entry entry = {.previous_id = FLOW_TABLE_NO_ID};
	struct flow_table *table;
	uint32_t id;

	assert_int_equal(flow_table_new(1, &table), 0);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(entry.key.src, &i, sizeof(i));
		entry.key.ipproto = 6;
		entry.key.ethertype = 0x0800;
		entry.key.where = (uint8_t)(i & 1);
		assert_int_equal(flow_table_append(table, &entry, &id), 0);
	}
	return table;
}

/* A snapshot with totals equal to the sums of its rows. */
static struct snapshot *make(struct flow_table *table, uint64_t seq, size_t rows)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(rows, &snapshot), 0);
	snapshot->table = flow_table_ref(table);
	snapshot->era = table->era;
	snapshot->seq = seq;
	for (size_t i = 0; i < rows; i++) {
		snapshot->row[i] = (struct snapshot_row){
			.id = i, .delta_packets = 1, .delta_bytes = i, .packets = 2, .bytes = seq + i};
		snapshot->dir[i & 1].delta.bytes += i;
		snapshot->dir[i & 1].total.bytes += seq + i;
	}
	return snapshot;
}

/* Whether the rows still sum to the totals, whole or thinned. */
static bool closes(const struct snapshot *snapshot)
{
	uint64_t delta[FLOW_DIRS] = {0}, total[FLOW_DIRS] = {0};

	for (size_t i = 0; i < snapshot->count; i++) {
		delta[flow_key_dir(snapshot_key(snapshot, i))] += snapshot->row[i].delta_bytes;
		total[flow_key_dir(snapshot_key(snapshot, i))] += snapshot->row[i].bytes;
	}
	return delta[0] == snapshot->dir[0].delta.bytes && delta[1] == snapshot->dir[1].delta.bytes &&
	       total[0] == snapshot->dir[0].total.bytes && total[1] == snapshot->dir[1].total.bytes;
}

static void test_empty(void **state)
{
	struct snapshot *none[4];
	uint64_t oldest = 1, newest = 1;
	struct ring *ring;

	assert_int_equal(ring_new(1000, &ring), 0);
	assert_null(ring_latest(ring));
	assert_null(ring_at(ring, 1));
	assert_int_equal(ring_last(ring, 1, none, 4), 0);
	ring_range(ring, &oldest, &newest);
	assert_int_equal(oldest, 0);
	assert_int_equal(newest, 0);
	assert_int_equal(ring_bytes(ring), 0);
	assert_int_equal(ring_budget(ring), 1000);
	ring_free(ring);
	ring_free(NULL);
}

static bool fd_readable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

static bool readable(const struct ring *ring)
{
	return fd_readable(ring_event_fd(ring));
}

static void test_event(void **state)
{
	struct flow_table *table = make_table(1);
	struct ring *ring;

	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	assert_false(readable(ring));
	ring_clear_event(ring); /* does not block */
	for (uint64_t seq = 1; seq <= 3; seq++)
		ring_publish(ring, make(table, seq, 1));
	assert_true(readable(ring));
	assert_true(readable(ring));
	ring_clear_event(ring);
	assert_false(readable(ring));
	ring_publish(ring, make(table, 4, 1));
	assert_true(readable(ring));
	ring_free(ring);
	flow_table_unref(table);
}

/* Each reader has an event of its own; a notification is for the first reader alone. */
static void test_readers(void **state)
{
	struct flow_table *table = make_table(1);
	int fd[RING_READERS_MAX], extra = -7;
	struct ring *ring;
	uint64_t events;

	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	for (size_t i = 0; i < RING_READERS_MAX; i++)
		assert_int_equal(ring_add_reader(ring, &fd[i]), 0);
	assert_int_equal(ring_add_reader(ring, &extra), -ENOSPC);
	assert_int_equal(extra, -7);
	assert_false(fd_readable(fd[0]));
	ring_publish(ring, make(table, 1, 1));
	ring_clear_event(ring);
	for (size_t i = 0; i < RING_READERS_MAX; i++)
		assert_true(fd_readable(fd[i]));
	assert_int_equal(read(fd[0], &events, sizeof(events)), sizeof(events));
	assert_int_equal(read(fd[0], &events, sizeof(events)), -1); /* does not block */
	assert_false(fd_readable(fd[0]));
	assert_true(fd_readable(fd[1]));
	assert_false(readable(ring));
	ring_notify(ring);
	assert_true(readable(ring));
	assert_false(fd_readable(fd[0]));
	ring_free(ring);
	flow_table_unref(table);
}

static void expect_at(struct ring *ring, uint64_t seq, uint64_t want)
{
	struct snapshot *snapshot = ring_at(ring, seq);

	assert_non_null(snapshot);
	assert_int_equal(snapshot->seq, want);
	snapshot_unref(snapshot);
}

static void expect_last(struct ring *ring, uint64_t seq, size_t max, uint64_t newest, size_t count)
{
	struct snapshot *snapshots[64];

	assert_int_equal(ring_last(ring, seq, snapshots, max), count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(snapshots[i]->seq, newest - i);
		snapshot_unref(snapshots[i]);
	}
}

static void test_numbers(void **state)
{
	struct flow_table *table = make_table(10);
	uint64_t oldest, newest;
	struct ring *ring;

	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	for (uint64_t seq = 5; seq <= 24; seq++)
		ring_publish(ring, make(table, seq, 10));
	ring_range(ring, &oldest, &newest);
	assert_int_equal(oldest, 5);
	assert_int_equal(newest, 24);
	for (uint64_t seq = 5; seq <= 24; seq++)
		expect_at(ring, seq, seq);
	expect_at(ring, 0, 5);
	expect_at(ring, 4, 5);
	expect_at(ring, 25, 24);
	expect_at(ring, UINT64_MAX, 24);
	expect_last(ring, 24, 20, 24, 20);
	expect_last(ring, 24, 64, 24, 20);
	expect_last(ring, UINT64_MAX, 3, 24, 3);
	expect_last(ring, 10, 3, 10, 3);
	expect_last(ring, 6, 5, 6, 2);
	expect_last(ring, 1, 5, 5, 1);
	expect_last(ring, 24, 0, 24, 0);
	ring_free(ring);
	flow_table_unref(table);
}

/* More than RING_SNAPSHOTS_MAX, however small: the circle goes round. */
static void test_most_snapshots(void **state)
{
	struct flow_table *table = make_table(1);
	uint64_t oldest, newest;
	struct ring *ring;

	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	for (uint64_t seq = 1; seq <= RING_SNAPSHOTS_MAX + 700; seq++)
		ring_publish(ring, make(table, seq, 1));
	ring_range(ring, &oldest, &newest);
	assert_int_equal(newest, RING_SNAPSHOTS_MAX + 700);
	assert_int_equal(oldest, 701);
	expect_at(ring, 700, 701);
	expect_at(ring, 3601, 3601);
	expect_at(ring, newest, newest);
	ring_free(ring);
	flow_table_unref(table);
}

/* Every snapshot kept, oldest first: sums close, thin ones come before whole ones. */
static void expect_sound(struct ring *ring, uint64_t published)
{
	uint64_t oldest, newest;
	bool whole_seen = false;

	ring_range(ring, &oldest, &newest);
	assert_int_equal(newest, published);
	for (uint64_t seq = oldest; seq <= newest; seq++) {
		struct snapshot *snapshot = ring_at(ring, seq);

		assert_int_equal(snapshot->seq, seq);
		assert_true(closes(snapshot));
		if (snapshot->count >= 4 * RING_THIN_ROWS && !snapshot->thin)
			whole_seen = true;
		if (whole_seen)
			assert_false(snapshot->thin);
		if (seq == newest)
			assert_false(snapshot->thin);
		snapshot_unref(snapshot);
	}
}

static void test_budget(void **state)
{
	static const size_t budgets[] = {1, 100000, 1000000, 5000000};
	static const size_t sizes[] = {0, 10, 399, 400, 1000, LARGEST};
	struct flow_table *table = make_table(LARGEST);
	struct ring *ring;

	for (size_t b = 0; b < sizeof(budgets) / sizeof(budgets[0]); b++) {
		for (size_t s = 0; s <= sizeof(sizes) / sizeof(sizes[0]); s++) {
			assert_int_equal(ring_new(budgets[b], &ring), 0);
			for (uint64_t seq = 1; seq <= 100; seq++) {
				/* The last turn mixes all sizes. */
				size_t rows = s < 6 ? sizes[s] : sizes[(seq * 7) % 6];
				uint64_t oldest, newest;

				ring_publish(ring, make(table, seq, rows));
				ring_range(ring, &oldest, &newest);
				assert_true(ring_bytes(ring) <= budgets[b] || oldest == newest);
			}
			if (s < 6)
				expect_sound(ring, 100);
			ring_free(ring);
		}
	}
	flow_table_unref(table);
}

/* Interfaces that come and go with every snapshot are part of what it holds. */
static void test_budget_of_ifaces(void **state)
{
	struct flow_table *table = make_table(1);
	uint64_t oldest, newest;
	struct ring *ring;

	assert_int_equal(ring_new(1000000, &ring), 0);
	for (uint64_t seq = 1; seq <= 1000; seq++) {
		struct snapshot *snapshot = make(table, seq, 1);

		assert_int_equal(ifaces_new(FLOW_IFACES_MAX, &snapshot->ifaces), 0);
		ring_publish(ring, snapshot);
	}
	ring_range(ring, &oldest, &newest);
	assert_true((newest - oldest + 1) * FLOW_IFACES_MAX * sizeof(struct ifaces_entry) <
		    1000000);
	ring_free(ring);
	flow_table_unref(table);
}

/* The promise of the rewind: ten minutes of a thousand flows at one snapshot a second, and more. */
static void test_ten_minutes(void **state)
{
	struct flow_table *table = make_table(1000);
	uint64_t oldest, newest;
	struct snapshot *snapshot;
	struct ring *ring;

	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	for (uint64_t seq = 1; seq <= 1200; seq++)
		ring_publish(ring, make(table, seq, 1000));
	ring_range(ring, &oldest, &newest);
	assert_true(newest - oldest + 1 >= 600);
	/* What is older is thinned first, not dropped: history goes on growing. */
	assert_int_equal(oldest, 1);
	snapshot = ring_at(ring, 1);
	assert_true(snapshot->thin);
	snapshot_unref(snapshot);
	assert_true(ring_bytes(ring) <= RING_BUDGET_DEFAULT);
	expect_sound(ring, 1200);
	ring_free(ring);
	flow_table_unref(table);
}

/* A reader keeps what it holds, whole, long after the ring has dropped or thinned it. */
static void test_held_for_long(void **state)
{
	struct flow_table *table = make_table(1000);
	struct snapshot *held;
	struct ring *ring;

	assert_int_equal(ring_new(200000, &ring), 0);
	ring_publish(ring, make(table, 1, 1000));
	held = ring_latest(ring);
	for (uint64_t seq = 2; seq <= 500; seq++)
		ring_publish(ring, make(table, seq, 1000));
	assert_true(ring_bytes(ring) <= 200000);
	ring_free(ring);
	flow_table_unref(table);
	assert_int_equal(held->seq, 1);
	assert_int_equal(held->count, 1000);
	assert_false(held->thin);
	assert_int_equal(atomic_load(&held->references), 1);
	assert_true(closes(held));
	snapshot_unref(held);
}

struct stress {
	struct ring *ring;
	atomic_bool done;
	atomic_uint wrong;
	atomic_ulong looks;
};

static void stress_look(struct stress *stress, uint64_t *last)
{
	struct snapshot *snapshots[8], *latest = ring_latest(stress->ring);
	uint64_t oldest, newest;
	size_t count;

	if (!latest)
		return;
	stress->wrong += latest->seq < *last || !closes(latest);
	*last = latest->seq;
	ring_range(stress->ring, &oldest, &newest);
	stress->wrong += newest < latest->seq || oldest > newest;
	count = ring_last(stress->ring, (oldest + newest) / 2, snapshots, 8);
	for (size_t i = 0; i < count; i++)
		stress->wrong += !closes(snapshots[i]) ||
				 (i && snapshots[i]->seq + 1 != snapshots[i - 1]->seq);
	for (size_t i = 0; i < count; i++)
		snapshot_unref(snapshots[i]);
	snapshot_unref(ring_at(stress->ring, oldest));
	snapshot_unref(latest);
	stress->looks++;
}

static void *stress_read(void *arg)
{
	struct stress *stress = arg;
	uint64_t last = 0;

	while (!atomic_load(&stress->done)) {
		ring_clear_event(stress->ring);
		stress_look(stress, &last);
	}
	return NULL;
}

/* One writer with a growing table, three readers. For the thread sanitizer. */
static void test_threads(void **state)
{
	struct flow_table_entry entry = {.previous_id = FLOW_TABLE_NO_ID};
	struct flow_table *table = make_table(600);
	struct stress stress = {0};
	pthread_t reader[READERS];
	uint32_t id;

	assert_int_equal(ring_new(400000, &stress.ring), 0);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, stress_read, &stress), 0);
	for (uint64_t seq = 1; seq <= STRESS_ROUNDS; seq++) {
		entry.key.where = (uint8_t)(table->count & 1);
		assert_int_equal(flow_table_append(table, &entry, &id), 0);
		ring_publish(stress.ring, make(table, seq, seq % 2 ? 450 : id + 1));
	}
	atomic_store(&stress.done, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);
	assert_int_equal(atomic_load(&stress.wrong), 0);
	ring_free(stress.ring);
	assert_int_equal(atomic_load(&table->references), 1);
	flow_table_unref(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_most_snapshots),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_budget_of_ifaces),
		cmocka_unit_test(test_ten_minutes),
		cmocka_unit_test(test_held_for_long),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
