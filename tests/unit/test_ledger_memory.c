/* SPDX-License-Identifier: MIT */
/*
 * The ledger, snapshots and the ring when memory is short: the same traffic again and again, each
 * time with another allocation failing, alone or with those behind it. Nothing counted may be lost.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "ledger.h"
#include "ring.h"

#define SECOND 1000000000LL

/* Allocations made so far, and the numbers of those that fail: [from, to). */
static struct {
	unsigned long made, from, to;
} heap;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static int heap_fails(void)
{
	unsigned long number = heap.made++;

	return number >= heap.from && number < heap.to;
}

void *__wrap_malloc(size_t size)
{
	return heap_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return heap_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return heap_fails() ? NULL : __real_realloc(memory, size);
}

struct run {
	struct ledger *ledger;
	struct ring *ring;
	struct flow_counts all;      /* everything added */
	struct flow_counts in_delta; /* since the last snapshot */
	uint64_t seq;
	bool exact; /* no allocation fails */
	bool eras;  /* so much traffic that a new era begins */
};

static struct flow_key key_of(uint32_t flow)
{
	struct flow_key key = {.dport = 53, .ethertype = 0x0800, .ipproto = flow % 2 ? 17 : 6};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	memcpy(&key.src[12], &flow, sizeof(flow));
	key.where = FLOW_WHERE(flow / 4 % 3, flow / 2 % FLOW_DIRS);
	return key;
}

static void run_add(struct run *run, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		struct flow_key key = key_of(i);

		ledger_add(run->ledger, &key, 1, 100 + i);
		run->all.packets++;
		run->all.bytes += 100 + i;
		run->in_delta.packets++;
		run->in_delta.bytes += 100 + i;
	}
}

/* The row is that of the flow its key names. */
static void expect_row(const struct snapshot *snapshot, size_t i)
{
	const struct flow_key *key = snapshot_key(snapshot, i);
	const struct snapshot_row *row = &snapshot->row[i];
	uint32_t flow;

	if (flow_key_sum(key))
		return;
	memcpy(&flow, &key->src[12], sizeof(flow));
	assert_int_equal(row->bytes, row->packets * (100 + flow));
	assert_int_equal(row->delta_bytes, row->delta_packets * (100 + flow));
}

static int add_idle(void *context, const struct idle_flow *flow, uint32_t place, int sign)
{
	struct flow_counts *sum = context;

	sum->packets += flow->total.packets;
	sum->bytes += flow->total.bytes;
	return 0;
}

/* Every flow is either in a row or idle. */
static void expect_whole(const struct run *run, const struct snapshot *snapshot)
{
	struct flow_counts sum = {0}, total = ledger_total(run->ledger);

	assert_int_equal(idle_log_all(snapshot->idle, &snapshot->idle_at, add_idle, &sum), 0);
	for (size_t i = 0; i < snapshot->count; i++) {
		sum.packets += snapshot->row[i].packets;
		sum.bytes += snapshot->row[i].bytes;
	}
	assert_int_equal(sum.packets, total.packets);
	assert_int_equal(sum.bytes, total.bytes);
}

