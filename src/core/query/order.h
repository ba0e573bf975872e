/* SPDX-License-Identifier: MIT */
/*
 * The order of rows by a column: keys for select.h, finer keys for rows that are equal so far, and
 * the comparison that makes the order total. Rows of which the column says the same are ordered by
 * bytes, then packets since start, most first, then by tuple; those of one process by tuple at once.
 * Text ascends and numbers descend unless reversed. Owned by its caller; one thread.
 */
#ifndef PKTSTAT_ORDER_H
#define PKTSTAT_ORDER_H

#include <stdbool.h>

#include "column.h"
#include "frozen.h"
#include "rows.h"
#include "select.h"

/*
 * Ranks of what columns of names say: owners, interfaces, applications and sites are few and rows are many, so
 * their names are compared once, and rows by numbers. Owned by a view; one thread.
 */

struct ranks {
	uint32_t *rank; /* by id of owner or sight, slot, application; equal names have equal ranks */
	size_t room;
	uint32_t *id; /* those that there are */
	size_t id_room;
};

struct order {
	enum column sort;
	bool reverse; /* smallest number or last name first */
	const struct rows *rows;
	/* NULL, or the rows as they were when the order was frozen, in that order. */
	const struct frozen *frozen;
	/* Its own. */
	enum column column; /* that `sort` means for these rows; see order_prepare() */
	struct ranks ranks;
};

/* After rows were gathered, before any of the below; 0 or -ENOMEM. */
int order_prepare(struct order *order);
void order_done(struct order *order);

/* Key of the row with that index. */
uint64_t order_key(const struct order *order, uint32_t index);
/* Keys of all items. */
void order_keys(const struct order *order, struct select_item *item, size_t count);

/*
 * Sorts items that have their keys, all of them once, and remembers their places. Then they are in the order
 * of their indexes again, with keys as order_keys() makes them of the frozen order; 0 or -ENOMEM.
 */
int order_freeze(const struct order *order, struct select_item *item, size_t count,
		 struct frozen **ret_frozen);

/* The order for select_window(); `order` must outlive it. */
struct select_order order_select(const struct order *order);

/* Puts the first `count` rows in order, in front of all others; 0 or -ENOMEM. */
int order_first(struct order *order, struct rows *rows, size_t count);

#endif
