/* SPDX-License-Identifier: MIT */
/* Decoding UTF-8; see utf8.h. Keeps nothing; any thread. */
#include "utf8.h"

#include <string.h>
#include <wchar.h>

/* Bytes of a sequence that starts with `lead`, 0 when no sequence may. */
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

size_t utf8_decode(const char *text, uint32_t *ret_character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	const unsigned char *from = (const unsigned char *)text;
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

bool utf8_is_dangerous(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f) ||
	       character == 0xad || character == 0x61c ||
	       (character >= 0x200b && character <= 0x200f) ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x206f) || character == 0xfeff ||
	       (character >= 0xfff9 && character <= 0xfffb) ||
	       (character >= 0xe0000 && character <= 0xe0fff);
}

int utf8_width(uint32_t character)
{
	return wcwidth((wchar_t)character);
}

size_t utf8_encode(uint32_t character, char text[UTF8_MAX])
{
	size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i-- > 1; character >>= 6)
		text[i] = (char)(0x80 | (character & 0x3f));
	text[0] = (char)(lead[length] | character);
	return length;
}

size_t utf8_step(const char *text)
{
	uint32_t character;
	size_t length, more;

	if (!*text)
		return 0;
	length = utf8_decode(text, &character) ?: 1;
	while ((more = utf8_decode(text + length, &character)) > 1 && !utf8_width(character))
		length += more;
	return length;
}

size_t utf8_step_back(const char *text, size_t at)
{
	size_t begin = 0, length = 0;

	/* From the start: only there is it known what combines with what. */
	while (begin < at) {
		length = utf8_step(text + begin);
		if (!length || begin + length >= at)
			break;
		begin += length;
	}
	return at - begin;
}

size_t utf8_cut(const char *text, size_t most)
{
	while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

void utf8_trim(char *text)
{
	size_t length = strlen(text), lead = length;

	while (lead && length - lead < UTF8_MAX - 1) {
		lead--;
		if (((unsigned char)text[lead] & 0xc0) != 0x80)
			break;
	}
	if (sequence_length((unsigned char)text[lead]) > length - lead)
		text[lead] = '\0';
}
