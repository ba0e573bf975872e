/* SPDX-License-Identifier: MIT */
/*
 * Totals of groups and of filters are the ledger's: random traffic through a real ledger, and views
 * that step through its snapshots in any order, against sums made of every flow there is.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "flow.h"
#include "idle_sums.h"
#include "ledger.h"
#include "view.h"

#define SECOND	1000000000LL
#define KEEP_S	3
#define FLOWS	500
#define STEPS	90
#define HEIGHT	5000
#define PERCENT 4 /* of the flows are active in an interval */

struct bed {
	struct ledger *ledger;
	struct snapshot *snapshot[STEPS];
	struct flow_counts total[STEPS][FLOWS]; /* of each flow at the end of each step */
	struct view *view;
	size_t steps;
	uint32_t seed;
};

static uint32_t draw(struct bed *bed, uint32_t below)
{
	bed->seed ^= bed->seed << 13;
	bed->seed ^= bed->seed >> 17;
	bed->seed ^= bed->seed << 5;
	return bed->seed % below;
}

/* Forty hosts and seven services, some over IPv6, both directions. */
static struct flow_key key_of(uint32_t flow)
{
	struct flow_key key = {.sport = (uint16_t)(1024 + flow),
			       .dport = (uint16_t)(80 + flow % 7),
			       .ethertype = flow % 5 ? ETH_P_IP : ETH_P_IPV6,
			       .ipproto = flow % 3 ? IPPROTO_TCP : IPPROTO_UDP};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[12] = 10;
	key.dst[12] = 192;
	key.dst[15] = (uint8_t)(flow % 40);
	key.where = FLOW_WHERE(0, flow % FLOW_DIRS);
	return key;
}

static struct bed *bed_new(size_t max_flows, uint32_t seed)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->seed = seed;
	assert_int_equal(ledger_new(max_flows, KEEP_S * SECOND, &bed->ledger), 0);
	assert_int_equal(ledger_log_idle(bed->ledger), 0);
	assert_int_equal(view_new(COLUMN_BPS, &bed->view), 0);
	view_set_height(bed->view, HEIGHT);
	return bed;
}

static void bed_free(struct bed *bed)
{
	view_free(bed->view);
	for (size_t i = 0; i < bed->steps; i++)
		snapshot_unref(bed->snapshot[i]);
	ledger_free(bed->ledger);
	free(bed);
}

static void add(struct bed *bed, uint32_t flow, uint64_t packets)
{
	struct flow_counts *total = &bed->total[bed->steps][flow];
	struct flow_key key = key_of(flow);

	ledger_add(bed->ledger, &key, packets, packets * 100);
	total->packets += packets;
	total->bytes += packets * 100;
}

/* Another second, in which a few flows are active, or none. */
static void step(struct bed *bed)
{
	int64_t now = (int64_t)(bed->steps + 1) * SECOND;
	struct snapshot *snapshot;

	if (bed->steps)
		memcpy(bed->total[bed->steps], bed->total[bed->steps - 1], sizeof(bed->total[0]));
	ledger_begin(bed->ledger, now - SECOND, now);
	for (uint32_t i = 0; i < FLOWS && bed->steps % 10; i++) {
		if (draw(bed, 100) < PERCENT)
			add(bed, i, 1 + draw(bed, 50));
	}
	assert_int_equal(ledger_snapshot(bed->ledger, (uint64_t)now, &snapshot), 0);
	snapshot->seq = bed->steps + 1;
	snapshot->wall_ns = now;
	snapshot->elapsed_ns = SECOND;
	bed->snapshot[bed->steps++] = snapshot;
}

static void show(struct bed *bed, size_t at)
{
	view_set_snapshot(bed->view, bed->snapshot[at]);
	assert_int_equal(view_arrange(bed->view), 0);
}

static void add_counts(struct flow_counts *to, const struct flow_counts *counts)
{
	to->packets += counts->packets;
	to->bytes += counts->bytes;
}

static void expect_counts(const struct flow_counts *got, const struct flow_counts *expected)
{
	assert_int_equal(got->packets, expected->packets);
	assert_int_equal(got->bytes, expected->bytes);
}

/* What a flow has at a step since another one (-1: since the start). */
static struct flow_counts since(const struct bed *bed, size_t at, long from, uint32_t flow)
{
	struct flow_counts total = bed->total[at][flow];

	if (from < 0)
		return total;
	if ((size_t)from >= at)
		return (struct flow_counts){0};
	total.packets -= bed->total[from][flow].packets;
	total.bytes -= bed->total[from][flow].bytes;
	return total;
}

