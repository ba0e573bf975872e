/* SPDX-License-Identifier: MIT */
/*
 * Characters of UTF-8 text: the one decoder, the one list of characters that must not reach a
 * terminal, and the columns a character takes. Pure but for the locale; any thread.
 */
#ifndef PKTSTAT_UTF8_H
#define PKTSTAT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The character at the start of `text`; returns its length in bytes, 0 when there is no valid one:
 * Unicode's table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
 */
size_t utf8_decode(const char *text, uint32_t *ret_character);

/* Characters that control a terminal, end a line, are invisible, or change the text direction. */
bool utf8_is_dangerous(uint32_t character);

/*
 * Columns that a character takes: 0 when it combines with the previous one, 2 when it is wide, -1
 * when the locale cannot show it.
 */
int utf8_width(uint32_t character);

/* Where to cut `text`, at most `most` bytes in, so that no character is split. */
size_t utf8_cut(const char *text, size_t most);

#endif
