/* SPDX-License-Identifier: MIT */
/* Text, JSON and CSV; see text.h. */
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define FIRST_ROOM 65536
#define DIGITS_MAX 20
/* Longest text from outside: a path, made safe. */
#define OUTSIDE_MAX 4096

void text_done(struct text *text)
{
	free(text->at);
	*text = (struct text){0};
}

bool text_grow(struct text *text, size_t size)
{
	size_t room = text->room ? text->room : FIRST_ROOM;
	char *made;

	while (room - text->used < size)
		room *= 2;
	made = realloc(text->at, room);
	if (!made) {
		text->failed = true;
		return false;
	}
	text->at = made;
	text->room = room;
	return true;
}

void text_print(struct text *text, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	text_add(text, line);
}

/* At least so many digits. */
static void digits(struct text *text, uint64_t number, unsigned int least)
{
	char digit[DIGITS_MAX], *at = digit + sizeof(digit);

	for (; number || least; number /= 10) {
		*--at = (char)('0' + number % 10);
		least -= least > 0;
	}
	text_put(text, at, (size_t)(digit + sizeof(digit) - at));
}

void text_number(struct text *text, uint64_t number)
{
	digits(text, number, 1);
}

void text_decimal(struct text *text, double number)
{
	const uint64_t scale = 1000000, scaled = (uint64_t)(number * (double)scale + 0.5);
	uint64_t fraction = scaled % scale;
	unsigned int decimals = 6;

	digits(text, scaled / scale, 1);
	text_put(text, ".", 1);
	if (!fraction)
		decimals = 1;
	for (; decimals > 1 && fraction % 10 == 0; decimals--)
		fraction /= 10;
	digits(text, fraction, decimals);
}

/* printf() takes ten times as long, so it is left to numbers that rates are not. */
void text_real(struct text *text, double number)
{
	char line[32];

	if (number == 0 || (number >= 1e-3 && number < 1e12)) {
		text_decimal(text, number);
		return;
	}
	snprintf(line, sizeof(line), "%.15g", isfinite(number) ? number : 0);
	text_add(text, line);
	if (!strpbrk(line, ".e"))
		text_put(text, ".0", 2);
}

void json_quoted(struct text *text, const char *value)
{
	static const char hex[] = "0123456789abcdef";
	char *to = text_room(text, 6 * strlen(value) + 2), *begin = to;

	if (!to)
		return;
	*to++ = '"';
	for (; *value; value++) {
		unsigned char byte = (unsigned char)*value;

		if (byte < ' ') {
			memcpy(to, "\\u00", 4);
			to[4] = hex[byte >> 4];
			to[5] = hex[byte & 15];
			to += 6;
			continue;
		}
		if (byte == '"' || byte == '\\')
			*to++ = '\\';
		*to++ = *value;
	}
	*to++ = '"';
	text->used += (size_t)(to - begin);
}

void json_begin(struct text *text, const char *type)
{
	text_add(text, "{\"type\":");
	json_quoted(text, type);
}

static void member(struct text *text, const char *name)
{
	text_put(text, ",\"", 2);
	text_add(text, name);
	text_put(text, "\":", 2);
}

void json_text(struct text *text, const char *name, const char *value)
{
	member(text, name);
	json_quoted(text, value);
}

void json_outside(struct text *text, const char *name, const char *value)
{
	char safe[OUTSIDE_MAX];

	json_text(text, name, format_outside(value, safe, sizeof(safe)));
}

void json_number(struct text *text, const char *name, uint64_t value)
{
	member(text, name);
	text_number(text, value);
}

void json_decimal(struct text *text, const char *name, double value)
{
	member(text, name);
	text_real(text, value);
}

void json_bool(struct text *text, const char *name, bool value)
{
	member(text, name);
	text_add(text, value ? "true" : "false");
}

void json_end(struct text *text)
{
	text_put(text, "}\n", 2);
}

void csv_value(struct text *text, const char *safe)
{
	bool formula = *safe && strchr("=+-@", *safe);

	if (!formula && !strpbrk(safe, ",\"")) {
		text_add(text, safe);
		return;
	}
	text_put(text, "\"", 1);
	if (formula)
		text_put(text, "'", 1);
	for (const char *at = safe; *at; at++)
		text_put(text, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
	text_put(text, "\"", 1);
}

void csv_field(struct text *text, bool first, const char *value)
{
	char safe[OUTSIDE_MAX];

	if (!first)
		text_put(text, ",", 1);
	csv_value(text, format_outside(value, safe, sizeof(safe)));
}

/* Letters of either case differ by one bit. */
static char to_small(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter | 0x20) : letter;
}

bool text_holds(const char *text, const char *word)
{
	for (; *text; text++) {
		size_t i = 0;

		while (word[i] && to_small(text[i]) == word[i])
			i++;
		if (!word[i])
			return true;
	}
	return false;
}
