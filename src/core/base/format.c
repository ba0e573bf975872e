/* SPDX-License-Identifier: MIT */
/* Numbers, times and outside text for people. Pure; any thread. */
#include "format.h"

#include <math.h>
#include <stdio.h>
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
