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

#include "flow.h"
#include "view.h"

/* A flow named by one number, with so many bytes in the interval. */
struct given {
	uint16_t flow;
	uint64_t bytes;
};

static struct flow_key key_of(uint16_t flow)
{
	struct flow_key key = {.sport = flow, .dport = 80, .ethertype = ETH_P_IP,
			       .ipproto = IPPROTO_TCP};

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
	struct view_row row;

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
	view_move(view, 1);
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
	view_move(view, 1);
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
	view_move(view, 2);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_ties_are_ordered),
		cmocka_unit_test(test_first_row_is_no_flow),
		cmocka_unit_test(test_selection_follows_flow),
		cmocka_unit_test(test_gone_flow_is_succeeded),
		cmocka_unit_test(test_window_scrolls_and_stays),
		cmocka_unit_test(test_line_and_height),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
