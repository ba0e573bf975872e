/* SPDX-License-Identifier: MIT */
/* Text from outside, made safe for a terminal and for JSON. Pure; any thread. */
#include "format.h"

#include <string.h>

#include "utf8.h"

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