/* Deltas may fall short only by what waits for its "aged" row, whatever came before. */
static void run_snapshot(struct run *run, uint64_t second)
{
	struct flow_counts delta = {0};
	struct snapshot *snapshot;
	int err = ledger_snapshot(run->ledger, second * SECOND, &snapshot);

	if (err) {
		assert_int_equal(err, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < snapshot->count; i++) {
		delta.packets += snapshot->row[i].delta_packets;
		delta.bytes += snapshot->row[i].delta_bytes;
		expect_row(snapshot, i);
		if (i)
			assert_true(snapshot->row[i - 1].id < snapshot->row[i].id);
	}
	expect_whole(run, snapshot);
	assert_true(delta.packets <= run->in_delta.packets);
	if (run->exact)
		assert_int_equal(delta.bytes, run->in_delta.bytes);
	run->in_delta = (struct flow_counts){0};
	snapshot->seq = ++run->seq;
	ring_publish(run->ring, snapshot);
}

/*
 * Traffic that makes every kind of allocation: chunks, a larger index, recent flows, the table of
 * another era, a fold at the bound, thinned snapshots, slots that get another interface.
 */
static void run_traffic(struct run *run, size_t flows)
{
	static const bool retired[FLOW_IFACES_MAX] = {[1] = true};
	uint64_t second;

	for (second = 1; second <= 8; second++) {
		ledger_begin(run->ledger, (int64_t)(second - 1) * SECOND,
			     (int64_t)second * SECOND);
		run_add(run, second % 4 ? (uint32_t)(second * flows) : 0, (uint32_t)flows);
		if (second % 3 == 0)
			ledger_retire(run->ledger, retired);
		run_snapshot(run, second);
	}
}

/* After memory has come back: one more snapshot, and everything is there. */
static void run_recover(struct run *run)
{
	struct flow_counts total;
	struct snapshot *last;

	heap.from = heap.to = 0;
	ledger_begin(run->ledger, 20 * SECOND, 21 * SECOND);
	run_add(run, 0, 10);
	run_snapshot(run, 21);
	total = ledger_total(run->ledger);
	assert_int_equal(total.packets, run->all.packets);
	assert_int_equal(total.bytes, run->all.bytes);
	last = ring_latest(run->ring);
	assert_int_equal(last->seq, run->seq);
	if (run->eras)
		assert_true(last->era > 1);
	snapshot_unref(last);
}

/* Returns how many allocations the traffic made. */
static unsigned long run_once(size_t max_flows, size_t flows, unsigned long from, unsigned long to)
{
	struct run run = {.exact = from == to, .eras = from == to && flows >= 1500};
	unsigned long made;

	heap.made = 0;
	heap.from = heap.to = 0;
	assert_int_equal(ledger_new(max_flows, SECOND, &run.ledger), 0);
	assert_int_equal(ledger_log_idle(run.ledger), 0);
	assert_int_equal(ring_new(30000, &run.ring), 0);
	heap.made = 0;
	heap.from = from;
	heap.to = to;
	run_traffic(&run, flows);
	made = heap.made;
	run_recover(&run);
	ledger_free(run.ledger);
	ring_free(run.ring);
	return made;
}

static void run_all(size_t max_flows, size_t flows)
{
	unsigned long count = run_once(max_flows, flows, 0, 0);

	print_message("%lu allocations\n", count);
	assert_true(count > 8);
	for (unsigned long i = 0; i < count; i++)
		run_once(max_flows, flows, i, i + (i % 5 ? 1 : 9));
	run_once(max_flows, flows, 0, ULONG_MAX);
}

static void test_unbounded(void **state)
{
	run_all(LEDGER_FLOWS_MAX, 1500);
}

static void test_at_the_bound(void **state)
{
	run_all(LEDGER_FLOWS_MIN, 200);
}

static void test_all_active_at_the_bound(void **state)
{
	run_all(LEDGER_FLOWS_MIN, 400);
}

/* Making the objects: an error, nothing left behind, the result untouched. */
static void test_new(void **state)
{
	struct ledger *ledger = NULL;
	struct ring *ring = NULL;
	unsigned long i;
	int err;

	for (i = 0;; i++) {
		heap.made = 0;
		heap.from = i;
		heap.to = i + 1;
		err = ledger_new(LEDGER_FLOWS_DEFAULT, SECOND, &ledger);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_null(ledger);
	}
	assert_true(i >= 3);
	ledger_free(ledger);
	heap.made = heap.from = 0;
	heap.to = 1;
	assert_int_equal(ring_new(1000, &ring), -ENOMEM);
	assert_null(ring);
	heap.to = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unbounded),
		cmocka_unit_test(test_at_the_bound),
		cmocka_unit_test(test_all_active_at_the_bound),
		cmocka_unit_test(test_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
