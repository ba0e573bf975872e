/* SPDX-License-Identifier: MIT */
/*
 * A table of text with aligned columns, written to a stream in two passes, so that it costs no
 * memory however many rows it has. It fits a width by compact cells, then by leaving out columns,
 * shortening others in the middle, leaving out more of them, and shortening further. Pure but for
 * the stream; any thread.
 */
#ifndef PKTSTAT_GRID_H
#define PKTSTAT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Room for a cell, its end included. */
#define GRID_CELL_MAX	 384
#define GRID_COLUMNS_MAX 16

struct grid_column {
	const char *title;
	bool number;	    /* aligned right */
	bool shorten;	    /* may lose its middle, at the last resort */
	unsigned int width; /* of all cells; 0: measured */
	unsigned int drop;  /* 1: first to be left out, 2: next, ...; 0: never */
	int id;		    /* for `cell` */
};

struct grid {
	const struct grid_column *column;
	size_t columns;
	size_t rows;
	unsigned int width; /* most columns of a line; 0: any */
	/* Before columns with this turn or a later one are left out, text is shortened; 0: never. */
	unsigned int worth;
	/* Writes the cell of row and column id, not longer than GRID_CELL_MAX. */
	void (*cell)(const struct grid *grid, size_t row, int id, char *text);
	const void *context; /* of `cell` */
	bool compact;	     /* cells should be short; set by grid_print() where it has to be */
};

/* Writes titles and rows; 0 or the negative errno of the failed write. */
int grid_print(struct grid *grid, FILE *out);

#endif
