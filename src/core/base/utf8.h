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

/* Bytes that write a character in UTF-8, without an end; at most UTF8_MAX. */
#define UTF8_MAX 4
size_t utf8_encode(uint32_t character, char text[UTF8_MAX]);

/*
 * Bytes of the character at the start of `text`, with the characters that combine with it; 0 at the end
 * of the text. Each byte that is not valid counts as a character.
 */
size_t utf8_step(const char *text);
/* The same for the character before the byte at `at`. */
size_t utf8_step_back(const char *text, size_t at);

/* Where to cut `text`, at most `most` bytes in, so that no character is split. */
size_t utf8_cut(const char *text, size_t most);

/* Takes off the bytes of a last character that is not whole, as a limit in bytes leaves them. */
void utf8_trim(char *text);

#endif
