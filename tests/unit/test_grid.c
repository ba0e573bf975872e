/* SPDX-License-Identifier: MIT */
/* grid.h: columns stand below each other by what the terminal shows, whatever the letters are. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "grid.h"
#include "utf8.h"

static const char *const names[] = {"nginx", "数据库服务", "caf\u00e9", "e\u0301tude", "ｗｉｄｅ", "\xff",
				    "日本語の長い名前を持つ処理", "a-long-name-of-a-process-in-ascii"};

#define NAMES (sizeof(names) / sizeof(names[0]))

static void cell(const struct grid *grid, size_t row, int id, char *text)
{
	if (id == 0)
		snprintf(text, GRID_CELL_MAX, "%s", names[row]);
	else
		snprintf(text, GRID_CELL_MAX, "%zu", row);
}

static int columns_of(const char *text, size_t bytes)
{
	const char *end = text + bytes;
	int columns = 0;

	while (text < end) {
		uint32_t character;
		size_t length = utf8_decode(text, &character);
		int width = length ? utf8_width(character) : 1;

		columns += width < 0 ? 1 : width;
		text += length ? length : 1;
	}
	return columns;
}

/* The number at the end of each line ends in the same column as its title. */
static void expect_aligned(unsigned int width)
{
	static const struct grid_column columns[] = {
		{.title = "NAME", .shorten = true, .id = 0},
		{.title = "ROW", .number = true, .id = 1},
	};
	struct grid grid = {.column = columns,
			    .columns = 2,
			    .rows = NAMES,
			    .width = width,
			    .cell = cell};
	char *text = NULL, *line, *end;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int first = -1;

	assert_non_null(out);
	assert_int_equal(grid_print(&grid, out), 0);
	fclose(out);
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		int used = columns_of(line, (size_t)(end - line));

		first = first < 0 ? used : first;
		assert_int_equal(used, first);
	}
	if (width)
		assert_true((unsigned int)first <= width);
	free(text);
}

static void test_wide_characters(void **state)
{
	expect_aligned(0);
	for (unsigned int width = 16; width < 60; width++)
		expect_aligned(width);
}

static void test_decoding(void **state)
{
	static const char *const wrong[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80",
					    "\xe6\x97"};
	uint32_t character = 0;

	assert_int_equal(utf8_decode("数", &character), 3);
	assert_int_equal(character, 0x6570);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(utf8_decode(wrong[i], &character), 0);
	assert_true(utf8_is_dangerous(0x202e));
	assert_true(utf8_is_dangerous(0x1b));
	assert_false(utf8_is_dangerous(0x6570));
}

/* Through text of every kind, forth and back, by whole characters. */
static void test_utf8_steps(void **state)
{
	/* An accent by itself begins a text, and what is no UTF-8 is a byte each. */
	static const char text[] = "a\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80" "e\xcc\x81\xcc\xa3z\xff\xc3(";
	static const size_t steps[] = {1, 2, 3, 4, 5, 1, 1, 1, 1};
	size_t at = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(utf8_step(text + at), steps[i]);
		at += steps[i];
		assert_int_equal(utf8_step_back(text, at), steps[i]);
	}
	assert_int_equal(utf8_step(text + at), 0);
	assert_int_equal(utf8_step_back(text, 0), 0);
	assert_int_equal(utf8_step("\xcc\x81" "a"), 2);
}

static void test_utf8_trim(void **state)
{
	static const char *const cut[][2] = {
		{"", ""},	    {"abc", "abc"},	       {"a漢", "a漢"},  {"a\xe6\xbc", "a"},
		{"a\xe6", "a"},	    {"\xf0\x9f\x98", ""},      {"\xc3", ""},	  {"é\xd0", "é"},
		/* Not a part of a character that a limit cut. */
		{"a\x80", "a\x80"}, {"a\xff", "a\xff"}, {"\x80\x80\x80\x80", "\x80\x80\x80\x80"},
	};
	char text[16];

	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		snprintf(text, sizeof(text), "%s", cut[i][0]);
		utf8_trim(text);
		assert_string_equal(text, cut[i][1]);
	}
}

static void test_utf8_encode(void **state)
{
	static const uint32_t characters[] = {0x20, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff};
	uint32_t character;

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		char bytes[UTF8_MAX + 1] = "";
		size_t length = utf8_encode(characters[i], bytes);

		assert_int_equal(utf8_decode(bytes, &character), length);
		assert_int_equal(character, characters[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide_characters),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_utf8_steps),
		cmocka_unit_test(test_utf8_trim),
		cmocka_unit_test(test_utf8_encode),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
