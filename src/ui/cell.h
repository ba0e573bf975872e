/* SPDX-License-Identifier: MIT */
/* The text of table cells. Pure; any thread. */
#ifndef PKTSTAT_CELL_H
#define PKTSTAT_CELL_H

#include "draw.h"
#include "flow.h"

/* Room for the longest text, its end included. */
#define CELL_TEXT_MAX (NAME_TEXT_MAX + ENDPOINT_TEXT_MAX)

/* Text of a row in a column, not wider than its cell; all but COLUMN_HISTORY. Returns `text`. */
char *cell_text(const struct layout *layout, const struct layout_column *column,
		const struct scene *scene, const struct row *row, char *text, size_t size);

/* Columns that the text of a row would take in a column of texts, if there were room for all of it. */
int cell_content(enum column column, const struct scene *scene, const struct row *row);

/* Columns of the cell: a sum has no addresses, so its text takes the space of both. */
int cell_width(const struct layout *layout, const struct layout_column *column,
	       const struct flow_key *key);

/* Whether the row is traffic of this program itself: its DNS queries. */
bool cell_is_own(const struct scene *scene, const struct row *row);

#endif
