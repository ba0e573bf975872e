/* SPDX-License-Identifier: MIT */
/* Graphs of one or more lines; see graph.h. Keeps nothing; any thread. */
#include "graph.h"

#include <stdio.h>

#define DOTS 4 /* of a cell, one above another */

/* Dots of the whole height; what is not 0 has one at least. */
static int level_of(const struct graph *graph, double value)
{
	int most = graph->lines * DOTS, ground = graph->ground;
	double height;
	int level;

	if (value < 0.0)
		return 0;
	if (graph->most <= 0.0 || value <= 0.0)
		return ground;
	height = value / graph->most * (most - ground);
	level = ground + (int)height + (height > (int)height);
	return level > most ? most : level;
}

/* Dots of one of its lines, 0 being the one at the axis. */
static int dots_of(int level, int line)
{
	int dots = level - line * DOTS;

	return dots < 0 ? 0 : dots > DOTS ? DOTS : dots;
}

/* UTF-8 of the braille pattern with so many dots in either column. Unicode, block 2800. */
static void put_braille(struct frame *frame, const struct graph *graph, int x, int y, int left,
			int right)
{
	static const unsigned char dots[2][2][DOTS + 1] = {
		{{0, 0x40, 0x44, 0x46, 0x47}, {0, 0x80, 0xa0, 0xb0, 0xb8}},
		{{0, 0x01, 0x03, 0x07, 0x47}, {0, 0x08, 0x18, 0x38, 0xb8}}};
	unsigned int code =
		0x2800U | dots[graph->hanging][0][left] | dots[graph->hanging][1][right];
	char text[4] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)),
			(char)(0x80 | (code & 0x3f)), '\0'};

	frame_put(frame, x, y, 1, graph->style, left || right ? text : " ");
}

/* One sign for both values, of which the larger counts. */
static void put_coarse(struct frame *frame, const struct graph *graph, int x, int y, int dots,
		     bool blocks)
{
	static const char *const sign[2][2][DOTS + 1] = {
		{{" ", ".", ":", "+", "#"}, {" ", "'", ":", "+", "#"}},
		{{" ", "▄", "▄", "█", "█"}, {" ", "▀", "▀", "█", "█"}}};

	frame_put(frame, x, y, 1, graph->style, sign[blocks][graph->hanging][dots]);
}

void graph_draw(struct frame *frame, const struct graph *graph, const double *value,
		const struct glyphs *glyphs)
{
	for (int i = 0; i < graph->width; i++) {
		int left = level_of(graph, value[2 * i]), right = level_of(graph, value[2 * i + 1]);

		for (int line = 0; line < graph->lines; line++) {
			int y = graph->hanging ? graph->y + line
					       : graph->y + graph->lines - 1 - line;

			if (glyphs->braille)
				put_braille(frame, graph, graph->x + i, y, dots_of(left, line),
					    dots_of(right, line));
			else
				put_coarse(frame, graph, graph->x + i, y,
					 dots_of(left > right ? left : right, line), glyphs->utf8);
		}
	}
}

double graph_scale(double most)
{
	double scale = 1000.0;

	for (int step = 0; scale < most && scale < 1e18; step++)
		scale *= step % 3 == 1 ? 2.5 : 2.0;
	return scale;
}

char *graph_scale_text(double scale, char *text, size_t size)
{
	static const char prefix[] = " kMGTPE";
	int power = 0;

	while (scale >= 999.5 && power < 6) {
		scale /= 1000.0;
		power++;
	}
	snprintf(text, size, "%.0f%.*s", scale, power > 0, &prefix[power]);
	return text;
}
