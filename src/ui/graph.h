/* SPDX-License-Identifier: MIT */
/* Graphs of one line: values as the height of braille dots or of ASCII signs. Pure; any thread. */
#ifndef PKTSTAT_GRAPH_H
#define PKTSTAT_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "frame.h"

/* Values a cell shows, side by side. */
#define GRAPH_VALUES_PER_CELL 2

/*
 * Draws `width` cells from GRAPH_VALUES_PER_CELL * width values, oldest first, scaled to `most`; a
 * value below 0 is none.
 */
void graph_draw(struct frame *frame, int x, int y, int width, unsigned int style,
		const double *value, double most, bool braille);

#endif
