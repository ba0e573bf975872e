/* SPDX-License-Identifier: MIT */
/* Reads durations; see duration.h. Keeps nothing; any thread. */
#include "duration.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "array.h"

static const char why_none[] = "it is empty; write for example 30s, 5m or 1h30m";
static const char why_negative[] = "it is negative";
static const char why_number[] =
	"it is not a number with a unit; write for example 30s, 5m or 1h30m";
static const char why_no_unit[] = "it has no unit; write for example 30s, 5m or 1h30m";
static const char why_unit[] = "its unit is unknown; the units are ns, us, ms, s, m and h";
static const char why_long[] = "it is too long; the longest duration is about 292 years (2562047h)";

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* micro sign */
	{"\xce\xbcs", 1000}, /* Greek letter mu */
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", 60 * 1000000000ULL},
	{"h", 3600 * 1000000000ULL},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits before the point; false when they are too many. */
static bool read_whole(const char **at, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (; is_digit(**at); (*at)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**at - '0'), &value))
			return false;
	}
	*ret_value = value;
	return true;
}

/* The digits behind the point. Those beyond what 64 bits hold are below any unit's nanosecond. */
static void read_fraction(const char **at, uint64_t *ret_value, uint64_t *ret_scale)
{
	uint64_t value = 0, scale = 1;

	for (; is_digit(**at); (*at)++) {
		if (scale >= UINT64_MAX / 100)
			continue;
		value = value * 10 + (uint64_t)(**at - '0');
		scale *= 10;
	}
	*ret_value = value;
	*ret_scale = scale;
}

/* The unit at `*at`, which ends at a digit, a point or the end; 0 when there is none like it. */
static uint64_t read_unit(const char **at)
{
	size_t length = strcspn(*at, ".0123456789");

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == length && memcmp(*at, units[i].name, length) == 0) {
			*at += length;
			return units[i].ns;
		}
	}
	return 0;
}

static bool add_term(uint64_t *total, uint64_t whole, uint64_t fraction, uint64_t scale,
		     uint64_t unit)
{
	uint64_t ns;

	if (__builtin_mul_overflow(whole, unit, &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)((unsigned __int128)fraction * unit / scale),
				   &ns) ||
	    __builtin_add_overflow(*total, ns, total))
		return false;
	return *total <= DURATION_MAX_NS;
}

static int fail(int error, const char *why, const char **ret_why)
{
	*ret_why = why;
	return error;
}

/* One number with its unit, added to `*total`. */
static int read_term(const char **at, uint64_t *total, const char **ret_why)
{
	const char *begin = *at;
	uint64_t whole, fraction = 0, scale = 1, unit;
	bool digits;

	if (!read_whole(at, &whole))
		return fail(-ERANGE, why_long, ret_why);
	digits = *at > begin;
	if (**at == '.') {
		(*at)++;
		digits = digits || is_digit(**at);
		read_fraction(at, &fraction, &scale);
	}
	if (!digits)
		return fail(-EINVAL, why_number, ret_why);
	if (!**at || **at == '.')
		return fail(-EINVAL, why_no_unit, ret_why);
	unit = read_unit(at);
	if (!unit)
		return fail(-EINVAL, why_unit, ret_why);
	if (!add_term(total, whole, fraction, scale, unit))
		return fail(-ERANGE, why_long, ret_why);
	return 0;
}

int duration_parse(const char *text, uint64_t *ret_ns, const char **ret_why)
{
	uint64_t total = 0;
	int err = 0;

	if (*text == '-' && (is_digit(text[1]) || text[1] == '.'))
		return fail(-ERANGE, why_negative, ret_why);
	if (*text == '+')
		text++;
	if (!*text)
		return fail(-EINVAL, why_none, ret_why);
	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	while (!err && *text)
		err = read_term(&text, &total, ret_why);
	if (!err)
		*ret_ns = total;
	return err;
}
