/* SPDX-License-Identifier: MIT */
/* What a view is made of; for view.c and view_arrange.c only. */
#ifndef PKTSTAT_VIEW_PRIVATE_H
#define PKTSTAT_VIEW_PRIVATE_H

#include "view.h"
#include "order.h"
#include "rows.h"

struct view {
	struct rows rows;
	struct order order;
	struct filter *filter; /* owned, or NULL */
	struct group *frozen; /* order to keep, see order.h */
	bool freeze;	      /* take the order of the next arrangement */
	bool follow;
	size_t height;
	size_t top;
	size_t rank; /* of the selection */
	bool pinned; /* the selection is a flow, not just the first row */
	struct flow_key selected;
	unsigned int selected_tenant; /* rows_tenant() of it */
	uint32_t selected_id; /* where to find it, in the era below */
	uint32_t selected_era;
	long selected_index; /* its row, or -1 */
	bool choose;	     /* pin what is at `rank` */
	bool waiting;	     /* for a selection that has left, instead of choosing its successor */
	bool absent;	     /* it has left */
	bool reveal;	     /* bring the selection on screen */
	bool stale;
};

/* Forgets the order that was kept. */
void view_thaw(struct view *view);
/* Place of the last row, 0 when there is none. */
size_t view_last_rank(const struct view *view);

#endif
