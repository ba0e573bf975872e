/* SPDX-License-Identifier: MIT */
/*
 * ledger.h against a model that just adds: random traffic over many seeds, at a bound that is never
 * reached and at one that always is. Then the cases chance does not hit often enough.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "flow.h"
#include "ledger.h"

#define SECOND 1000000000LL
#define FLOWS 3000
#define KEEP_S 3
#define SEEDS 40

/* What is expected of one flow. */
struct model_flow {
	struct flow_counts total, delta;
	int64_t first_wall_ns, last_wall_ns;
	uint64_t active_mono_ns;
};

struct model {
	struct ledger *ledger;
	struct snapshot *before; /* a reference to the last snapshot */
	struct flow_counts all;
	struct flow_counts delta;
	uint64_t now_s;
	uint32_t seed;
	uint32_t eras;
	bool bounded; /* flows may be folded */
	struct model_flow flow[FLOWS];
};

static uint32_t draw(struct model *model)
{
	model->seed ^= model->seed << 13;
	model->seed ^= model->seed >> 17;
	model->seed ^= model->seed << 5;
	return model->seed;
}

static struct flow_key key_of(uint32_t flow)
{
	struct flow_key key = {.sport = (uint16_t)flow, .dport = 53, .ethertype = 0x0800};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[12] = 10;
	key.ipproto = flow % 3 ? 17 : 6;
	key.where = flow % FLOW_DIRS;
	return key;
}

static struct model *model_new(size_t max_flows, uint32_t seed)
{
	struct model *model = calloc(1, sizeof(*model));

	assert_non_null(model);
	assert_int_equal(ledger_new(max_flows, KEEP_S * SECOND, &model->ledger), 0);
	model->seed = seed;
	model->now_s = 100;
	model->bounded = max_flows < FLOWS;
	return model;
}

static void model_free(struct model *model)
{
	ledger_free(model->ledger);
	snapshot_unref(model->before);
	free(model);
}

/* Begins the next interval: a second, or more. */
static void model_begin(struct model *model, uint64_t seconds)
{
	int64_t from = (int64_t)model->now_s * SECOND;

	model->now_s += seconds;
	ledger_begin(model->ledger, from, (int64_t)model->now_s * SECOND);
	model->delta = (struct flow_counts){0};
}

static void model_add(struct model *model, uint32_t flow, uint64_t packets, uint64_t bytes)
{
	struct model_flow *expected = &model->flow[flow];
	struct flow_key key = key_of(flow);

	ledger_add(model->ledger, &key, packets, bytes);
	if (!expected->total.packets)
		expected->first_wall_ns = (int64_t)(model->now_s - 1) * SECOND;
	expected->last_wall_ns = (int64_t)model->now_s * SECOND;
	expected->active_mono_ns = model->now_s * SECOND;
	expected->total.packets += packets;
	expected->total.bytes += bytes;
	expected->delta.packets += packets;
	expected->delta.bytes += bytes;
	model->delta.packets += packets;
	model->delta.bytes += bytes;
	model->all.packets += packets;
	model->all.bytes += bytes;
}

/* The flow continued in another era: its place in the previous era leads to the same key. */
static void expect_chain(const struct model *model, const struct flow_table_entry *entry)
{
	const struct flow_table *old = model->before->table;

	if (entry->previous_id == FLOW_TABLE_NO_ID)
		return;
	assert_true(entry->previous_id < old->count);
	assert_memory_equal(&flow_table_get(old, entry->previous_id)->key, &entry->key,
			    sizeof(entry->key));
}