/* What the flows of one group, those with that port (0: any), had at a step. */
static size_t sum_up(const struct bed *bed, size_t at, long from, const struct row *row,
		     uint16_t port, struct flow_counts ret_sum[FLOW_DIRS])
{
	size_t flows = 0;

	memset(ret_sum, 0, FLOW_DIRS * sizeof(*ret_sum));
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct flow_key key = key_of(i), of;
		struct flow_counts counts = since(bed, at, from, i);

		if (!counts.packets || (port && key.dport != port))
			continue;
		of = group_key(view_group(bed->view), &key, NULL, (struct flow_about){0});
		if (row && !flow_key_equal(&of, &row->key))
			continue;
		add_counts(&ret_sum[flow_key_dir(&key)], &counts);
		flows++;
	}
	return flows;
}

/* Every group has what its flows have, and there is none too many or too few. */
static void expect_groups(const struct bed *bed, size_t at, long from, uint16_t port)
{
	const struct row_totals *totals = view_totals(bed->view);
	struct flow_counts sum[FLOW_DIRS], all[FLOW_DIRS] = {0}, none = {0};
	size_t flows = 0;

	for (size_t place = 0; place < view_count(bed->view); place++) {
		struct row row;

		assert_true(view_get(bed->view, place, &row));
		flows += sum_up(bed, at, from, &row, port, sum);
		for (int dir = 0; dir < FLOW_DIRS; dir++) {
			expect_counts(&row.total[dir], from < 0 || from < (long)at ? &sum[dir] : &none);
			add_counts(&all[dir], &row.total[dir]);
		}
	}
	assert_int_equal(flows, sum_up(bed, at, from, NULL, port, sum));
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		expect_counts(&all[dir], &sum[dir]);
		expect_counts(&totals->total[dir], &sum[dir]);
	}
	assert_false(totals->partial);
}

static void use_filter(struct bed *bed, const char *text)
{
	struct filter *filter;
	char why[80];
	size_t column;

	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), 0);
	view_set_filter(bed->view, filter);
}

static const enum group_by groupings[] = {GROUP_CONVERSATION, GROUP_HOST, GROUP_SERVICE,
					  GROUP_PROTOCOL};

static void test_groups_live(void **state)
{
	for (size_t i = 0; i < sizeof(groupings) / sizeof(groupings[0]); i++) {
		struct bed *bed = bed_new(LEDGER_FLOWS_DEFAULT, (uint32_t)(i + 1));

		view_set_group(bed->view, groupings[i]);
		for (size_t at = 0; at < STEPS; at++) {
			step(bed);
			show(bed, at);
			expect_groups(bed, at, -1, 0);
		}
		bed_free(bed);
	}
}

/* Stepping back and forth, switching and filtering on the way. */
static void test_any_moment(void **state)
{
	for (uint32_t seed = 1; seed <= 10; seed++) {
		struct bed *bed = bed_new(LEDGER_FLOWS_DEFAULT, seed);
		uint16_t port = 0;

		while (bed->steps < STEPS)
			step(bed);
		for (unsigned int i = 0; i < 200; i++) {
			size_t at = draw(bed, STEPS);

			if (draw(bed, 4) == 0)
				view_set_group(bed->view, groupings[draw(bed, 4)]);
			if (draw(bed, 4) == 0) {
				port = draw(bed, 2) ? 83 : 0;
				use_filter(bed, port ? "dst port 83" : "");
			}
			show(bed, at);
			if (view_group(bed->view) != GROUP_FLOW)
				expect_groups(bed, at, -1, port);
		}
		bed_free(bed);
	}
}

/* Totals since a moment: of groups with flows that were idle then, came back, or are new. */
static void test_since(void **state)
{
	const size_t from = 40;

	for (size_t i = 0; i < sizeof(groupings) / sizeof(groupings[0]); i++) {
		struct bed *bed = bed_new(LEDGER_FLOWS_DEFAULT, (uint32_t)(i + 1));

		view_set_group(bed->view, groupings[i]);
		while (bed->steps < STEPS) {
			step(bed);
			show(bed, bed->steps - 1);
			if (bed->steps - 1 == from)
				assert_int_equal(view_reset_totals(bed->view), 0);
			if (bed->steps - 1 > from)
				expect_groups(bed, bed->steps - 1, (long)from, 0);
		}
		/* In another view, and at moments between. */
		view_set_group(bed->view, groupings[(i + 1) % 4]);
		for (size_t at = STEPS - 1; at > from; at--) {
			show(bed, at);
			expect_groups(bed, at, (long)from, 0);
		}
		show(bed, from - 5);
		show(bed, from + 20);
		expect_groups(bed, from + 20, (long)from, 0);
		view_unreset_totals(bed->view);
		show(bed, from + 10);
		expect_groups(bed, from + 10, -1, 0);
		bed_free(bed);
	}
}

