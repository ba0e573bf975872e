/* SPDX-License-Identifier: MIT */
/*
 * Ranks of what columns of names say: owners and interfaces are few and rows are many, so their
 * names are compared once, and rows by numbers. Owned by a view; one thread.
 */
#ifndef PKTSTAT_RANK_H
#define PKTSTAT_RANK_H

#include "column.h"
#include "rows.h"

struct ranks {
	uint32_t *rank; /* by owner id, or slot; equal names have equal ranks */
	size_t room;
	uint32_t *id; /* those that there are */
	size_t id_room;
};

void ranks_done(struct ranks *ranks);

/*
 * The column that rows are ordered by when asked for that one: groups of owners have no ends, what
 * stands in their first column is the owner.
 */
enum column rank_column(const struct rows *rows, enum column sort);
/* True for columns whose order is one of ranks. */
bool rank_has(enum column column);
/* Ranks of what the rows that were gathered say in that column; 0 or -ENOMEM. */
int ranks_make(struct ranks *ranks, const struct rows *rows, enum column column);
/* Rank of a row, from 1; names ascend with it, and what has none comes last. */
uint32_t rank_of_row(const struct ranks *ranks, const struct rows *rows, enum column column,
		   uint32_t index);

#endif
