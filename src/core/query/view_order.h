/* SPDX-License-Identifier: MIT */
/*
 * The order of a view's rows by a column: keys for select.h, finer keys and the comparison
 * that makes the order total. Pure; any thread.
 */
#ifndef PKTSTAT_VIEW_ORDER_H
#define PKTSTAT_VIEW_ORDER_H

#include <stdbool.h>

#include "column.h"
#include "select.h"
#include "view_rank.h"
#include "view_rows.h"

struct view_order {
	enum column sort;
	bool reverse; /* smallest number or last name first */
	const struct view_rows *rows;
	enum column column; /* that `sort` means for these rows; see view_order_prepare() */
	struct view_ranks ranks;
	/* NULL, or the rows as they were when the order was frozen, in that order. */
	const struct group *frozen;
};

/* After rows were gathered, before any of the below; 0 or -ENOMEM. */
int view_order_prepare(struct view_order *order);
void view_order_done(struct view_order *order);

/* Key of the row with that index. */
uint64_t view_order_key(const struct view_order *order, uint32_t index);
/* Keys of all items. */
void view_order_keys(const struct view_order *order, struct select_item *item, size_t count);

/* The order for select_window(); `order` must outlive it. */
struct select_order view_order_select(const struct view_order *order);

#endif
