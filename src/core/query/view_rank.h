/* SPDX-License-Identifier: MIT */
/*
 * Ranks of what columns of names say: owners and interfaces are few and rows are many, so their
 * names are compared once, and rows by numbers. Owned by a view; one thread.
 */
#ifndef PKTSTAT_VIEW_RANK_H
#define PKTSTAT_VIEW_RANK_H

#include "column.h"
#include "view_rows.h"

struct view_ranks {
	uint32_t *rank; /* by owner id, or slot; equal names have equal ranks */
	size_t room;
	uint32_t *id; /* those that there are */
	size_t id_room;
};

void view_ranks_done(struct view_ranks *ranks);

/*
 * The column that rows are ordered by when asked for that one: groups of owners have no ends, what
 * stands in their first column is the owner.
 */
enum column view_rank_column(const struct view_rows *rows, enum column sort);
/* True for columns whose order is one of ranks. */
bool view_rank_has(enum column column);
/* Ranks of what the rows that were gathered say in that column; 0 or -ENOMEM. */
int view_ranks_make(struct view_ranks *ranks, const struct view_rows *rows, enum column column);
/* Rank of a row, from 1; names ascend with it, and what has none comes last. */
uint32_t view_rank(const struct view_ranks *ranks, const struct view_rows *rows, enum column column,
		   uint32_t index);

#endif
