/* SPDX-License-Identifier: MIT */
/* select.h against a full sort, on keys with few, many and only ties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "select.h"

#define ITEMS 5000

/* Three levels of key for each index; the comparison knows them all and the index. */
struct levels {
	uint64_t key[3][ITEMS];
};

static void refine(const void *context, unsigned int level, struct select_item *item, size_t count)
{
	const struct levels *levels = context;

	for (size_t i = 0; i < count; i++)
		item[i].key = levels->key[level][item[i].index];
}

static int compare(const void *context, uint32_t a, uint32_t b)
{
	const struct levels *levels = context;

	for (int i = 0; i < 3; i++) {
		if (levels->key[i][a] != levels->key[i][b])
			return levels->key[i][a] > levels->key[i][b] ? -1 : 1;
	}
	return a < b ? -1 : a > b;
}

static int compare_indexes(const void *a, const void *b, void *context)
{
	return compare(context, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void fill(struct levels *levels, const uint64_t range[3])
{
	for (int level = 0; level < 3; level++) {
		for (size_t i = 0; i < ITEMS; i++)
			levels->key[level][i] = (uint64_t)random() % range[level];
	}
}

static void reset(const struct levels *levels, struct select_item *item)
{
	for (uint32_t i = 0; i < ITEMS; i++)
		item[i] = (struct select_item){.key = levels->key[0][i], .index = i};
}

static void check(const struct levels *levels)
{
	struct select_order order = {refine, 2, compare, levels};
	struct select_item *item = calloc(ITEMS, sizeof(*item));
	uint32_t *sorted = calloc(ITEMS, sizeof(*sorted));
	const size_t begins[] = {0, 1, 40, 2500, ITEMS - 30, ITEMS - 1};

	for (uint32_t i = 0; i < ITEMS; i++)
		sorted[i] = i;
	qsort_r(sorted, ITEMS, sizeof(*sorted), compare_indexes, (void *)(uintptr_t)levels);
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t end = begins[i] + 50 < ITEMS ? begins[i] + 50 : ITEMS;

		reset(levels, item);
		assert_int_equal(select_rank(&order, item, ITEMS, &item[sorted[begins[i]]]),
				 begins[i]);
		/* An end behind the last item is cut. */
		select_window(&order, item, ITEMS, begins[i], begins[i] + 50);
		for (size_t j = begins[i]; j < end; j++)
			assert_int_equal(item[j].index, sorted[j]);
	}
	reset(levels, item);
	select_window(&order, item, ITEMS, 0, ITEMS);
	for (size_t j = 0; j < ITEMS; j++)
		assert_int_equal(item[j].index, sorted[j]);
	free(sorted);
	free(item);
}

static void test_same_as_sort(void **state)
{
	static const uint64_t ranges[][3] = {
		{UINT32_MAX, 5, 5}, {100, 100, 100}, {2, 3, 4}, {1, 1, 1}, {1, 40, 1}, {1, 1, 9},
	};
	struct levels *levels = calloc(1, sizeof(*levels));

	srandom(1);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		fill(levels, ranges[i]);
		check(levels);
	}
	free(levels);
}

static void test_nothing(void **state)
{
	struct select_order order = {refine, 2, compare, NULL};
	struct select_item item = {.key = 1, .index = 7};

	select_window(&order, NULL, 0, 0, 10);
	select_window(&order, &item, 1, 0, 10);
	assert_int_equal(item.index, 7);
	assert_int_equal(select_rank(&order, &item, 0, &item), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_sort),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