/* Flows by themselves, under a filter and in a group that is open. */
static void test_totals_of_flows(void **state)
{
	struct bed *bed = bed_new(LEDGER_FLOWS_DEFAULT, 7);
	struct flow_counts sum[FLOW_DIRS];
	const struct row_totals *totals = view_totals(bed->view);
	struct row row;

	while (bed->steps < STEPS)
		step(bed);
	use_filter(bed, "dst port 83");
	for (size_t at = 0; at < STEPS; at++) {
		size_t flows;

		show(bed, at);
		flows = sum_up(bed, at, -1, NULL, 83, sum);
		expect_counts(&totals->total[FLOW_IN], &sum[FLOW_IN]);
		expect_counts(&totals->total[FLOW_OUT], &sum[FLOW_OUT]);
		assert_int_equal(totals->flows + totals->idle, flows);
	}
	use_filter(bed, "");
	view_set_group(bed->view, GROUP_HOST);
	show(bed, STEPS - 1);
	assert_true(view_get(bed->view, 0, &row));
	assert_true(view_drill(bed->view));
	show(bed, STEPS - 2);
	show(bed, STEPS - 1);
	expect_counts(&totals->total[FLOW_IN], &row.total[FLOW_IN]);
	expect_counts(&totals->total[FLOW_OUT], &row.total[FLOW_OUT]);
	assert_int_equal(totals->flows + totals->idle, row.flows);
	bed_free(bed);
}

/* What the ledger says of a group now, by its flows that still are rows of their own. */
static struct flow_counts in_ledger(const struct bed *bed, const struct flow_key *group)
{
	struct flow_counts sum = {0};

	for (size_t i = 0; i < ledger_count(bed->ledger); i++) {
		const struct ledger_flow *flow = ledger_get(bed->ledger, i);
		struct flow_key of =
			group_key(view_group(bed->view), &flow->key, NULL,
				  (struct flow_about){0});

		if (flow_key_equal(&of, group))
			add_counts(&sum, &flow->total);
	}
	return sum;
}

/* In a full ledger a group lacks what the "aged" rows hold, which are there; nothing is lost. */
static void test_full_ledger(void **state)
{
	struct bed *bed = bed_new(LEDGER_FLOWS_MIN, 3);
	bool aged = false;

	view_set_group(bed->view, GROUP_HOST);
	for (size_t at = 0; at < STEPS; at++) {
		struct flow_counts all = {0}, got;
		struct row row;

		step(bed);
		show(bed, at);
		for (size_t place = 0; place < view_count(bed->view); place++) {
			struct flow_counts expected;

			assert_true(view_get(bed->view, place, &row));
			got = row.total[FLOW_IN];
			add_counts(&got, &row.total[FLOW_OUT]);
			expected = in_ledger(bed, &row.key);
			expect_counts(&got, &expected);
			add_counts(&all, &got);
			aged = aged || flow_key_sum(&row.key) == FLOW_SUM_AGED;
			/* Of a sum, also one that is idle, it is not known how many flows it holds. */
			assert_int_equal(row.sums, flow_key_sum(&row.key) ? row.flows : 0);
		}
		got = ledger_total(bed->ledger);
		expect_counts(&all, &got);
	}
	assert_true(aged);
	assert_true(bed->snapshot[STEPS - 1]->health.flows_aged > 0);
	bed_free(bed);
}

