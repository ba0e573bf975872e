/* SPDX-License-Identifier: MIT */
/* Graphs of one line; see graph.h. Keeps nothing; any thread. */
#include "graph.h"

#define DOTS 4

/* 0: no value; 1 to DOTS. Anything at all has one dot, so that silence differs from little. */
static int level_of(double value, double most)
{
	int level;

	if (value < 0.0)
		return 0;
	if (most <= 0.0 || value <= 0.0)
		return 1;
	level = 1 + (int)(value / most * DOTS);
	return level > DOTS ? DOTS : level;
}

/* UTF-8 of the braille pattern with so many dots in either column. Unicode, block 2800. */
static void put_braille(struct frame *frame, int x, int y, unsigned int style, int left, int right)
{
	static const unsigned char left_dots[DOTS + 1] = {0, 0x40, 0x44, 0x46, 0x47};
	static const unsigned char right_dots[DOTS + 1] = {0, 0x80, 0xa0, 0xb0, 0xb8};
	unsigned int code = 0x2800U | left_dots[left] | right_dots[right];
	char text[4] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)),
			(char)(0x80 | (code & 0x3f)), '\0'};

	frame_put(frame, x, y, 1, style, left || right ? text : " ");
}

static void put_ascii(struct frame *frame, int x, int y, unsigned int style, int left, int right)
{
	static const char *const sign[DOTS + 1] = {" ", ".", ":", "+", "#"};

	frame_put(frame, x, y, 1, style, sign[left > right ? left : right]);
}

void graph_draw(struct frame *frame, int x, int y, int width, unsigned int style,
		const double *value, double most, bool braille)
{
	for (int i = 0; i < width; i++) {
		int left = level_of(value[2 * i], most);
		int right = level_of(value[2 * i + 1], most);

		if (braille)
			put_braille(frame, x + i, y, style, left, right);
		else
			put_ascii(frame, x + i, y, style, left, right);
	}
}
