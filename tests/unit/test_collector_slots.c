/* SPDX-License-Identifier: MIT */
/* collector.h over a source with interfaces that give up their slots: what happens to their counts. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "collector_bench.h"
#include "flow.h"

#define SLOT	 3

static void feed(struct bench *bench, uint64_t packets)
{
	struct flow_key key = {.sport = 1,
			       .dport = 53,
			       .ethertype = 0x0800,
			       .ipproto = 17,
			       .where = FLOW_WHERE(SLOT, FLOW_OUT)};

	fake_source_feed(bench->fake, &key, packets, packets * 100);
}

static void wait_given_up(struct bench *bench, unsigned int follows)
{
	uint64_t limit_ns = clock_mono_ns() + LIMIT_NS;

	while (fake_source_follows(bench->fake) < follows && clock_mono_ns() < limit_ns)
		poll(NULL, 0, 1);
	assert_true(fake_source_follows(bench->fake) >= follows);
}

/* The row there is of the slot, and the one it became; 0 packets: none. */
static void expect(const struct bench *bench, const struct snapshot *last, uint64_t on_slot,
		   uint64_t gone)
{
	uint64_t packets[2] = {0};

	for (size_t i = 0; i < ledger_count(bench->ledger); i++) {
		const struct ledger_flow *flow = ledger_get(bench->ledger, i);
		bool is_sum = flow_key_sum(&flow->key) == FLOW_SUM_GONE;

		assert_int_equal(flow_key_slot(&flow->key), is_sum ? FLOW_SLOT_GONE : SLOT);
		assert_int_equal(flow_key_dir(&flow->key), FLOW_OUT);
		packets[is_sum] += flow->total.packets;
	}
	assert_int_equal(packets[0], on_slot);
	assert_int_equal(packets[1], gone);
	assert_int_equal(last->health.gone.packets, gone);
	assert_int_equal(last->health.flows_gone, gone != 0);
	assert_int_equal(last->health.rows.packets, on_slot + gone);
	assert_int_equal(last->dir[FLOW_OUT].total.packets, on_slot + gone);
}

/* Another one waits: what is still in the kernel is drained first, and is in the interval's rows. */
static void test_at_once(void **state)
{
	struct bench bench = bench_start(NEVER);
	struct snapshot *last;
	uint64_t delta = 0;

	feed(&bench, 7);
	fake_source_free_slot(bench.fake, SLOT, true);
	fake_source_say(bench.fake, false);
	wait_given_up(&bench, 1); /* the waiting one gets the slot */
	feed(&bench, 4);
	last = bench_stop(&bench);
	expect(&bench, last, 4, 7);
	for (size_t i = 0; i < last->count; i++)
		delta += last->row[i].delta_packets;
	assert_int_equal(delta, 11);
	assert_int_equal(last->dir[FLOW_OUT].delta.packets, 11);
	snapshot_unref(last);
	bench_done(&bench);
}

/* Nobody waits: it is done between two intervals, and no row of any snapshot tells of it. */
static void test_in_time(void **state)
{
	struct bench bench = bench_start(10 * MS);
	struct snapshot *held[256], *last;
	uint64_t limit_ns = clock_mono_ns() + LIMIT_NS;
	size_t count;

	feed(&bench, 7);
	fake_source_free_slot(bench.fake, SLOT, false);
	do {
		poll(NULL, 0, 1);
		last = ring_latest(bench.ring);
		count = last->health.flows_gone;
		snapshot_unref(last);
	} while (!count && clock_mono_ns() < limit_ns);
	assert_int_equal(fake_source_follows(bench.fake), 0);
	last = bench_stop(&bench);
	expect(&bench, last, 0, 7);
	count = ring_last(bench.ring, last->seq, held, 256);
	while (count-- > 0) {
		for (size_t i = 0; i < held[count]->count; i++)
			assert_int_equal(flow_key_sum(snapshot_key(held[count], i)), FLOW_SUM_NONE);
		snapshot_unref(held[count]);
	}
	snapshot_unref(last);
	bench_done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
