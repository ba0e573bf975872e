/* SPDX-License-Identifier: MIT */
/*
 * What fits: which lines of the screen hold what, and which columns the table has, for a size
 * of the terminal and the widest texts of the last while. Pure; depends on nothing that changes from
 * one second to the next, so that nothing moves by itself.
 */
#ifndef PKTSTAT_LAYOUT_H
#define PKTSTAT_LAYOUT_H

#include <stdbool.h>

#include <stddef.h>

#include "column.h"
#include "group.h"

#define LAYOUT_COLUMNS_MAX COLUMNS
/* Cells of a row's graph. */
#define LAYOUT_HISTORY_WIDTH 10

struct layout_column {
	enum column column;
	int x, width;
};

struct layout {
	int width, height;
	/* Lines; -1: does not fit. */
	int title_y;
	int in_y, out_y; /* the same line for both: short form; else with the graph beside them */
	int block;	 /* lines of rates and graph together: 1, 2, or an odd number with an axis */
	int ifaces_y;	 /* rates of interfaces, where the block has no lines for them */
	int tabs_y;	 /* names of the views */
	int head_y;
	int rows_y, rows; /* first line of the table, and how many; 0 is possible */
	int status_y;
	int keys_y;
	bool arrows; /* direction as an arrow */
	bool peer;   /* one address, that of the other side, in COLUMN_SOURCE */
	enum group_by by;
	bool owners;  /* of the wish, both */
	bool past;    /* some column needs the snapshots before */
	bool packets; /* of the wish */
	int columns;
	struct layout_column column[LAYOUT_COLUMNS_MAX];
};

/* What a layout depends on, apart from the size. */
struct layout_wish {
	enum group_by by;
	enum column sort;
	bool owners;  /* they are looked up */
	bool sights;  /* packets are inspected */
	bool ifaces;  /* there is more than one */
	bool totals;  /* reversed: totals where there are none by default, and none where there are */
	bool packets; /* packets a second in the place of bits, which take theirs */
	bool plain;   /* no graphs */
	/* Columns that the widest text of a column takes, for columns of texts; NULL: not known. */
	const uint8_t *content;
};

/*
 * Fits lines and columns. Columns go in the turns that column.c gives them, both directions together;
 * texts take what they need, and a column without any takes nothing. The one that is sorted by stays
 * (a sum of both directions is seen in these two); addresses get shorter last.
 */
void layout_fit(int width, int height, const struct layout_wish *wish, struct layout *ret_layout);

/* All columns of a view from left to right; returns how many. */
size_t layout_columns_of(const struct layout_wish *wish,
			 enum column ret_column[LAYOUT_COLUMNS_MAX]);

/* Whether a view has a column, even if it does not fit. */
bool layout_may_show(const struct layout_wish *wish, enum column column);
/* Whether its rows can be in the order of a column, which they need not have. */
bool layout_may_order(const struct layout_wish *wish, enum column column);

/* The column at x, or NULL. */
const struct layout_column *layout_column_at(const struct layout *layout, int x);
/* The place of a column, or NULL when it does not fit. */
const struct layout_column *layout_find(const struct layout *layout, enum column column);

#endif
