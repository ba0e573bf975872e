/* SPDX-License-Identifier: MIT */
/*
 * Graphs: values as the height of braille dots, half blocks or ASCII signs, standing on a line or
 * hanging from it. Pure; any thread.
 */
#ifndef PKTSTAT_GRAPH_H
#define PKTSTAT_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "draw.h"

/* Values a cell shows, side by side. */
#define GRAPH_VALUES_PER_CELL 2

struct graph {
	int x, y, width, lines; /* cells */
	bool hanging;		/* from its first line, instead of standing on its last */
	bool ground;		/* a dot for each value, so that 0 differs from none */
	unsigned int style;
	double most; /* the value that fills all lines */
};

/* Draws from GRAPH_VALUES_PER_CELL * width values, oldest first; a value below 0 is none. */
void graph_draw(struct frame *frame, const struct graph *graph, const double *value,
		const struct glyphs *glyphs);

/* The smallest of 1, 2 and 5 times a power of ten, from 1,000 on, that is not below `most`. */
double graph_scale(double most);
/* "10G", "500M", "2k" for what graph_scale() gives. Returns `text`. */
char *graph_scale_text(double scale, char *text, size_t size);

#endif
