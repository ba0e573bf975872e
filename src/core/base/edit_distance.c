/* SPDX-License-Identifier: MIT */
/* The edit distance by rows of the usual table; see edit_distance.h. */
#include "edit_distance.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

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