/* One row of a real flow. */
static void expect_row(struct model *model, const struct snapshot *snapshot, size_t i)
{
	const struct flow_table_entry *entry = snapshot_entry(snapshot, i);
	const struct snapshot_row *row = &snapshot->row[i];
	struct model_flow *expected = &model->flow[entry->key.sport];

	assert_int_equal(row->delta_packets, expected->delta.packets);
	assert_int_equal(row->delta_bytes, expected->delta.bytes);
	if (model->before && snapshot->era != model->before->era) {
		expect_chain(model, entry);
		/* It was a row then, so it must be found. */
		if (!expected->delta.packets)
			assert_int_not_equal(entry->previous_id, FLOW_TABLE_NO_ID);
	}
	if (model->bounded) {
		assert_true(row->packets <= expected->total.packets);
		assert_true(row->packets >= row->delta_packets);
		return;
	}
	assert_int_equal(row->packets, expected->total.packets);
	assert_int_equal(row->bytes, expected->total.bytes);
	assert_int_equal(entry->first_wall_ns, expected->first_wall_ns);
}

/* Flows that must be in the snapshot: active now or within the keep time. */
static size_t model_recent(const struct model *model)
{
	size_t recent = 0;

	for (size_t i = 0; i < FLOWS; i++)
		recent += model->flow[i].total.packets &&
			  model->now_s * SECOND - model->flow[i].active_mono_ns <= KEEP_S * SECOND;
	return recent;
}

static void expect_sums(const struct model *model, const struct snapshot *snapshot)
{
	struct flow_counts total = ledger_total(model->ledger), delta = {0};

	for (size_t i = 0; i < snapshot->count; i++) {
		delta.packets += snapshot->row[i].delta_packets;
		delta.bytes += snapshot->row[i].delta_bytes;
	}
	assert_int_equal(delta.packets, model->delta.packets);
	assert_int_equal(delta.bytes, model->delta.bytes);
	assert_int_equal(total.packets, model->all.packets);
	assert_int_equal(total.bytes, model->all.bytes);
}

/* The "aged" part of health is what stands in "aged" rows. */
static void expect_aged(const struct model *model, const struct snapshot *snapshot)
{
	struct flow_counts aged = {0};

	for (size_t i = 0; i < ledger_count(model->ledger); i++) {
		const struct ledger_flow *flow = ledger_get(model->ledger, i);

		if (flow_key_sum(&flow->key) != FLOW_SUM_AGED)
			continue;
		aged.packets += flow->total.packets;
		aged.bytes += flow->total.bytes;
	}
	assert_int_equal(aged.packets, snapshot->health.aged.packets);
	assert_int_equal(aged.bytes, snapshot->health.aged.bytes);
	if (!model->bounded)
		assert_int_equal(aged.packets + snapshot->health.flows_aged, 0);
}

/* Ends the interval and compares everything. */
static void model_end(struct model *model)
{
	struct snapshot *snapshot;
	uint32_t active = 0;

	assert_int_equal(ledger_snapshot(model->ledger, model->now_s * SECOND, &snapshot), 0);
	expect_sums(model, snapshot);
	expect_aged(model, snapshot);
	for (size_t i = 0; i < snapshot->count; i++) {
		if (i)
			assert_true(snapshot->row[i - 1].id < snapshot->row[i].id);
		if (flow_key_sum(snapshot_key(snapshot, i)))
			continue;
		active += snapshot->row[i].delta_packets != 0;
		expect_row(model, snapshot, i);
	}
	assert_int_equal(snapshot->flows_active, active);
	assert_int_equal(snapshot->flows_known, ledger_count(model->ledger));
	assert_int_equal(snapshot->health.ledger_bytes, ledger_bytes(model->ledger));
	assert_int_equal(snapshot->era, snapshot->table->era);
	if (!model->bounded)
		assert_int_equal(snapshot->count, model_recent(model));
	if (model->before)
		model->eras += snapshot->era != model->before->era;
	snapshot_unref(model->before);
	model->before = snapshot;
	for (size_t i = 0; i < FLOWS; i++)
		model->flow[i].delta = (struct flow_counts){0};
}

