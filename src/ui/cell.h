/* SPDX-License-Identifier: MIT */
/* What stands in a cell of the table, as text. Pure; any thread. */
#ifndef PKTSTAT_CELL_H
#define PKTSTAT_CELL_H

#include "draw.h"
#include "endpoint.h"

/* Room for the longest text, its end included. */
#define CELL_TEXT_MAX (NAME_TEXT_MAX + ENDPOINT_TEXT_MAX)

/* Text of a row in a column, not wider than its cell; all but COLUMN_HISTORY. Returns `text`. */
char *cell_text(const struct layout *layout, const struct layout_column *column,
		const struct scene *scene, const struct row *row, char *text, size_t size);

/* Columns the cell takes: a sum has no addresses, so what it holds takes the room of both. */
int cell_width(const struct layout *layout, const struct layout_column *column,
	       const struct flow_key *key);

/* Whether the row is traffic of this program itself: its name queries. */
bool cell_is_own(const struct scene *scene, const struct row *row);

/*
 * An end of a row: what comes first and gets shorter, or "", and what stays whole longest; only words
 * behind an address, " echo-request", get shorter before it.
 */
struct cell_end {
	char host[NAME_TEXT_MAX];
	char text[ENDPOINT_TEXT_MAX];
};

/* Parts an address, or the name of its host where that is wanted and known, from what follows it. */
void cell_host(const struct scene *scene, const struct flow_key *key, bool source,
	       struct cell_end *end);
/* Both parts in so many columns. Returns `text`. */
char *cell_shorten_end(const struct cell_end *end, int width, const char *cut, char *text,
		       size_t size);

#endif
