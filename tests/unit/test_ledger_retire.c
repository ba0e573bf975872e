/* SPDX-License-Identifier: MIT */
/*
 * ledger_retire() against a model that just adds: random traffic on a few slots that change hands
 * all the time, with the same tuples on each, at a bound that is never reached and at one that
 * always is. Then the cases chance does not hit often enough, and what it costs.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "flow.h"
#include "ledger.h"

#define SECOND 1000000000LL
#define KEEP_S 3
#define SLOTS  5
#define TUPLES 200
#define SEEDS  30

struct model_flow {
	struct flow_counts total, delta;
	int64_t first_wall_ns;
};

/* What one slot, or all that gave up theirs, have counted. */
struct model_sums {
	struct flow_counts of[FLOW_DIRS][FLOW_CLASSES];
};

struct model {
	struct ledger *ledger;
	struct snapshot *last;
	struct model_flow flow[SLOTS][TUPLES];
	struct model_sums slot[SLOTS], gone;
	struct flow_counts delta; /* of the interval */
	uint64_t now_s;
	uint32_t seed;
	bool bounded;
};

static uint32_t draw(struct model *model)
{
	model->seed ^= model->seed << 13;
	model->seed ^= model->seed >> 17;
	model->seed ^= model->seed << 5;
	return model->seed;
}

static struct flow_key key_of(unsigned int slot, uint32_t tuple)
{
	struct flow_key key = {.sport = (uint16_t)tuple, .dport = 53, .ethertype = 0x0800};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.ipproto = tuple % 3 ? 17 : 6;
	key.where = FLOW_WHERE(slot, tuple / 3 % FLOW_DIRS);
	return key;
}

static void add(struct flow_counts *sum, uint64_t packets, uint64_t bytes)
{
	sum->packets += packets;
	sum->bytes += bytes;
}

static struct model *model_new(size_t max_flows, uint32_t seed)
{
	struct model *model = calloc(1, sizeof(*model));

	assert_non_null(model);
	assert_int_equal(ledger_new(max_flows, KEEP_S * SECOND, &model->ledger), 0);
	model->seed = seed;
	model->now_s = 100;
	model->bounded = max_flows < SLOTS * TUPLES;
	return model;
}

static void model_free(struct model *model)
{
	ledger_free(model->ledger);
	snapshot_unref(model->last);
	free(model);
}

static void model_begin(struct model *model)
{
	ledger_begin(model->ledger, (int64_t)model->now_s * SECOND,
		     (int64_t)(model->now_s + 1) * SECOND);
	model->now_s++;
}

static void model_add(struct model *model, unsigned int slot, uint32_t tuple, uint64_t packets)
{
	struct flow_key key = key_of(slot, tuple);
	struct model_flow *flow = &model->flow[slot][tuple];
	uint64_t bytes = packets * (60 + tuple);

	ledger_add(model->ledger, &key, packets, bytes);
	if (!flow->total.packets)
		flow->first_wall_ns = (int64_t)(model->now_s - 1) * SECOND;
	add(&flow->total, packets, bytes);
	add(&flow->delta, packets, bytes);
	add(&model->delta, packets, bytes);
	add(&model->slot[slot].of[flow_key_dir(&key)][flow_key_class(&key)], packets, bytes);
}

/* The slots in the mask get other interfaces. */
static void model_retire(struct model *model, unsigned int mask)
{
	bool slot[FLOW_IFACES_MAX] = {false};

	for (unsigned int i = 0; i < SLOTS; i++) {
		slot[i] = mask & 1U << i;
		if (!slot[i])
			continue;
		for (unsigned int j = 0; j < FLOW_DIRS * FLOW_CLASSES; j++) {
			unsigned int dir = j / FLOW_CLASSES, class = j % FLOW_CLASSES;
			struct flow_counts *counts = &model->slot[i].of[dir][class];

			add(&model->gone.of[dir][class], counts->packets, counts->bytes);
		}
		memset(&model->slot[i], 0, sizeof(model->slot[i]));
		memset(model->flow[i], 0, sizeof(model->flow[i]));
	}
	ledger_retire(model->ledger, slot);
}

/* A row of a flow says what was counted since its interface has the slot; never of one before. */
static void expect_row(const struct model *model, const struct snapshot *snapshot, size_t i)
{
	const struct flow_table_entry *entry = snapshot_entry(snapshot, i);
	const struct snapshot_row *row = &snapshot->row[i];
	const struct model_flow *flow;

	assert_true(!i || snapshot->row[i - 1].id < row->id);
	if (flow_key_sum(&entry->key))
		return;
	flow = &model->flow[flow_key_slot(&entry->key)][entry->key.sport];
	assert_true(flow->total.packets > 0);
	assert_int_equal(row->delta_packets, flow->delta.packets);
	assert_int_equal(row->delta_bytes, flow->delta.bytes);
	if (model->bounded) {
		assert_true(row->packets <= flow->total.packets);
		return;
	}
	assert_int_equal(row->packets, flow->total.packets);
	assert_int_equal(row->bytes, flow->total.bytes);
	assert_int_equal(entry->first_wall_ns, flow->first_wall_ns);
}

