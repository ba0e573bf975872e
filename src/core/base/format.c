/* SPDX-License-Identifier: MIT */
/* Numbers, times and untrusted text for people, and what they type. Pure; any thread. */
#include "format.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"
#include "utf8.h"

#define NS_PER_MS  1000000LL
#define NS_PER_SEC 1000000000LL

/* Divides by 1000 until three digits are left; returns the prefix, "" for none. */
static const char *scale(double *value)
{
	static const char *const prefix[] = {"", "k", "M", "G", "T", "P", "E", "Z", "Y"};
	size_t i = 0;

	/* From 999.5 on, three digits would round up to "1000". */
	while (*value >= 999.5 && i + 1 < ARRAY_SIZE(prefix)) {
		*value /= 1000.0;
		i++;
	}
	return prefix[i];
}

static void digits_unscaled(double value, char *text, size_t size)
{
	if (value > 0.0 && value < 0.05)
		snprintf(text, size, "<0.1");
	else if (value < 9.95 && value != floor(value))
		snprintf(text, size, "%.1f", value);
	else
		snprintf(text, size, "%.0f", value);
}

static void digits_scaled(double value, char *text, size_t size)
{
	if (value >= 999.5)
		snprintf(text, size, ">999");
	else
		snprintf(text, size, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
}

/* The digits of a value into `digits`; returns its prefix. */
static const char *split(double value, char *digits, size_t size)
{
	const char *prefix;

	if (!(value > 0.0)) /* NaN too */
		value = 0.0;
	prefix = scale(&value);
	if (*prefix)
		digits_scaled(value, digits, size);
	else
		digits_unscaled(value, digits, size);
	return prefix;
}

char *format_scaled(double value, char *text, size_t size)
{
	char digits[16];
	const char *prefix = split(value, digits, sizeof(digits));

	snprintf(text, size, "%s%s%s", digits, *prefix ? " " : "", prefix);
	return text;
}

char *format_rate(double value, const char *unit, char *text, size_t size)
{
	char digits[16];
	const char *prefix = split(value, digits, sizeof(digits));

	snprintf(text, size, "%s %s%s", digits, prefix, unit);
	return text;
}

char *format_memory(uint64_t bytes, char *text, size_t size)
{
	return format_rate((double)bytes, "B", text, size);
}

char *format_count(uint64_t value, char *text, size_t size)
{
	char reversed[32];
	size_t length = 0;
	size_t digits = 0;

	do {
		if (digits && digits % 3 == 0)
			reversed[length++] = ',';
		reversed[length++] = (char)('0' + value % 10);
		value /= 10;
		digits++;
	} while (value);
	if (!size)
		return text;
	/* A cut number would be another number. */
	if (length >= size) {
		memset(text, '#', size - 1);
		text[size - 1] = '\0';
		return text;
	}
	for (size_t i = 0; i < length; i++)
		text[i] = reversed[length - 1 - i];
	text[length] = '\0';
	return text;
}

char *format_clock(uint64_t ns, char *text, size_t size)
{
	unsigned long long s = ns / NS_PER_SEC;
	unsigned long long h = s / 3600;

	if (h < 100)
		snprintf(text, size, "%02llu:%02llu:%02llu", h, s / 60 % 60, s % 60);
	else
		snprintf(text, size, "%llud %02llu:%02llu:%02llu", h / 24, h % 24, s / 60 % 60,
			 s % 60);
	return text;
}

static void length_in_seconds(unsigned long long s, char *text, size_t size)
{
	if (s < 3600)
		snprintf(text, size, "%llum %02llus", s / 60, s % 60);
	else if (s < 24 * 3600)
		snprintf(text, size, "%lluh %02llum %02llus", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(text, size, "%llud %02lluh %02llum %02llus", s / 86400, s / 3600 % 24,
			 s / 60 % 60, s % 60);
}

char *format_length(uint64_t ns, char *text, size_t size)
{
	/* Each limit is where rounding would reach the next form. */
	if (ns < 1000)
		snprintf(text, size, "%llu ns", (unsigned long long)ns);
	else if (ns < 999500)
		snprintf(text, size, "%llu us", (unsigned long long)(ns + 500) / 1000);
	else if (ns < 999500000)
		snprintf(text, size, "%llu ms", (unsigned long long)(ns + 500000) / NS_PER_MS);
	else if (ns < 59950000000)
		snprintf(text, size, "%.1f s", (double)ns / 1e9);
	else
		length_in_seconds(ns / NS_PER_SEC + (ns % NS_PER_SEC >= NS_PER_SEC / 2), text,
				  size);
	return text;
}

/* Splits into whole seconds and 0 to 999,999,999 ns, also before 1970. */
static void split_wall(int64_t wall_ns, time_t *ret_s, long *ret_ns)
{
	int64_t s = wall_ns / NS_PER_SEC;
	int64_t ns = wall_ns % NS_PER_SEC;

	if (ns < 0) {
		ns += NS_PER_SEC;
		s--;
	}
	*ret_s = (time_t)s;
	*ret_ns = (long)ns;
}

static void put_date(const struct tm *tm, char between, char *text, size_t size)
{
	snprintf(text, size, "%04d-%02d-%02d%c%02d:%02d:%02d", tm->tm_year + 1900, tm->tm_mon + 1,
		 tm->tm_mday, between, tm->tm_hour, tm->tm_min, tm->tm_sec);
}

char *format_wall(int64_t wall_ns, char *text, size_t size)
{
	struct tm tm = {0};
	time_t s;
	long ns;

	split_wall(wall_ns, &s, &ns);
	localtime_r(&s, &tm);
	put_date(&tm, ' ', text, size);
	return text;
}

char *format_rfc3339(int64_t wall_ns, char *text, size_t size)
{
	char whole[FORMAT_TEXT_MAX];
	struct tm tm = {0};
	time_t s;
	long ns;

	split_wall(wall_ns, &s, &ns);
	gmtime_r(&s, &tm);
	put_date(&tm, 'T', whole, sizeof(whole));
	snprintf(text, size, "%s.%03ldZ", whole, ns / (long)NS_PER_MS);
	return text;
}

static void put_escape(unsigned char byte, char *to)
{
	static const char hex[] = "0123456789abcdef";

	to[0] = '\\';
	to[1] = 'x';
	to[2] = hex[byte >> 4];
	to[3] = hex[byte & 0xf];
}

char *format_outside(const char *from, char *text, size_t size)
{
	const char *at = from;
	size_t used = 0;

	if (!size)
		return text;
	while (*at) {
		uint32_t character = 0;
		size_t length = utf8_decode(at, &character);
		bool escape = !length || utf8_is_dangerous(character);
		size_t need;

		if (!length)
			length = 1;
		need = escape ? 4 * length : length;
		if (need >= size - used)
			break;
		for (size_t i = 0; escape && i < length; i++)
			put_escape((unsigned char)at[i], text + used + 4 * i);
		if (!escape)
			memcpy(text + used, at, length);
		used += need;
		at += length;
	}
	text[used] = '\0';
	return text;
}

/* Durations as people type them. */

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

bool decimal_parse(const char *text, double *ret_number)
{
	size_t whole = strspn(text, "0123456789"), part = 0;

	if (whole && text[whole] == '.')
		part = strspn(text + whole + 1, "0123456789");
	if (!whole || (text[whole] && !part) || (part && text[whole + 1 + part]))
		return false;
	*ret_number = strtod(text, NULL);
	return true;
}

/* The edit distance, by rows of the usual table. */

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t edit_distance(const char *a, const char *b)
{
	size_t row[3][EDIT_DISTANCE_MAX + 1];
	size_t *above = row[0], *last = row[1], *now = row[2], *swap;
	size_t length = strlen(b);

	if (length > EDIT_DISTANCE_MAX || strlen(a) > EDIT_DISTANCE_MAX)
		return EDIT_DISTANCE_MAX;
	for (size_t j = 0; j <= length; j++)
		last[j] = above[j] = j;
	for (size_t i = 0; a[i]; i++) {
		now[0] = i + 1;
		for (size_t j = 1; j <= length; j++) {
			now[j] = last[j - 1] + !same_letter(a[i], b[j - 1]);
			now[j] = smaller(now[j], smaller(last[j], now[j - 1]) + 1);
			if (i && j > 1 && same_letter(a[i], b[j - 2]) &&
			    same_letter(a[i - 1], b[j - 1]))
				now[j] = smaller(now[j], above[j - 2] + 1);
		}
		swap = above;
		above = last;
		last = now;
		now = swap;
	}
	return last[length];
}
