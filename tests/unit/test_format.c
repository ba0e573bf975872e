/* SPDX-License-Identifier: MIT */
/* Numbers, times and untrusted text, with every boundary where rounding changes the form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format.h"

static void scaled(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.0, "0"},
		{-5, "0"},
		{0.01, "<0.1"},
		{0.0499, "<0.1"},
		{0.05, "0.1"},
		{1, "1"},
		{7.2, "7.2"},
		{9.94, "9.9"},
		{9.95, "10"},
		{9.96, "10"},
		{88, "88"},
		{99.6, "100"},
		{312, "312"},
		{999, "999"},
		{999.4, "999"},
		{999.5, "1.00 k"},
		{999.95, "1.00 k"},
		{1000, "1.00 k"},
		{1210, "1.21 k"},
		{9994, "9.99 k"},
		{9995, "10.0 k"},
		{9999, "10.0 k"},
		{88100, "88.1 k"},
		{99940, "99.9 k"},
		{99950, "100 k"},
		{312000, "312 k"},
		{999499, "999 k"},
		{999500, "1.00 M"},
		{999950, "1.00 M"},
		{8.42e6, "8.42 M"},
		{15.1e9, "15.1 G"},
		{3.4e12, "3.40 T"},
		{999.5e12, "1.00 P"},
		{(double)UINT64_MAX, "18.4 E"},
		{1e21, "1.00 Z"},
		{1e24, "1.00 Y"},
		{1e30, ">999 Y"},
		{INFINITY, ">999 Y"},
		{NAN, "0"},
	};
	char text[FORMAT_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format_scaled(cases[i].value, text, sizeof(text)),
				    cases[i].text);
}

static void scaled_never_wider_than_six(void **state)
{
	char text[FORMAT_TEXT_MAX];
	double value = 0.001;

	while (value < 1e27) {
		assert_in_range(strlen(format_scaled(value, text, sizeof(text))), 1, 6);
		value *= 1.0173;
	}
}

static void rates_and_memory(void **state)
{
	char text[FORMAT_TEXT_MAX];

	assert_string_equal(format_rate(8.42e9, "b/s", text, sizeof(text)), "8.42 Gb/s");
	assert_string_equal(format_rate(312, "b/s", text, sizeof(text)), "312 b/s");
	assert_string_equal(format_rate(0, "p/s", text, sizeof(text)), "0 p/s");
	assert_string_equal(format_memory(19500000, text, sizeof(text)), "19.5 MB");
	assert_string_equal(format_memory(999999, text, sizeof(text)), "1.00 MB");
	assert_string_equal(format_memory(0, text, sizeof(text)), "0 B");
}

static void counts(void **state)
{
	char text[FORMAT_TEXT_MAX];

	assert_string_equal(format_count(0, text, sizeof(text)), "0");
	assert_string_equal(format_count(999, text, sizeof(text)), "999");
	assert_string_equal(format_count(1000, text, sizeof(text)), "1,000");
	assert_string_equal(format_count(1204, text, sizeof(text)), "1,204");
	assert_string_equal(format_count(1000000, text, sizeof(text)), "1,000,000");
	assert_string_equal(format_count(UINT64_MAX, text, sizeof(text)),
			    "18,446,744,073,709,551,615");
	/* No room: no other number. */
	assert_string_equal(format_count(1204, text, 5), "####");
	assert_string_equal(format_count(1204, text, 6), "1,204");
	text[0] = 'x';
	format_count(1204, text, 0);
	assert_int_equal(text[0], 'x');
}

#define MS 1000000ULL
#define S  1000000000ULL

static void clocks(void **state)
{
	char text[FORMAT_TEXT_MAX];

	assert_string_equal(format_clock(0, text, sizeof(text)), "00:00:00");
	assert_string_equal(format_clock(S - 1, text, sizeof(text)), "00:00:00");
	assert_string_equal(format_clock(751 * S, text, sizeof(text)), "00:12:31");
	assert_string_equal(format_clock((100 * 3600 - 1) * S, text, sizeof(text)), "99:59:59");
	assert_string_equal(format_clock(100 * 3600 * S, text, sizeof(text)), "4d 04:00:00");
	assert_string_equal(format_clock(UINT64_MAX, text, sizeof(text)), "213503d 23:34:33");
}