/* Every row of the ledger, sums included, by slot; each key once. */
static void expect_ledger(const struct model *model)
{
	struct model_sums slot[SLOTS] = {0}, gone = {0};
	struct flow_counts named = {0};
	size_t known = 0, flows = 0;

	for (size_t i = 0; i < ledger_count(model->ledger); i++) {
		const struct ledger_flow *flow = ledger_get(model->ledger, i);
		bool is_gone = flow_key_slot(&flow->key) == FLOW_SLOT_GONE;
		struct model_sums *sums = is_gone ? &gone : &slot[flow_key_slot(&flow->key)];

		assert_true(is_gone || flow_key_sum(&flow->key) != FLOW_SUM_GONE);
		assert_true(!is_gone || flow_key_sum(&flow->key));
		assert_true(flow->first_wall_ns < flow->last_wall_ns);
		flows += !flow_key_sum(&flow->key);
		if (flow_key_sum(&flow->key) == FLOW_SUM_GONE)
			add(&named, flow->total.packets, flow->total.bytes);
		add(&sums->of[flow_key_dir(&flow->key)][flow_key_class(&flow->key)],
		    flow->total.packets, flow->total.bytes);
	}
	assert_memory_equal(slot, model->slot, sizeof(slot));
	assert_memory_equal(&gone, &model->gone, sizeof(gone));
	assert_int_equal(named.packets, model->last->health.gone.packets);
	assert_int_equal(named.bytes, model->last->health.gone.bytes);
	for (size_t i = 0; i < SLOTS * TUPLES; i++)
		known += model->flow[i / TUPLES][i % TUPLES].total.packets != 0;
	if (!model->bounded)
		assert_int_equal(flows, known);
}

static void model_end(struct model *model)
{
	struct flow_counts delta = {0};
	struct snapshot *snapshot;

	assert_int_equal(ledger_snapshot(model->ledger, model->now_s * SECOND, &snapshot), 0);
	snapshot_unref(model->last);
	model->last = snapshot;
	for (size_t i = 0; i < snapshot->count; i++) {
		add(&delta, snapshot->row[i].delta_packets, snapshot->row[i].delta_bytes);
		expect_row(model, snapshot, i);
	}
	/* In these, the aged are those that found no room, and they are active. */
	assert_int_equal(delta.packets, model->delta.packets);
	assert_int_equal(delta.bytes, model->delta.bytes);
	expect_ledger(model);
	model->delta = (struct flow_counts){0};
	for (size_t i = 0; i < SLOTS * TUPLES; i++)
		model->flow[i / TUPLES][i % TUPLES].delta = (struct flow_counts){0};
}

static void run_random(struct model *model)
{
	for (unsigned int i = 0; i < 80; i++) {
		uint32_t adds = draw(model) % 3 ? draw(model) % 200 : draw(model) % 3;

		model_begin(model);
		for (uint32_t j = 0; j < adds; j++) {
			model_add(model, draw(model) % SLOTS, draw(model) % TUPLES,
				  1 + draw(model) % 3);
			if (draw(model) % 150 == 0) /* in the middle of the interval */
				model_retire(model, draw(model) % (1U << SLOTS));
		}
		if (draw(model) % 4 == 0)
			model_retire(model, draw(model) % (1U << SLOTS));
		model_end(model);
		if (draw(model) % 4 == 0)
			model_retire(model, draw(model) % (1U << SLOTS));
	}
}

static void test_random_unbounded(void **state)
{
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct model *model = model_new(LEDGER_FLOWS_MAX, seed);

		run_random(model);
		assert_int_equal(model->last->health.flows_aged, 0);
		model_free(model);
	}
}

static void test_random_bounded(void **state)
{
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct model *model = model_new(LEDGER_FLOWS_MIN, seed);

		run_random(model);
		model_free(model);
	}
}

/* Between intervals: nothing of it is in a row, for nobody was active. */
static void test_between(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MAX, 1);

	model_begin(model);
	model_add(model, 1, 5, 3);
	model_add(model, 2, 5, 4);
	model_end(model);
	assert_int_equal(model->last->count, 2);
	model_retire(model, 1U << 1);
	model_begin(model);
	model_end(model);
	assert_int_equal(model->last->count, 1);
	assert_int_equal(flow_key_slot(snapshot_key(model->last, 0)), 2);
	assert_int_equal(model->last->health.gone.packets, 3);
	assert_int_equal(model->last->health.flows_gone, 1);
	model_free(model);
}

/*
 * The next interface's flow of the same tuple is another flow: another id, totals and time of its
 * own; and the row of the first is as it was in the snapshot before.
 */
