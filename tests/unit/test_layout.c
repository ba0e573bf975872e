/* SPDX-License-Identifier: MIT */
/* layout.h: every size fits, and columns leave in their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "layout.h"

/* An order by both directions together is seen in those two. */
static bool sum_is_seen(const struct layout *layout, const struct layout_wish *wish)
{
	return wish->sort == (wish->packets ? COLUMN_PPS : COLUMN_BPS) &&
	       layout_find(layout, COLUMN_IN) && layout_find(layout, COLUMN_OUT);
}

static void check_size(int width, int height, const struct layout_wish *wish)
{
	struct layout layout;
	int x = 0;

	layout_fit(width, height, wish, &layout);
	assert_in_range(layout.rows, 0, height);
	if (layout.rows)
		assert_in_range(layout.rows_y + layout.rows, 1, height);
	assert_true(layout.keys_y < height && layout.status_y < height);
	assert_in_range(layout.columns, 0, LAYOUT_COLUMNS_MAX);
	for (int i = 0; i < layout.columns; i++) {
		assert_true(layout.column[i].x >= x);
		assert_true(layout.column[i].width > 0);
		x = layout.column[i].x + layout.column[i].width + 1;
	}
	if (width >= 12)
		assert_true(x <= width + 1);
	/* One direction alone is there only where it is sorted by. */
	if (wish->sort != COLUMN_IN && wish->sort != COLUMN_OUT)
		assert_int_equal(layout_find(&layout, COLUMN_IN) != NULL,
				 layout_find(&layout, COLUMN_OUT) != NULL);
	/* What the table is sorted by is on screen, unless it is an address or next to nothing is. */
	if (width >= 12 && column_info(wish->sort)->number && layout_may_show(wish, wish->sort))
		assert_true(layout_find(&layout, wish->sort) || sum_is_seen(&layout, wish));
}

static void check_wish(const struct layout_wish *wish)
{
	for (int width = 1; width <= 300; width++)
		check_size(width, 24, wish);
	for (int height = 1; height <= 60; height++)
		check_size(80, height, wish);
}

static void test_all_sizes(void **state)
{
	for (int by = 0; by < GROUPS; by++) {
		for (int sort = 0; sort < COLUMNS; sort++) {
			struct layout_wish wish = {.by = (enum group_by)by,
						   .sort = (enum column)sort};

			for (int more = 0; more < 16; more++) {
				wish.totals = more & 1;
				wish.owners = more & 2;
				wish.ifaces = more & 4;
				wish.packets = more & 8;
				check_wish(&wish);
			}
		}
	}
}

static bool has(int width, enum column sort, enum column column)
{
	struct layout_wish wish = {.by = GROUP_FLOW, .sort = sort};
	struct layout layout;

	layout_fit(width, 24, &wish, &layout);
	return layout_find(&layout, column) != NULL;
}

/* The narrowest width at which a column is there. */
static int least_width(enum column column)
{
	int width = 1;

	while (!has(width, COLUMN_BPS, column))
		width++;
	return width;
}

static void test_order_of_leaving(void **state)
{
	static const enum column order[] = {COLUMN_PACKETS,	COLUMN_BYTES, COLUMN_PPS,
					    COLUMN_DESTINATION, COLUMN_PROTO, COLUMN_SOURCE,
					    COLUMN_BPS};

	for (size_t i = 1; i < sizeof(order) / sizeof(order[0]); i++)
		assert_true(least_width(order[i]) <= least_width(order[i - 1]));
	assert_true(has(40, COLUMN_BPS, COLUMN_PROTO));
	assert_false(has(40, COLUMN_BPS, COLUMN_DESTINATION));
	assert_true(has(80, COLUMN_BPS, COLUMN_PPS));
	assert_true(has(40, COLUMN_PACKETS, COLUMN_PACKETS));
}

