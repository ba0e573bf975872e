/* SPDX-License-Identifier: MIT */
/* Columns: names, aliases, and that no text forgets one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "column.h"

static void every_name_finds_its_column(void **state)
{
	char names[COLUMN_NAMES_MAX];

	for (int i = 0; i < COLUMNS; i++) {
		const struct column_info *info = column_info((enum column)i);

		assert_int_equal(info->column, i);
		if (!info->sortable) {
			assert_int_equal(column_of_name(info->name), -1);
			continue;
		}
		assert_int_equal(column_of_name(info->name), i);
		assert_non_null(strstr(column_names(names, sizeof(names)), info->name));
	}
}

static void aliases_and_case(void **state)
{
	assert_int_equal(column_of_name("src"), COLUMN_SOURCE);
	assert_int_equal(column_of_name("dst"), COLUMN_DESTINATION);
	assert_int_equal(column_of_name("protocol"), COLUMN_PROTO);
	assert_int_equal(column_of_name("BPS"), COLUMN_BPS);
}

static void other_names_find_none(void **state)
{
	assert_int_equal(column_of_name(""), -1);
	assert_int_equal(column_of_name("bp"), -1);
	assert_int_equal(column_of_name("bps "), -1);
}

/* Of a flow, its direction's; of a group, all. */
static void share(void **state)
{
	struct column_context context = {
		.elapsed_ns = 1000000000,
		.all = {[FLOW_IN] = {10, 4000}, [FLOW_OUT] = {10, 1000}},
	};
	struct row row = {.delta = {[FLOW_OUT] = {5, 250}}};

	row.key.where = FLOW_WHERE(0, FLOW_OUT);
	assert_int_equal(column_value(COLUMN_SHARE, &context, &row) * 1000, 25000);
	context.by = GROUP_HOST;
	assert_int_equal(column_value(COLUMN_SHARE, &context, &row) * 1000, 5000);
	context.all[FLOW_IN].bytes = context.all[FLOW_OUT].bytes = 0;
	assert_int_equal(column_value(COLUMN_SHARE, &context, &row), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_finds_its_column),
		cmocka_unit_test(aliases_and_case),
		cmocka_unit_test(other_names_find_none),
		cmocka_unit_test(share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
