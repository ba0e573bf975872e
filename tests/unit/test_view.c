/* SPDX-License-Identifier: MIT */
/* view.h: orders, the window, and a selection that stays with its flow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "array.h"
#include "flow.h"
#include "view.h"

/* A flow named by one number, with so many bytes in the interval. */
struct given {
	uint16_t flow;
	uint64_t bytes;
};

static struct flow_key key_of(uint16_t flow)
{
	struct flow_key key = {
		.sport = flow, .dport = 80, .ethertype = ETH_P_IP, .ipproto = IPPROTO_TCP};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[12] = 10;
	key.dst[12] = (uint8_t)(250 - flow % 200);
	return key;
}

/* Each snapshot has a table of its own: ids say nothing across eras. */
static struct snapshot *make(uint32_t era, const struct given *given, size_t count)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(count, &snapshot), 0);
	assert_int_equal(flow_table_new(era, &snapshot->table), 0);
	snapshot->era = era;
	snapshot->elapsed_ns = 1000000000;
	for (size_t i = 0; i < count; i++) {
		struct flow_table_entry entry = {.key = key_of(given[i].flow)};
		uint32_t id;

		assert_int_equal(flow_table_append(snapshot->table, &entry, &id), 0);
		snapshot->row[i].id = id;
		snapshot->row[i].delta_packets = given[i].bytes / 100;
		snapshot->row[i].delta_bytes = given[i].bytes;
		snapshot->row[i].bytes = 1000 - given[i].bytes;
	}
	return snapshot;
}

static void show(struct view *view, uint32_t era, const struct given *given, size_t count)
{
	struct snapshot *snapshot = make(era, given, count);

	view_set_snapshot(view, snapshot);
	snapshot_unref(snapshot);
	assert_int_equal(view_arrange(view), 0);
}

/* The flow at a place; 0 when it is not on screen. */
static int flow_at(const struct view *view, size_t place)
{
	struct row row;

	return view_get(view, place, &row) ? row.key.sport : 0;
}

static void expect_flows(const struct view *view, size_t top, const int *flows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(flow_at(view, top + i), flows[i]);
}

static const struct given five[] = {{1, 100}, {2, 500}, {3, 300}, {4, 0}, {5, 400}};
static const struct given turned[] = {{5, 100}, {4, 900}, {3, 50}, {2, 500}, {1, 600}};

static struct view *view_of(size_t height, enum column sort)
{
	struct view *view;

	assert_int_equal(view_new(sort, &view), 0);
	view_set_height(view, height);
	return view;
}

static void test_orders(void **state)
{
	struct view *view = view_of(5, COLUMN_BPS);

	show(view, 1, five, 5);
	expect_flows(view, 0, (const int[]){2, 5, 3, 1, 4}, 5);
	view_set_sort(view, COLUMN_BPS, true);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){4, 1, 3, 5, 2}, 5);
	view_set_sort(view, COLUMN_BYTES, false);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){4, 1, 3, 5, 2}, 5);
	view_set_sort(view, COLUMN_SOURCE, false);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){1, 2, 3, 4, 5}, 5);
	view_set_sort(view, COLUMN_DESTINATION, false);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){5, 4, 3, 2, 1}, 5);
	view_set_sort(view, COLUMN_DESTINATION, true);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){1, 2, 3, 4, 5}, 5);
	view_free(view);
}

static void test_ties_are_ordered(void **state)
{
	struct given same[300];
	struct view *view = view_of(300, COLUMN_BPS);

	for (uint16_t i = 0; i < 300; i++)
		same[i] = (struct given){(uint16_t)(300 - i), 700};
	show(view, 1, same, 300);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(flow_at(view, i), i + 1);
	view_free(view);
}