/* Every flow of an unbounded ledger, to the byte and second. */
static void expect_flows(const struct model *model)
{
	size_t known = 0;

	for (size_t i = 0; i < FLOWS; i++)
		known += model->flow[i].total.packets != 0;
	assert_int_equal(ledger_count(model->ledger), known);
	for (size_t i = 0; i < known; i++) {
		const struct ledger_flow *flow = ledger_get(model->ledger, i);
		const struct model_flow *expected = &model->flow[flow->key.sport];

		assert_int_equal(flow->total.packets, expected->total.packets);
		assert_int_equal(flow->total.bytes, expected->total.bytes);
		assert_int_equal(flow->first_wall_ns, expected->first_wall_ns);
		assert_int_equal(flow->last_wall_ns, expected->last_wall_ns);
	}
}

/* Traffic that wanders: a window of flows moves over all of them, a few come back from anywhere. */
static void run_random(struct model *model, unsigned int intervals)
{
	for (unsigned int i = 0; i < intervals; i++) {
		uint32_t adds = draw(model) % 4 ? draw(model) % 300 : draw(model) % 5;

		model_begin(model, 1);
		for (uint32_t j = 0; j < adds; j++) {
			uint32_t flow = draw(model) % 8 ? i * 25 + draw(model) % 400 : draw(model);

			model_add(model, flow % FLOWS, 1 + draw(model) % 3, draw(model) % 3000);
		}
		model_end(model);
	}
}

static void test_random_unbounded(void **state)
{
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct model *model = model_new(LEDGER_FLOWS_MAX, seed);

		run_random(model, 100);
		expect_flows(model);
		model_free(model);
	}
}

static void test_random_bounded(void **state)
{
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct model *model = model_new(LEDGER_FLOWS_MIN + seed % 50, seed);

		run_random(model, 100);
		assert_true(ledger_count(model->ledger) <=
			    LEDGER_FLOWS_MIN + seed % 50 + FLOW_CLASSES * FLOW_DIRS);
		assert_true(model->before->health.flows_aged > 0);
		model_free(model);
	}
}

/* More flows at once than the bound: those without room are in "aged" rows of their class. */
static void test_all_active(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MIN, 1);

	for (unsigned int round = 0; round < 3; round++) {
		model_begin(model, 1);
		for (uint32_t i = 0; i < 2 * LEDGER_FLOWS_MIN; i++)
			model_add(model, i, 1, 100);
		model_end(model);
		assert_int_equal(model->before->health.flows_aged, 0);
		assert_int_equal(model->before->flows_active, LEDGER_FLOWS_MIN);
		assert_int_equal(model->before->health.aged.packets,
				 (round + 1) * LEDGER_FLOWS_MIN);
	}
	/* TCP and UDP, both directions. */
	assert_int_equal(ledger_count(model->ledger), LEDGER_FLOWS_MIN + 4);
	model_free(model);
}

/* The flows folded are those idle longest, also when many others are equally old. */
static void test_longest_idle(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MIN, 1);
	const uint32_t oldest = LEDGER_FLOWS_MIN - 20;

	model_begin(model, 1);
	for (uint32_t i = 0; i < LEDGER_FLOWS_MIN; i++)
		model_add(model, i, 1, 100);
	model_end(model);
	model_begin(model, 1);
	for (uint32_t i = 0; i < oldest; i++)
		model_add(model, i, 1, 100);
	model_end(model);
	model_begin(model, 1);
	model_add(model, FLOWS - 1, 1, 100);
	model_end(model);
	assert_true(model->before->health.flows_aged >= 20);
	assert_true(model->before->health.flows_aged <= LEDGER_FLOWS_MIN / 4);
	for (size_t i = 0; i < ledger_count(model->ledger); i++) {
		const struct ledger_flow *flow = ledger_get(model->ledger, i);

		if (!flow_key_sum(&flow->key))
			assert_false(flow->key.sport >= oldest && flow->key.sport != FLOWS - 1);
	}
	model_free(model);
}

