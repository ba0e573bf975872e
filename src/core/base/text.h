/* SPDX-License-Identifier: MIT */
/*
 * Text of an output under construction: grows as needed, and keeps its memory. What finds no memory is
 * left out, and text_failed() says so. Belongs to its caller; one thread.
 */
#ifndef PKTSTAT_TEXT_H
#define PKTSTAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *at;
	size_t used, room;
	bool failed;
};

static inline void text_clear(struct text *text)
{
	text->used = 0;
	text->failed = false;
}

void text_done(struct text *text);
/* Makes room for `size` bytes more; false: there is none. */
bool text_grow(struct text *text, size_t size);

/* Room for `size` bytes more, of which the caller fills some and adds them to `used`; NULL: none. */
static inline char *text_room(struct text *text, size_t size)
{
	if (text->room - text->used < size && !text_grow(text, size))
		return NULL;
	return text->at + text->used;
}

static inline void text_put(struct text *text, const char *from, size_t length)
{
	char *to = text_room(text, length);

	if (!to)
		return;
	memcpy(to, from, length);
	text->used += length;
}

static inline void text_add(struct text *text, const char *from)
{
	text_put(text, from, strlen(from));
}

void __attribute__((format(printf, 2, 3))) text_print(struct text *text, const char *format, ...);
void text_number(struct text *text, uint64_t number);
/*
 * Always with a fraction or an exponent, as readers expect of a real number: six decimals at most, without
 * zeros at the end; below 0.001 and from 10^12 on, fifteen digits. What is no finite number becomes 0.
 */
void text_real(struct text *text, double number);
/* The same of 0 to 10^12 only, and what is below a millionth is lost. */
void text_decimal(struct text *text, double number);

/*
 * JSON (RFC 8259). An object of one line begins with its type; then members; then its end. Text from
 * outside is made safe first.
 */
void json_begin(struct text *text, const char *type);
void json_text(struct text *text, const char *name, const char *value);
void json_outside(struct text *text, const char *name, const char *value);
void json_number(struct text *text, const char *name, uint64_t value);
void json_decimal(struct text *text, const char *name, double value);
void json_bool(struct text *text, const char *name, bool value);
void json_end(struct text *text);
/* A value in quotes. */
void json_quoted(struct text *text, const char *value);

/*
 * A field of CSV (RFC 4180) and the comma in front of it, unless `first`. Text from outside that a
 * spreadsheet would take for a formula begins with an apostrophe.
 */
void csv_field(struct text *text, bool first, const char *value);
/* The same without comma, of text that is safe already. */
void csv_value(struct text *text, const char *safe);

/*
 * True when a text holds a word, which is in lower case. Letters beyond ASCII have one case. Pure; any
 * thread.
 */
bool text_holds(const char *text, const char *word);

#endif