static void test_first_row_is_no_flow(void **state)
{
	struct view *view = view_of(3, COLUMN_BPS);

	show(view, 1, five, 5);
	assert_int_equal(view_selected(view), 0);
	show(view, 2, turned, 5);
	assert_int_equal(view_selected(view), 0);
	assert_int_equal(flow_at(view, 0), 4);
	view_free(view);
}

static void test_selection_follows_flow(void **state)
{
	struct view *view = view_of(5, COLUMN_BPS);

	show(view, 1, five, 5);
	view_move(view, 2);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(flow_at(view, view_selected(view)), 5);
	/* Another era, in which the flow has another id, and another place. */
	show(view, 2, turned, 5);
	assert_int_equal(flow_at(view, view_selected(view)), 5);
	assert_int_equal(view_selected(view), 3);
	view_set_sort(view, COLUMN_SOURCE, true);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_selected(view), 0);
	view_free(view);
}

static void test_gone_flow_is_succeeded(void **state)
{
	static const struct given without[] = {{1, 100}, {2, 500}, {3, 300}};
	struct view *view = view_of(5, COLUMN_BPS);

	show(view, 1, five, 5);
	view_move(view, 2);
	assert_int_equal(view_arrange(view), 0);
	show(view, 2, without, 3);
	assert_int_equal(view_selected(view), 1);
	assert_int_equal(flow_at(view, 1), 3);
	/* And it is that flow from now on. */
	show(view, 3, turned, 5);
	assert_int_equal(flow_at(view, view_selected(view)), 3);
	show(view, 4, NULL, 0);
	assert_int_equal(view_selected(view), 0);
	assert_int_equal(view_count(view), 0);
	show(view, 5, five, 5);
	assert_int_equal(view_selected(view), 0);
	view_free(view);
}

static void test_window_scrolls_and_stays(void **state)
{
	struct view *view = view_of(2, COLUMN_SOURCE);

	show(view, 1, five, 5);
	view_move(view, 3);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_top(view), 1);
	assert_int_equal(flow_at(view, 0), 0);
	expect_flows(view, 1, (const int[]){2, 3}, 2);
	/* Numbers change, the window does not. */
	show(view, 2, turned, 5);
	assert_int_equal(view_top(view), 1);
	view_move_last(view);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 3, (const int[]){4, 5}, 2);
	view_move(view, 99);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_selected(view), 4);
	view_move(view, -99);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_selected(view), 0);
	assert_int_equal(view_top(view), 0);
	view_free(view);
}

static void test_line_and_height(void **state)
{
	struct view *view = view_of(3, COLUMN_SOURCE);

	show(view, 1, five, 5);
	view_select_line(view, 2);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(flow_at(view, view_selected(view)), 3);
	view_select_line(view, 3); /* behind the last line */
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_selected(view), 2);
	view_set_height(view, 1);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_top(view), 2);
	view_set_height(view, 0);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(flow_at(view, 0), 0);
	view_move(view, 1);
	assert_int_equal(view_arrange(view), 0);
	view_free(view);
}

/* At a moment by the clock of first and last seen, with the wall clock so far ahead of that. */
static void set_clocks(struct view *view, uint32_t era, const struct given *given, size_t count,
		       int64_t seen_ns, int64_t ahead_ns)
{
	struct snapshot *snapshot = make(era, given, count);

	snapshot->wall_ns = seen_ns + ahead_ns;
	snapshot->wall_ahead_ns = ahead_ns;
	for (size_t i = 0; i < count; i++)
		snapshot->row[i].bytes = given[i].bytes * 10;
	view_set_snapshot(view, snapshot);
	snapshot_unref(snapshot);
	assert_int_equal(view_arrange(view), 0);
}

static uint64_t total_of(const struct view *view, uint16_t flow)
{
	struct row row;

	for (size_t place = 0; view_get(view, place, &row); place++) {
		if (row.key.sport == flow)
			return row.total[FLOW_IN].bytes + row.total[FLOW_OUT].bytes;
	}
	return UINT64_MAX;
}