static void test_same_tuple(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MAX, 1);
	struct snapshot *before;
	uint32_t id;

	model_begin(model);
	model_add(model, 1, 5, 3);
	model_end(model);
	before = snapshot_ref(model->last);
	id = (uint32_t)before->row[0].id;
	model_retire(model, 1U << 1);
	model_begin(model);
	model_add(model, 1, 5, 1);
	model_end(model);
	assert_int_equal(snapshot_find(model->last, id), -1);
	assert_int_equal(model->last->count, 1);
	assert_int_equal(model->last->row[0].packets, 1);
	assert_int_equal(before->row[0].packets, 3);
	assert_int_equal(snapshot_entry(before, 0)->first_wall_ns, 100 * SECOND);
	assert_int_equal(snapshot_entry(model->last, 0)->first_wall_ns, 101 * SECOND);
	snapshot_unref(before);
	model_free(model);
}

/* A sum with a jump in its total is a new row, so that the difference is not taken for traffic. */
static void test_new_id(void **state)
{
	struct model *model = model_new(LEDGER_FLOWS_MAX, 1);
	uint32_t id;

	for (unsigned int slot = 1; slot <= 2; slot++) {
		model_begin(model);
		model_add(model, 2, 5, slot == 1 ? 1000 : 4);
		model_add(model, 1, 5, slot);
		model_retire(model, slot == 1 ? 1U << 1 : 3U << 1);
		model_end(model);
		assert_int_equal(flow_key_sum(snapshot_key(model->last, model->last->count - 1)),
				 FLOW_SUM_GONE);
		if (slot == 1)
			id = (uint32_t)model->last->row[model->last->count - 1].id;
	}
	assert_int_equal(model->last->count, 1);
	assert_int_not_equal(model->last->row[0].id, id);
	assert_int_equal(model->last->row[0].delta_packets, 6);
	assert_int_equal(model->last->row[0].packets, 1007);
	model_free(model);
}

/* What was a sum before stays the sum it was, for it says how exact the counts are. */
static void test_reasons(void **state)
{
	static const enum flow_sum sums[][2] = {{FLOW_SUM_AGED, FLOW_SUM_AGED},
						{FLOW_SUM_MAP_FULL, FLOW_SUM_MAP_FULL},
						{FLOW_SUM_ETHERTYPE, FLOW_SUM_GONE},
						{FLOW_SUM_ARP_OFF, FLOW_SUM_GONE}};

	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		struct flow_key key =
			flow_key_of_sum(sums[i][0], 0, 0x88cc, FLOW_WHERE(4, FLOW_IN));
		bool slot[FLOW_IFACES_MAX] = {[4] = true};
		const struct ledger_flow *flow;
		struct ledger *ledger;

		assert_int_equal(ledger_new(LEDGER_FLOWS_MIN, 0, &ledger), 0);
		ledger_begin(ledger, 1, 2);
		ledger_add(ledger, &key, 5, 500);
		ledger_retire(ledger, slot);
		assert_int_equal(ledger_count(ledger), 1);
		flow = ledger_get(ledger, 0);
		assert_int_equal(flow_key_sum(&flow->key), sums[i][1]);
		assert_int_equal(flow_key_slot(&flow->key), FLOW_SLOT_GONE);
		assert_int_equal(flow_key_class(&flow->key), flow_key_class(&key));
		assert_int_equal(flow->total.packets, 5);
		ledger_free(ledger);
	}
}

/* So many flows, of which the interface's hundred come first or last, all long idle. */
static void fill(struct ledger *ledger, uint32_t count, bool first)
{
	static uint32_t flow; /* never the same one */
	struct flow_key key = key_of(0, 0);
	struct snapshot *snapshot;

	ledger_begin(ledger, 0, 1);
	for (uint32_t i = 0; i < count; i++, flow++) {
		memcpy(&key.src[12], &flow, sizeof(flow));
		key.where = FLOW_WHERE(first ? i < 100 : i >= count - 100, FLOW_IN);
		ledger_add(ledger, &key, 1, 60);
	}
	for (uint64_t now = 1; now <= 2; now++) {
		assert_int_equal(ledger_snapshot(ledger, now, &snapshot), 0);
		snapshot_unref(snapshot);
	}
}

/* A figure, not a verdict: one interface of a hundred flows among very many known. */
static void test_cost(void **state)
{
	bool slot[FLOW_IFACES_MAX] = {[1] = true};
	uint64_t begin_ns, best_ns[2] = {UINT64_MAX, UINT64_MAX};
	struct ledger *ledger;

	assert_int_equal(ledger_new(LEDGER_FLOWS_MAX, 0, &ledger), 0);
	fill(ledger, 500000, true);
	for (int turn = 0; turn < 10; turn++) {
		bool first = turn < 5;

		fill(ledger, first ? 100000 : 1000, first);
		begin_ns = clock_mono_ns();
		ledger_retire(ledger, slot);
		begin_ns = clock_mono_ns() - begin_ns;
		if (begin_ns < best_ns[first])
			best_ns[first] = begin_ns;
	}
	print_message("100 flows of %zu: %" PRIu64 " ns with 100,000 others behind them, %" PRIu64
		      " ns when they came last\n",
		      ledger_count(ledger), best_ns[1], best_ns[0]);
	ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_unbounded),
		cmocka_unit_test(test_random_bounded),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_same_tuple),
		cmocka_unit_test(test_new_id),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
