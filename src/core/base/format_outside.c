/* SPDX-License-Identifier: MIT */
/*
 * Text from outside, made safe for a terminal and for JSON. Pure; any thread. What counts as valid
 * UTF-8 is Unicode's table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
 */
#include "format.h"

#include <string.h>

/* Bytes a sequence that begins with `lead` has, 0 when none may begin with it. */
static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Decodes the character at `from`; returns its length, 0 when it is no valid UTF-8. */
static size_t decode(const unsigned char *from, uint32_t *ret_character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t length = sequence_length(from[0]);
	uint32_t character;

	if (!length)
		return 0;
	character = from[0] & lead_bits[length];
	for (size_t i = 1; i < length; i++) {
		if ((from[i] & 0xc0) != 0x80) /* the end of the string too */
			return 0;
		character = character << 6 | (from[i] & 0x3f);
	}
	if (character < smallest[length] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return length;
}

/* Characters that control the terminal, end a line, or turn the direction of what follows. */
static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f) ||
	       character == 0x061c || (character >= 0x200b && character <= 0x200f) ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x2069) || character == 0xfeff;
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
	const unsigned char *at = (const unsigned char *)from;
	size_t used = 0;

	if (!size)
		return text;
	while (*at) {
		uint32_t character = 0;
		size_t length = decode(at, &character);
		bool escape = !length || is_control(character);
		size_t need;

		if (!length)
			length = 1;
		need = escape ? 4 * length : length;
		if (need >= size - used)
			break;
		for (size_t i = 0; escape && i < length; i++)
			put_escape(at[i], text + used + 4 * i);
		if (!escape)
			memcpy(text + used, at, length);
		used += need;
		at += length;
	}
	text[used] = '\0';
	return text;
}