/* A row stays for the keep time, then goes; the flow keeps its totals and comes back with them. */
static void test_keep_time(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MAX, 1);

	model_begin(model, 1);
	model_add(model, 7, 3, 300);
	model_end(model);
	for (unsigned int i = 1; i <= KEEP_S + 2; i++) {
		model_begin(model, 1);
		model_end(model);
		assert_int_equal(model->before->count, i <= KEEP_S);
	}
	model_begin(model, 1);
	model_add(model, 7, 1, 100);
	model_end(model);
	assert_int_equal(model->before->count, 1);
	assert_int_equal(model->before->row[0].packets, 4);
	assert_int_equal(ledger_count(model->ledger), 1);
	model_free(model);
}

/* Churn begins new eras while a few flows go on through all of them. */
static void test_eras(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MAX, 1);

	for (uint32_t i = 0; i < 120; i++) {
		model_begin(model, 1);
		for (uint32_t j = 0; j < 300; j++)
			model_add(model, 10 + (i * 300 + j) % (FLOWS - 10), 1, 60);
		for (uint32_t j = 0; j < 10; j++)
			model_add(model, j, 1, 60);
		model_end(model);
	}
	assert_true(model->eras >= 3);
	expect_flows(model);
	model_free(model);
}

/* A snapshot outlives the ledger; bad bounds are refused. */
static void test_edges(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MIN, 1);
	struct flow_key key = key_of(5);
	struct ledger *ledger = NULL;
	struct snapshot *kept;

	model_begin(model, 1);
	model_add(model, 5, 1, 60);
	model_end(model);
	kept = snapshot_ref(model->before);
	model_free(model);
	assert_memory_equal(snapshot_key(kept, 0), &key, sizeof(key));
	snapshot_unref(kept);
	ledger_free(NULL);
	assert_int_equal(ledger_new(LEDGER_FLOWS_MIN - 1, 0, &ledger), -EINVAL);
	assert_int_equal(ledger_new(LEDGER_FLOWS_MAX + 1UL, 0, &ledger), -EINVAL);
	assert_null(ledger);
}

/* A figure, not a verdict: an interval of 1,000 flows among few and among very many known. */
static void test_idle_flows_cost_nothing(void **state)
{
	uint64_t best_ns[2] = {UINT64_MAX, UINT64_MAX};

	for (int many = 0; many < 2; many++) {
		struct flow_key key = key_of(0);
		struct snapshot *snapshot;
		struct ledger *ledger;

		assert_int_equal(ledger_new(LEDGER_FLOWS_DEFAULT, 0, &ledger), 0);
		for (uint32_t turn = 0; turn < 12; turn++) {
			uint32_t flows = turn || !many ? 1000 : 200000;
			uint64_t begin_ns = clock_mono_ns();

			ledger_begin(ledger, turn, turn + 1);
			for (uint32_t i = 0; i < flows; i++) {
				memcpy(&key.src[12], &i, sizeof(i));
				ledger_add(ledger, &key, 1, 60);
			}
			assert_int_equal(ledger_snapshot(ledger, (turn + 1) * SECOND, &snapshot), 0);
			begin_ns = clock_mono_ns() - begin_ns;
			if (turn > 1 && begin_ns < best_ns[many])
				best_ns[many] = begin_ns;
			snapshot_unref(snapshot);
		}
		ledger_free(ledger);
	}
	print_message("1,000 active flows: %" PRIu64 " ns with 1,000 known, %" PRIu64
		      " ns with 200,000 known\n",
		      best_ns[0], best_ns[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_unbounded),
		cmocka_unit_test(test_random_bounded),
		cmocka_unit_test(test_all_active),
		cmocka_unit_test(test_longest_idle),
		cmocka_unit_test(test_keep_time),
		cmocka_unit_test(test_eras),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_idle_flows_cost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
