/* SPDX-License-Identifier: MIT */
/* What text that was made safe must be, whatever it was. */
#ifndef PKTSTAT_FUZZ_OUTSIDE_H
#define PKTSTAT_FUZZ_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz.h"

/* Length of the well-formed UTF-8 character at `text` (RFC 3629), and what it is; 0: none. */
FUZZ_JUDGE static inline size_t outside_character(const unsigned char *text, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *text < 0x80   ? 1
			: *text < 0xc0 ? 0
			: *text < 0xe0 ? 2
			: *text < 0xf0 ? 3
				       : 4;
	uint32_t code = length == 1 ? *text : *text & (0x7fU >> length);

	if (!length || *text > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return length;
}

/* Control characters, line separators, and what turns the direction of text (UAX #9). */
FUZZ_JUDGE static inline bool outside_is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x2028 ||
	       code == 0x2029 || code == 0x200e || code == 0x200f ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	       code == 0xfeff;
}

/* True for text that may be printed to any terminal. */
FUZZ_JUDGE static inline bool outside_is_safe(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t code;
	size_t length;

	for (; *at; at += length) {
		length = outside_character(at, &code);
		if (!length || outside_is_harmful(code))
			return false;
	}
	return true;
}

#endif