static void set_wall(struct view *view, uint32_t era, const struct given *given, size_t count,
		     int64_t wall_ns)
{
	set_clocks(view, era, given, count, wall_ns, 0);
}

/* The wall clock was set, back or forward, before totals were reset: what is older is still older. */
static void test_reset_and_clock(void **state)
{
	static const struct given before[] = {{1, 100}, {2, 500}};
	static const struct given after[] = {{1, 300}, {2, 500}, {3, 70}};
	static const int64_t ahead_ns[] = {-5000, 90000};

	for (size_t i = 0; i < ARRAY_SIZE(ahead_ns); i++) {
		struct view *view = view_of(5, COLUMN_BYTES);

		set_clocks(view, 1, before, 2, 1000, ahead_ns[i]);
		assert_int_equal(view_reset_totals(view), 0);
		assert_int_equal(view_arrange(view), 0);
		set_clocks(view, 2, after, 3, 2000, ahead_ns[i]);
		assert_int_equal(total_of(view, 1), 2000);
		assert_int_equal(total_of(view, 2), 0);
		assert_int_equal(total_of(view, 3), 70);
		view_free(view);
	}
}

static void test_reset_totals(void **state)
{
	static const struct given before[] = {{1, 100}, {2, 500}};
	static const struct given after[] = {{1, 300}, {2, 500}, {3, 70}};
	struct view *view = view_of(5, COLUMN_BYTES);

	set_wall(view, 1, before, 2, 1000);
	assert_int_equal(total_of(view, 2), 5000);
	assert_int_equal(view_reset_totals(view), 0);
	assert_int_equal(view_totals_since(view), 1000);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(total_of(view, 2), 0);
	set_wall(view, 2, after, 3, 2000);
	assert_int_equal(total_of(view, 1), 2000);
	assert_int_equal(total_of(view, 2), 0);
	/* It is older than the moment and was idle then: only this interval counts. */
	assert_int_equal(total_of(view, 3), 70);
	expect_flows(view, 0, (const int[]){1, 3, 2}, 3);
	/* The same in groups. */
	view_set_group(view, GROUP_PROTOCOL);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(total_of(view, 0), 2070);
	view_set_group(view, GROUP_FLOW);
	view_unreset_totals(view);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(total_of(view, 2), 5000);
	view_free(view);
}

static void test_filter_hides(void **state)
{
	struct view *view = view_of(5, COLUMN_BPS);
	struct filter *filter;
	char why[80];
	size_t column;

	show(view, 1, five, 5);
	assert_int_equal(
		filter_parse("src port 3 or src port 5", &filter, why, sizeof(why), &column), 0);
	view_set_filter(view, filter);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){5, 3}, 2);
	assert_int_equal(view_count(view), 2);
	assert_int_equal(view_totals(view)->delta[FLOW_IN].bytes, 700);
	show(view, 2, turned, 5);
	expect_flows(view, 0, (const int[]){5, 3}, 2);
	assert_int_equal(filter_parse("bps > 4000", &filter, why, sizeof(why), &column), 0);
	view_set_filter(view, filter);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){4, 1}, 2);
	view_set_filter(view, NULL);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_count(view), 5);
	view_free(view);
}

static void test_drill(void **state)
{
	struct view *view = view_of(5, COLUMN_BPS);
	enum group_by by = GROUP_FLOW;
	struct row row;

	show(view, 1, five, 5);
	assert_false(view_drill(view));
	view_set_group(view, GROUP_HOST);
	view_move(view, 2);
	assert_int_equal(view_arrange(view), 0);
	assert_true(view_drill(view));
	assert_int_equal(view_arrange(view), 0);
	assert_non_null(view_drilled(view, &by));
	assert_int_equal(by, GROUP_HOST);
	assert_true(view_get_selected(view, &row));
	assert_int_equal(view_group(view), GROUP_CONVERSATION);
	assert_true(view_drill_back(view));
	assert_int_equal(view_arrange(view), 0);
	assert_false(view_drill_back(view));
	assert_null(view_drilled(view, &by));
	view_free(view);
}

