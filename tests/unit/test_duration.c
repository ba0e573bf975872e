/* SPDX-License-Identifier: MIT */
/* Durations in Go's syntax: what is read, and why the rest is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "format.h"

#define MS 1000000ULL
#define S  1000000000ULL

static void read_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{"0", 0},
		{"+0", 0},
		{"0s", 0},
		{"5s", 5 * S},
		{"+5s", 5 * S},
		{"30s", 30 * S},
		{"1478s", 1478 * S},
		{"5.0s", 5 * S},
		{"5.6s", 5600 * MS},
		{"5.s", 5 * S},
		{".5s", 500 * MS},
		{"1.0s", S},
		{"1.004s", 1004 * MS},
		{"100.00100s", 100001 * MS},
		{"10ns", 10},
		{"11us", 11000},
		{"12\xc2\xb5s", 12000},
		{"12\xce\xbcs", 12000},
		{"300ms", 300 * MS},
		{"14s", 14 * S},
		{"15m", 900 * S},
		{"16h", 57600 * S},
		{"1h30m", 5400 * S},
		{"1.5h", 5400 * S},
		{"2h45m30s", 9930 * S},
		{"3h30m2.5s", 12602500 * MS},
		{"39h9m14.425s", 140954425 * MS},
		{"52763797000ns", 52763797000},
		{"0.3333333333333333333h", 1200 * S - 1},
		{"9223372036854775807ns", INT64_MAX},
		{"9223372036854775.807us", INT64_MAX},
		{"9223372036s854ms775us807ns", INT64_MAX},
		{"0.100000000000000000000h", 360 * S},
		{"0.830103483285477580700h", 2988372539827},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;
		uint64_t ns = 1;

		if (duration_parse(cases[i].text, &ns, &why))
			fail_msg("'%s' refused: %s", cases[i].text, why);
		/* A fraction of the last nanosecond is cut off. */
		if (ns != cases[i].ns)
			fail_msg("'%s' is %llu, not %llu", cases[i].text, (unsigned long long)ns,
				 (unsigned long long)cases[i].ns);
	}
}

static void refuse_the_rest(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *why;
	} cases[] = {
		{"", -EINVAL, "empty"},
		{"+", -EINVAL, "empty"},
		{"-5s", -ERANGE, "negative"},
		{"-.5s", -ERANGE, "negative"},
		{"30", -EINVAL, "no unit"},
		{"1h30", -EINVAL, "no unit"},
		{"1.5", -EINVAL, "no unit"},
		{"1.2.3s", -EINVAL, "no unit"},
		{"00", -EINVAL, "no unit"},
		{"3d", -EINVAL, "unit is unknown"},
		{"5S", -EINVAL, "unit is unknown"},
		{"5 s", -EINVAL, "unit is unknown"},
		{"5s ", -EINVAL, "unit is unknown"},
		{"5s-3s", -EINVAL, "unit is unknown"},
		{"5\xc2s", -EINVAL, "unit is unknown"},
		{".s", -EINVAL, "not a number"},
		{".", -EINVAL, "not a number"},
		{"s", -EINVAL, "not a number"},
		{"-", -EINVAL, "not a number"},
		{"+-5s", -EINVAL, "not a number"},
		{" 5s", -EINVAL, "not a number"},
		{"0x1s", -EINVAL, "unit is unknown"},
		{"99999999999h", -ERANGE, "too long"},
		{"9223372036854775808ns", -ERANGE, "too long"},
		{"9223372036s854ms775us808ns", -ERANGE, "too long"},
		{"99999999999999999999999s", -ERANGE, "too long"},
		{"2562048h", -ERANGE, "too long"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;
		uint64_t ns = 77;
		int err = duration_parse(cases[i].text, &ns, &why);

		if (err != cases[i].err)
			fail_msg("'%s' gives %d", cases[i].text, err);
		if (!strstr(why, cases[i].why))
			fail_msg("'%s' refused because '%s'", cases[i].text, why);
		assert_int_equal(ns, 77); /* untouched */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_durations),
		cmocka_unit_test(refuse_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
