/* SPDX-License-Identifier: MIT */
/*
 * view.h while slots change hands: a flow of the next interface with the key of one that was there
 * before is another flow, for the selection, for what is opened, and for totals since a moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "flow.h"
#include "view.h"

#define SLOT 1

/* A flow of the slot. */
struct given {
	uint64_t bytes, total;
	int64_t first_wall_ns;
};

static struct flow_key key_of(size_t i)
{
	struct flow_key key = {
		.sport = 1000, .dport = 80, .ethertype = ETH_P_IP, .ipproto = IPPROTO_TCP};

	key.src[15] = 1;
	key.dst[15] = (uint8_t)(2 + i);
	key.where = FLOW_WHERE(SLOT, FLOW_OUT);
	return key;
}

/* What is shown at that second; in another era each time. */
static void show(struct view *view, int64_t second, unsigned int tenant, const struct given *given,
		 size_t count)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(count, &snapshot), 0);
	assert_int_equal(flow_table_new((uint32_t)second, &snapshot->table), 0);
	assert_int_equal(ifaces_new(SLOT + 1, &snapshot->ifaces), 0);
	snapshot->ifaces->entry[SLOT].tenant = tenant;
	snapshot->era = (uint32_t)second;
	snapshot->elapsed_ns = 1000000000;
	snapshot->wall_ns = second;
	for (size_t i = 0; i < count; i++) {
		struct flow_table_entry entry = {.key = key_of(i),
						 .first_wall_ns = given[i].first_wall_ns,
						 .previous_id = FLOW_TABLE_NO_ID};
		uint32_t id;

		assert_int_equal(flow_table_append(snapshot->table, &entry, &id), 0);
		snapshot->row[i].id = id;
		snapshot->row[i].delta_packets = given[i].bytes / 100;
		snapshot->row[i].delta_bytes = given[i].bytes;
		snapshot->row[i].bytes = given[i].total;
	}
	view_set_snapshot(view, snapshot);
	snapshot_unref(snapshot);
	assert_int_equal(view_arrange(view), 0);
}

static struct view *view_new_of(enum group_by by)
{
	struct view *view;

	assert_int_equal(view_new(COLUMN_BPS, &view), 0);
	view_set_height(view, 5);
	view_set_group(view, by);
	return view;
}

static const struct given busy_last[] = {{100, 100, 1}, {200, 200, 1}, {300, 300, 1}};
static const struct given busy_first[] = {{300, 400, 1}, {200, 400, 1}, {100, 400, 1}};

static uint8_t selected_last(const struct view *view)
{
	struct row row;

	assert_true(view_get_selected(view, &row));
	return row.key.dst[15];
}

static void test_selection(void **state)
{
	static const enum group_by groups[] = {GROUP_FLOW, GROUP_CONVERSATION};

	for (size_t i = 0; i < 2; i++) {
		struct view *view = view_new_of(groups[i]);

		show(view, 1, 0, busy_last, 3);
		view_pin(view);
		assert_int_equal(view_arrange(view), 0);
		assert_int_equal(selected_last(view), 4);
		/* The same interface: the selection goes along. */
		show(view, 2, 0, busy_first, 3);
		assert_int_equal(selected_last(view), 4);
		assert_int_equal(view_selected(view), 2);
		/* Another one: it is succeeded in its place. */
		show(view, 3, 1, busy_last, 3);
		assert_int_equal(view_selected(view), 2);
		assert_int_equal(selected_last(view), 2);
		view_free(view);
	}
}

/* Hosts are those of all interfaces: nothing changes for them. */
static void test_selected_host(void **state)
{
	struct view *view = view_new_of(GROUP_HOST);

	show(view, 1, 0, busy_last, 3);
	view_pin(view);
	assert_int_equal(view_arrange(view), 0);
	show(view, 2, 1, busy_first, 3);
	assert_int_equal(selected_last(view), 4);
	assert_int_equal(view_selected(view), 2);
	view_free(view);
}

static void test_opened(void **state)
{
	struct view *view = view_new_of(GROUP_IFACE);

	show(view, 1, 0, busy_last, 3);
	assert_true(view_drill(view));
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(view_count(view), 3);
	show(view, 2, 1, busy_first, 3);
	assert_int_equal(view_count(view), 0);
	/* Rewound to when it was there. */
	show(view, 1, 0, busy_last, 3);
	assert_int_equal(view_count(view), 3);
	view_free(view);
}

static uint64_t total_at(const struct view *view, size_t place)
{
	struct row row;

	assert_true(view_get(view, place, &row));
	return row.total[FLOW_OUT].bytes;
}

/* Totals of the flow before are not taken off those of the next one; rewound, they still are. */
static void test_reset(void **state)
{
	static const struct given before = {100, 5000, 1}, after = {300, 5300, 1},
				  next = {40, 70, 12};
	struct view *view = view_new_of(GROUP_FLOW);

	show(view, 10, 0, &before, 1);
	assert_int_equal(view_reset_totals(view), 0);
	show(view, 11, 0, &after, 1);
	assert_int_equal(total_at(view, 0), 300);
	show(view, 13, 1, &next, 1);
	assert_int_equal(total_at(view, 0), 70);
	show(view, 11, 0, &after, 1);
	assert_int_equal(total_at(view, 0), 300);
	show(view, 13, 1, &next, 1);
	assert_int_equal(total_at(view, 0), 70);
	view_free(view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_selected_host),
		cmocka_unit_test(test_opened),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