static void test_frozen_order(void **state)
{
	static const struct given more[] = {{5, 100}, {4, 900}, {3, 50}, {9, 9999}, {1, 600}};
	struct view *view = view_of(5, COLUMN_BPS);

	show(view, 1, five, 5);
	view_set_frozen(view, true);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){2, 5, 3, 1, 4}, 5);
	show(view, 2, more, 5);
	expect_flows(view, 0, (const int[]){5, 3, 1, 4, 9}, 5);
	view_set_frozen(view, false);
	assert_int_equal(view_arrange(view), 0);
	expect_flows(view, 0, (const int[]){9, 4, 1, 5, 3}, 5);
	view_free(view);
}

/* Waited for, it is not succeeded; when it is back, it is selected as if it had never left. */
static void test_gone_flow_is_waited_for(void **state)
{
	static const struct given without[] = {{1, 100}, {2, 500}, {5, 400}};
	struct view *view = view_of(5, COLUMN_BPS);
	struct row row;

	show(view, 1, five, 5);
	view_move(view, 3);
	assert_int_equal(view_arrange(view), 0);
	view_set_waiting(view, true);
	show(view, 2, without, 3);
	assert_false(view_get_selected(view, &row));
	assert_int_equal(view_chosen(view)->sport, 3);
	show(view, 3, turned, 5);
	assert_true(view_get_selected(view, &row));
	assert_int_equal(row.key.sport, 3);
	show(view, 4, without, 3);
	view_set_waiting(view, false);
	assert_int_equal(view_arrange(view), 0);
	assert_true(view_get_selected(view, &row));
	assert_int_not_equal(row.key.sport, 3);
	view_free(view);
}

static void test_following(void **state)
{
	struct view *view = view_of(2, COLUMN_BPS);

	show(view, 1, five, 5);
	view_move(view, 2);
	view_set_follow(view, true);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(flow_at(view, view_selected(view)), 5);
	show(view, 2, turned, 5);
	assert_int_equal(view_selected(view), 3);
	assert_int_equal(flow_at(view, 3), 5);
	view_free(view);
}

static int expect_behind(void *context, const struct row *row)
{
	uint64_t *last = context;

	uint64_t bytes = row->delta[FLOW_IN].bytes + row->delta[FLOW_OUT].bytes;

	assert_true(bytes <= *last);
	*last = bytes;
	return 0;
}

/* Finding the window tells idle rows apart by other keys, which must not put them before the rest. */
static void test_list_is_ordered(void **state)
{
	struct given given[300];
	uint64_t last = UINT64_MAX;
	struct view *view = view_of(15, COLUMN_BPS);

	for (uint16_t i = 0; i < 300; i++)
		given[i] = (struct given){(uint16_t)(i + 1), i % 30 ? 0 : 100U + i};
	show(view, 1, given, 300);
	assert_int_equal(view_list(view, expect_behind, &last), 0);
	assert_int_equal(last, 0);
	view_free(view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_ties_are_ordered),
		cmocka_unit_test(test_first_row_is_no_flow),
		cmocka_unit_test(test_selection_follows_flow),
		cmocka_unit_test(test_gone_flow_is_succeeded),
		cmocka_unit_test(test_gone_flow_is_waited_for),
		cmocka_unit_test(test_window_scrolls_and_stays),
		cmocka_unit_test(test_line_and_height),
		cmocka_unit_test(test_reset_totals),
		cmocka_unit_test(test_reset_and_clock),
		cmocka_unit_test(test_filter_hides),
		cmocka_unit_test(test_drill),
		cmocka_unit_test(test_frozen_order),
		cmocka_unit_test(test_following),
		cmocka_unit_test(test_list_is_ordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
