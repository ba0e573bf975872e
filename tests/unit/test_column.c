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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_finds_its_column),
		cmocka_unit_test(aliases_and_case),
		cmocka_unit_test(other_names_find_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