static void lengths(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0 ns"},
		{999, "999 ns"},
		{1000, "1 us"},
		{999499, "999 us"},
		{999500, "1 ms"},
		{450 * MS, "450 ms"},
		{999 * MS + 499999, "999 ms"},
		{999 * MS + 500000, "1.0 s"},
		{12300 * MS, "12.3 s"},
		{59949 * MS, "59.9 s"},
		{59950 * MS, "1m 00s"},
		{60 * S, "1m 00s"},
		{751 * S, "12m 31s"},
		{3599 * S + 499 * MS, "59m 59s"},
		{3599 * S + 500 * MS, "1h 00m 00s"},
		{3723 * S, "1h 02m 03s"},
		{86400 * S, "1d 00h 00m 00s"},
	};
	char text[FORMAT_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format_length(cases[i].ns, text, sizeof(text)), cases[i].text);
}

static void wall_times(void **state)
{
	char text[FORMAT_TEXT_MAX];
	int64_t wall_ns = 1795442602123456789;

	assert_string_equal(format_rfc3339(wall_ns, text, sizeof(text)),
			    "2026-11-23T14:03:22.123Z");
	assert_string_equal(format_rfc3339(0, text, sizeof(text)), "1970-01-01T00:00:00.000Z");
	assert_string_equal(format_rfc3339(-1, text, sizeof(text)), "1969-12-31T23:59:59.999Z");
	setenv("TZ", "XXX-3", 1);
	tzset();
	assert_string_equal(format_wall(wall_ns, text, sizeof(text)), "2026-11-23 17:03:22");
	assert_string_equal(format_rfc3339(wall_ns, text, sizeof(text)),
			    "2026-11-23T14:03:22.123Z");
	unsetenv("TZ");
	tzset();
}

static void outside_text(void **state)
{
	static const struct {
		const char *from;
		const char *text;
	} cases[] = {
		{"", ""},
		{"eth0", "eth0"},
		{"\x1b[31mred", "\\x1b[31mred"},
		{"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7",
		 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m"},	    /* CSI as a C1 control */
		{"\x9b", "\\x9b"},	    /* the same as a bare byte */
		{"\xc0\xaf", "\\xc0\\xaf"}, /* overlong */
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
		{"\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xe2\x82", "\\xe2\\x82"},	     /* cut short by the end, */
		{"\xe2\x82z", "\\xe2\\x82z"},	     /* or by another character */
		{"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right-to-left override */
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
		{"\xef\xbf\xbd", "\xef\xbf\xbd"},
	};
	char text[FORMAT_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format_outside(cases[i].from, text, sizeof(text)),
				    cases[i].text);
}

static void outside_text_is_cut_whole(void **state)
{
	char text[8];

	assert_string_equal(format_outside("abc\x1b", text, 8), "abc\\x1b");
	assert_string_equal(format_outside("abcd\x1b", text, 8), "abcd");
	assert_string_equal(format_outside("abcde\xe2\x82\xac", text, 8), "abcde");
	assert_string_equal(format_outside("abcd\xe2\x82\xac", text, 8), "abcd\xe2\x82\xac");
	assert_string_equal(format_outside("abcdefghij", text, 8), "abcdefg");
	assert_string_equal(format_outside("a", text, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scaled),
		cmocka_unit_test(scaled_never_wider_than_six),
		cmocka_unit_test(rates_and_memory),
		cmocka_unit_test(counts),
		cmocka_unit_test(clocks),
		cmocka_unit_test(lengths),
		cmocka_unit_test(wall_times),
		cmocka_unit_test(outside_text),
		cmocka_unit_test(outside_text_is_cut_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
