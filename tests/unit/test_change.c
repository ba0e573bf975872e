/* SPDX-License-Identifier: MIT */
/*
 * change.h: whatever snapshots a reader skips, and whatever the ledger folds meanwhile, deltas add up
 * to what was counted; and what the idle log no longer knows is in the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "change.h"
#include "ledger.h"

#define SECOND	1000000000LL
#define KEYS	4000
#define SLOTS	4
#define RETIRED 2 /* slot that is given away now and then */

struct run {
	struct ledger *ledger;
	struct change_keeper *keeper;
	uint32_t seed;
	uint64_t seconds;
	struct flow_counts counted[FLOW_DIRS], written[FLOW_DIRS], rest[FLOW_DIRS];
	struct flow_counts by_key[KEYS];
	size_t ended;
};

static uint32_t roll(struct run *run, uint32_t below)
{
	run->seed = run->seed * 1664525 + 1013904223;
	return (run->seed >> 8) % below;
}

static struct flow_key key_of(uint32_t number)
{
	struct flow_key key = {
		.src = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1},
		.dst = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 2},
		.sport = (uint16_t)number,
		.dport = 443,
		.ethertype = 0x0800,
		.ipproto = number % 3 ? 6 : 17,
		.where = FLOW_WHERE(number % SLOTS, number / SLOTS % FLOW_DIRS),
	};

	return key;
}

static void count(struct run *run, uint32_t number)
{
	const struct flow_key key = key_of(number);
	uint64_t packets = 1 + roll(run, 9);

	ledger_add(run->ledger, &key, packets, packets * 100);
	run->counted[flow_key_dir(&key)].packets += packets;
	run->counted[flow_key_dir(&key)].bytes += packets * 100;
}

/* An interval of up to `most` flows out of `keys`; the snapshot is the caller's. */
static struct snapshot *pass_second(struct run *run, uint32_t most, uint32_t keys)
{
	const bool gone[FLOW_IFACES_MAX] = {[RETIRED] = true};
	int64_t wall_ns = (int64_t)++run->seconds * SECOND;
	struct snapshot *snapshot;

	ledger_begin(run->ledger, wall_ns - SECOND, wall_ns);
	for (uint32_t i = roll(run, most); i-- > 0;)
		count(run, roll(run, keys));
	if (roll(run, 20) == 0)
		ledger_retire(run->ledger, gone);
	assert_int_equal(ledger_snapshot(run->ledger, (uint64_t)wall_ns, &snapshot), 0);
	snapshot->running_ns = (uint64_t)wall_ns;
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		snapshot->dir[dir].total = run->counted[dir];
	return snapshot;
}

static void take(struct run *run, struct snapshot *snapshot)
{
	const struct change *change;
	uint32_t active = 0;

	assert_int_equal(change_take(run->keeper, snapshot, &change), 0);
	for (size_t i = 0; i < change->count; i++) {
		const struct changed_flow *flow = &change->flow[i];

		assert_true(flow->delta.packets || flow->ended || flow_key_sum(&flow->key));
		flow_counts_add(&run->written[flow_key_dir(&flow->key)], &flow->delta);
		if (flow_key_sum(&flow->key) == FLOW_SUM_NONE)
			flow_counts_add(&run->by_key[flow->key.sport], &flow->delta);
		run->ended += flow->ended;
		active += flow->delta.packets && flow_key_sum(&flow->key) == FLOW_SUM_NONE;
	}
	assert_int_equal(change->active, active);
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		flow_counts_add(&run->rest[dir], &change->rest[dir]);
		flow_counts_add(&run->written[dir], &change->rest[dir]);
	}
	assert_memory_equal(run->written, run->counted, sizeof(run->written));
}

static void run_begin(struct run *run, size_t max_flows, uint32_t seed)
{
	*run = (struct run){.seed = seed};
	assert_int_equal(ledger_new(max_flows, 3 * SECOND, &run->ledger), 0);
	assert_int_equal(ledger_log_idle(run->ledger), 0);
	assert_int_equal(change_keeper_new(&run->keeper), 0);
}

static void run_end(struct run *run)
{
	change_keeper_free(run->keeper);
	ledger_free(run->ledger);
}

/* So many seconds, read after each, or after up to `skip` of them. */
static void pass_time(struct run *run, int seconds, uint32_t most, uint32_t keys, uint32_t skip)
{
	for (int i = 1; i <= seconds; i++) {
		struct snapshot *snapshot = pass_second(run, most, keys);

		if (i == seconds || roll(run, skip) == 0)
			take(run, snapshot);
		snapshot_unref(snapshot);
	}
}

/* Nothing is folded but what was on the slot given away. */
static void test_every_flow(void **state)
{
	static struct run run;

	for (uint32_t skip = 1; skip < 20; skip += 6) {
		run_begin(&run, 1 << 16, skip);
		pass_time(&run, 400, 100, KEYS, skip);
		assert_true(run.ended > 100);
		for (size_t i = 0; i < ledger_count(run.ledger); i++) {
			const struct ledger_flow *flow = ledger_get(run.ledger, i);

			if (flow_key_sum(&flow->key) == FLOW_SUM_NONE &&
			    flow_key_slot(&flow->key) != RETIRED)
				assert_memory_equal(&flow->total, &run.by_key[flow->key.sport],
						    sizeof(flow->total));
		}
		assert_int_equal(run.rest[FLOW_IN].packets + run.rest[FLOW_OUT].packets, 0);
		run_end(&run);
	}
}

/* A full ledger folds all the time; also with more active flows than it has room for. */
static void test_folded(void **state)
{
	static struct run run;

	for (uint32_t seed = 1; seed < 9; seed++) {
		run_begin(&run, LEDGER_FLOWS_MIN, seed);
		pass_time(&run, 400, seed % 2 ? 150 : 900, KEYS, 1 + 3 * (seed % 4));
		assert_int_equal(run.rest[FLOW_IN].packets + run.rest[FLOW_OUT].packets, 0);
		run_end(&run);
	}
}

/* More events than the log keeps: a reader that far behind gets sums. */
static void test_behind(void **state)
{
	static struct run run;

	run_begin(&run, 1 << 12, 3);
	pass_time(&run, 5, 500, KEYS, 1);
	/* Every flow goes idle and becomes active again, some hundred times. */
	while (run.seconds < 5 * (2 * IDLE_LOG_EVENTS / 2000)) {
		for (int i = 0; i < 4; i++)
			snapshot_unref(pass_second(&run, 1, KEYS));
		snapshot_unref(pass_second(&run, 12000, KEYS));
	}
	pass_time(&run, 1, 500, KEYS, 1);
	assert_true(run.rest[FLOW_IN].packets + run.rest[FLOW_OUT].packets > 0);
	run.rest[FLOW_IN].packets = run.rest[FLOW_OUT].packets = 0;
	pass_time(&run, 50, 500, KEYS, 5);
	assert_int_equal(run.rest[FLOW_IN].packets + run.rest[FLOW_OUT].packets, 0);
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_flow),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