static void test_totals_turned_round(void **state)
{
	struct layout_wish wish = {.by = GROUP_FLOW, .sort = COLUMN_BPS, .totals = true};
	struct layout layout;

	/* Where there was no room for all, they come instead of packets a second. */
	layout_fit(80, 24, &wish, &layout);
	assert_non_null(layout_find(&layout, COLUMN_PACKETS));
	assert_non_null(layout_find(&layout, COLUMN_BYTES));
	assert_null(layout_find(&layout, COLUMN_PPS));
	/* Where all were there, they go. */
	layout_fit(132, 24, &wish, &layout);
	assert_null(layout_find(&layout, COLUMN_PACKETS));
	assert_null(layout_find(&layout, COLUMN_BYTES));
	assert_non_null(layout_find(&layout, COLUMN_PPS));
}

static bool has_with(struct layout_wish wish, int width, enum column column)
{
	struct layout layout;

	layout_fit(width, 24, &wish, &layout);
	return layout_find(&layout, column) != NULL;
}

static void test_owners(void **state)
{
	struct layout_wish none = {.by = GROUP_FLOW, .sort = COLUMN_BPS};
	struct layout_wish owners = {.by = GROUP_FLOW, .sort = COLUMN_BPS, .owners = true};
	struct layout_wish processes = {.by = GROUP_PROCESS, .sort = COLUMN_BPS, .owners = true};

	/* Not looked up: not there, however wide. Else where an address still fits beside it. */
	assert_false(has_with(none, 300, COLUMN_PROCESS));
	assert_false(has_with(none, 300, COLUMN_CONTAINER));
	assert_true(has_with(owners, 80, COLUMN_PROCESS));
	assert_false(has_with(owners, 80, COLUMN_USER));
	assert_true(has_with(owners, 200, COLUMN_USER));
	assert_true(has_with(owners, 200, COLUMN_CONTAINER));
	/* There the process matters more than totals. */
	assert_true(has_with(processes, 80, COLUMN_CONTAINER));
	/* What is sorted by is seen. */
	owners.sort = COLUMN_USER;
	assert_true(has_with(owners, 80, COLUMN_USER));
}

static void test_ifaces(void **state)
{
	struct layout_wish one = {.by = GROUP_FLOW, .sort = COLUMN_BPS, .owners = true};
	struct layout_wish more = {
		.by = GROUP_FLOW, .sort = COLUMN_BPS, .owners = true, .ifaces = true};

	assert_false(has_with(one, 300, COLUMN_IFACE));
	assert_true(has_with(more, 80, COLUMN_IFACE));
	assert_true(has_with(more, 80, COLUMN_PROCESS));
	more.by = GROUP_CONVERSATION;
	assert_true(has_with(more, 100, COLUMN_IFACE));
}

/* Packets chosen first: their rate stands where bits stood, and stays as long as those did. */
static void test_packets_first(void **state)
{
	struct layout_wish wish = {.by = GROUP_FLOW, .sort = COLUMN_SOURCE, .packets = true};
	struct layout layout;

	layout_fit(80, 24, &wish, &layout);
	assert_true(layout_find(&layout, COLUMN_PPS)->x < layout_find(&layout, COLUMN_BPS)->x);
	assert_true(has_with(wish, 40, COLUMN_PPS));
	assert_false(has_with(wish, 40, COLUMN_BPS));
	wish.totals = true;
	assert_true(has_with(wish, 80, COLUMN_PPS));
	assert_false(has_with(wish, 80, COLUMN_BPS));
	wish.by = GROUP_HOST;
	assert_false(has_with(wish, 40, COLUMN_BPS));
	wish.by = GROUP_FLOW;
	wish.totals = false;
	wish.sort = COLUMN_BPS;
	assert_true(has_with(wish, 40, COLUMN_BPS));
	assert_false(has_with(wish, 40, COLUMN_PPS));
}

static void test_column_at(void **state)
{
	struct layout_wish wish = {.by = GROUP_FLOW, .sort = COLUMN_BPS};
	struct layout layout;

	layout_fit(132, 40, &wish, &layout);
	for (int i = 0; i < layout.columns; i++)
		assert_ptr_equal(layout_column_at(&layout, layout.column[i].x), &layout.column[i]);
	assert_null(layout_column_at(&layout, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test(test_order_of_leaving),
		cmocka_unit_test(test_totals_turned_round),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_ifaces),
		cmocka_unit_test(test_packets_first),
		cmocka_unit_test(test_column_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