/* More idle groups than are shown: those with most bytes, and how many are not. */
static void test_many_idle_groups(void **state)
{
	const uint32_t hosts = 20000;
	struct bed *bed = bed_new(LEDGER_FLOWS_DEFAULT, 3);
	struct snapshot *snapshot = NULL;
	uint64_t least = UINT64_MAX, sum = 0;

	view_set_group(bed->view, GROUP_HOST);
	view_set_sort(bed->view, COLUMN_BYTES, false);
	for (int second = 1; second < 10; second++) {
		ledger_begin(bed->ledger, second * SECOND, (second + 1) * SECOND);
		for (uint32_t i = 0; second < 3 && i < hosts; i++) {
			struct flow_key key = key_of(1);

			memcpy(&key.dst[12], &i, sizeof(i));
			ledger_add(bed->ledger, &key, 1, 100 + i * 7919 % hosts);
		}
		snapshot_unref(snapshot);
		assert_int_equal(ledger_snapshot(bed->ledger, (uint64_t)(second + 1) * SECOND,
						 &snapshot), 0);
		view_set_snapshot(bed->view, snapshot);
		assert_int_equal(view_arrange(bed->view), 0);
	}
	assert_int_equal(snapshot->count, 0);
	assert_int_equal(view_count(bed->view), IDLE_GROUPS_SHOWN);
	assert_int_equal(view_totals(bed->view)->idle_hidden, hosts - IDLE_GROUPS_SHOWN);
	for (size_t i = 0; i < IDLE_GROUPS_SHOWN; i++) {
		struct row row;

		assert_true(view_get(bed->view, i, &row));
		assert_true(row.total[FLOW_OUT].bytes <= least);
		least = row.total[FLOW_OUT].bytes;
	}
	/* All hosts had different counts, so the least shown says how many are before it. */
	assert_int_equal(least, 2 * (100 + hosts - IDLE_GROUPS_SHOWN));
	for (uint32_t i = 0; i < hosts; i++)
		sum += 2 * (100 + i);
	assert_int_equal(view_totals(bed->view)->total[FLOW_OUT].bytes, sum);
	snapshot_unref(snapshot);
	bed_free(bed);
}

/* A thinned snapshot: what its rows do not tell apart is in its remainder, nothing is lost. */
static void test_thinned(void **state)
{
	struct bed *bed = bed_new(LEDGER_FLOWS_DEFAULT, 5);
	struct flow_counts all = {0}, expected[FLOW_DIRS], sum;
	struct snapshot *thin;
	struct row row;
	size_t before;

	while (bed->steps < STEPS)
		step(bed);
	assert_int_equal(snapshot_thin(bed->snapshot[STEPS / 2 + 1], 5, &thin), 0);
	view_set_group(bed->view, GROUP_HOST);
	view_set_snapshot(bed->view, thin);
	assert_int_equal(view_arrange(bed->view), 0);
	for (size_t place = 0; place < view_count(bed->view); place++) {
		assert_true(view_get(bed->view, place, &row));
		add_counts(&all, &row.total[FLOW_IN]);
		add_counts(&all, &row.total[FLOW_OUT]);
	}
	sum_up(bed, STEPS / 2 + 1, -1, NULL, 0, expected);
	sum = expected[FLOW_IN];
	add_counts(&sum, &expected[FLOW_OUT]);
	expect_counts(&all, &sum);
	/* Ids of remainders are beyond those of all flows, and no reason to make room for as many. */
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	use_filter(bed, "tcp");
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < before + (1U << 20));
	snapshot_unref(thin);
	bed_free(bed);
}

/* Moments that the log does not reach say so, and the newest is right all the same. */
static void test_out_of_reach(void **state)
{
	struct bed *bed = bed_new(LEDGER_FLOWS_DEFAULT, 5);
	struct snapshot *snapshot = NULL, *first = NULL;
	uint64_t packets = 0;

	view_set_group(bed->view, GROUP_PROTOCOL);
	for (int second = 1; second < 40; second++) {
		ledger_begin(bed->ledger, second * SECOND, (second + 1) * SECOND);
		for (uint32_t i = 0; second % 5 == 0 && i < 100000; i++) {
			struct flow_key key = key_of(1);

			memcpy(&key.dst[12], &i, sizeof(i));
			ledger_add(bed->ledger, &key, 1, 100);
			packets++;
		}
		snapshot_unref(snapshot);
		assert_int_equal(ledger_snapshot(bed->ledger, (uint64_t)(second + 1) * SECOND,
						 &snapshot), 0);
		if (second == 10)
			first = snapshot_ref(snapshot);
	}
	view_set_snapshot(bed->view, snapshot);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_false(view_totals(bed->view)->partial);
	assert_int_equal(view_totals(bed->view)->total[FLOW_OUT].packets, packets);
	view_set_snapshot(bed->view, first);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_totals(bed->view)->partial);
	view_set_snapshot(bed->view, snapshot);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_int_equal(view_totals(bed->view)->total[FLOW_OUT].packets, packets);
	snapshot_unref(first);
	snapshot_unref(snapshot);
	bed_free(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_live),
		cmocka_unit_test(test_any_moment),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_totals_of_flows),
		cmocka_unit_test(test_full_ledger),
		cmocka_unit_test(test_many_idle_groups),
		cmocka_unit_test(test_thinned),
		cmocka_unit_test(test_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
