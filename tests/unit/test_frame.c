/* SPDX-License-Identifier: MIT */
/* frame.h: text of every kind at every edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "frame_dump.h"

static void expect_dump(const struct frame *frame, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(frame_dump(frame, out), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void put(const char *text, int x, int width, const char *expected)
{
	struct frame frame = {0};

	assert_int_equal(frame_init(&frame, 8, 1), 0);
	frame_put(&frame, x, 0, width, STYLE_PLAIN, text);
	expect_dump(&frame, expected);
	frame_done(&frame);
}

static void test_edges(void **state)
{
	put("abc", 0, 8, "abc\n-- styles\n");
	put("abcdefghijk", 0, 99, "abcdefgh\n-- styles\n");
	put("abcdefghijk", 2, 3, "  abc\n-- styles\n");
	put("abc", 7, 8, "       a\n-- styles\n");
	put("abc", 8, 8, "\n-- styles\n");
	put("abc", -1, 8, "\n-- styles\n");
	put("abc", 0, -5, "\n-- styles\n");
}

static void test_wide_and_combining(void **state)
{
	put("漢字", 0, 8, "漢字\n-- styles\n");
	/* Half a character is none. */
	put("漢字", 0, 3, "漢\n-- styles\n");
	put("e\xcc\x81x", 0, 8, "e\xcc\x81x\n-- styles\n");
	put("漢\xcc\x81x", 0, 8, "漢\xcc\x81x\n-- styles\n");
	put("\xcc\x81x", 0, 8, "x\n-- styles\n");
	assert_int_equal(frame_text_width("漢e\xcc\x81x"), 4);
}

static void test_hostile(void **state)
{
	char marks[100] = "e";

	put("a\x1b[2Jb", 0, 8, "a?[2Jb\n-- styles\n");
	put("a\xe2\x80\xae"
	    "b",
	    0, 8, "a?b\n-- styles\n"); /* right-to-left override */
	put("a\xff\xc0\x80z", 0, 8, "a???z\n-- styles\n");
	put("a\xe2\x80", 0, 8, "a??\n-- styles\n");
	put("\xed\xa0\x80", 0, 8, "???\n-- styles\n"); /* a surrogate */
	/* More marks than a cell holds: as many as fit. */
	for (int i = 0; i < 40; i++)
		memcpy(marks + 1 + 2 * i, "\xcc\x81", 3);
	assert_int_equal(frame_text_width(marks), 1);
	put(marks, 0, 8, "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\n-- styles\n");
}

static void test_overwriting_halves(void **state)
{
	struct frame frame = {0};

	assert_int_equal(frame_init(&frame, 4, 1), 0);
	frame_put(&frame, 0, 0, 4, STYLE_PLAIN, "漢字");
	frame_put(&frame, 1, 0, 2, STYLE_PLAIN, "xy");
	expect_dump(&frame, " xy\n-- styles\n");
	frame_done(&frame);
}

static void test_styles(void **state)
{
	struct frame frame = {0};

	assert_int_equal(frame_init(&frame, 6, 2), 0);
	frame_put(&frame, 0, 0, 6, STYLE_IN | STYLE_BOLD, "ab");
	frame_put_right(&frame, 0, 1, 6, STYLE_WARN, "xyz");
	frame_paint(&frame, 4, 1, 99, STYLE_REVERSE);
	frame_paint(&frame, -3, 0, 4, STYLE_OUT);
	expect_dump(&frame, "ab\n   xyz\n-- styles\n0:0-0 out bold\n0:1-1 in bold\n"
			    "1:3-3 warn\n1:4-5 warn reverse\n");
	frame_clear(&frame);
	expect_dump(&frame, "\n\n-- styles\n");
	frame_done(&frame);
}

static void test_sizes(void **state)
{
	struct frame frame = {0};

	assert_int_equal(frame_init(&frame, 0, 5), -EINVAL);
	assert_int_equal(frame_init(&frame, 5, FRAME_SIDE_MAX + 1), -EINVAL);
	assert_int_equal(frame_init(&frame, 1, 1), 0);
	frame_put(&frame, 0, 0, 1, STYLE_PLAIN, "漢");
	expect_dump(&frame, "\n-- styles\n");
	frame_done(&frame);
	frame_done(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),	cmocka_unit_test(test_wide_and_combining),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_overwriting_halves),
		cmocka_unit_test(test_styles),	cmocka_unit_test(test_sizes),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
