/* SPDX-License-Identifier: MIT */
/*
 * Bringing a view up to date; see view.h. Everything is recomputed from the snapshot: one pass to
 * filter and group, one to read the keys to sort by, one to place the selection, one selection of
 * the window.
 */
#include "select.h"
#include "view_private.h"

/*
 * Where the selection stands in the new order; a flow that has left is succeeded in its place, or
 * waited for.
 */
static void place_selection(struct view *view, const struct select_order *order)
{
	struct select_item item;
	long index = -1;

	view->absent = false;
	if (view->pinned && !view->choose) {
		index = rows_find(&view->rows, &view->selected, view->selected_tenant,
				       &view->selected_id, &view->selected_era);
		if (index >= 0) {
			item = (struct select_item){.index = (uint32_t)index};
			item.key = order_key(&view->order, item.index);
			view->rank = select_rank(order, view->rows.item, view->rows.count, &item);
		} else {
			view->absent = view->waiting;
			view->choose = !view->waiting;
		}
	} else if (!view->choose) {
		view->rank = 0;
	}
	view->selected_index = index;
	if (view->rank > view_last_rank(view))
		view->rank = view_last_rank(view);
}

static void place_window(struct view *view)
{
	size_t count = view->rows.count;
	size_t bottom = count > view->height ? count - view->height : 0;

	if (view->reveal && view->rank < view->top)
		view->top = view->rank;
	if (view->reveal && view->height && view->rank >= view->top + view->height)
		view->top = view->rank - view->height + 1;
	if (view->top > bottom)
		view->top = bottom;
	view->reveal = false;
}

static void pin(struct view *view, uint32_t index)
{
	const struct snapshot *snapshot = view->rows.source.snapshot;

	view->pinned = true;
	view->selected = *rows_key(&view->rows, index);
	view->selected_tenant = rows_tenant(&view->rows, view->rows.by, &view->selected);
	view->selected_era = snapshot->era;
	view->selected_id = view->rows.by == GROUP_FLOW ? (uint32_t)snapshot->row[index].id : 0;
}

/* The selection becomes what is at its rank, which must be in the window. */
static void pin_chosen(struct view *view)
{
	size_t end = view->top + view->height;

	view->choose = false;
	if (!view->rows.count || !view->height) {
		view->pinned = false;
		view->rank = 0;
		return;
	}
	if (view->rank < view->top)
		view->rank = view->top;
	if (view->rank >= end)
		view->rank = end - 1;
	pin(view, view->rows.item[view->rank].index);
}

/* Remembers the order there is now; costs a full sort, once. */
static int take_order(struct view *view, const struct select_order *order)
{
	static const struct flow_counts none;
	int err = group_new(&view->frozen);

	if (err)
		return err;
	group_reset(view->frozen, GROUP_FLOW, NULL);
	select_window(order, view->rows.item, view->rows.count, 0, view->rows.count);
	for (size_t i = 0; !err && i < view->rows.count; i++)
		err = group_add(view->frozen, rows_key(&view->rows, view->rows.item[i].index),
				&none, &none, 0, OWNER_UNKNOWN);
	if (err) {
		view_thaw(view);
		return err;
	}
	view->order.frozen = view->frozen;
	view->freeze = false;
	return 0;
}

static int arrange_rows(struct view *view)
{
	struct select_order order;
	int err = rows_gather(&view->rows);

	if (!err)
		err = order_prepare(&view->order);
	if (err)
		return err;
	order = order_select(&view->order);
	order_keys(&view->order, view->rows.item, view->rows.count);
	if (view->freeze) {
		err = take_order(view, &order);
		if (err)
			return err;
		order = order_select(&view->order);
		order_keys(&view->order, view->rows.item, view->rows.count);
	}
	view->reveal = view->reveal || view->follow;
	place_selection(view, &order);
	place_window(view);
	select_window(&order, view->rows.item, view->rows.count, view->top,
		      view->top + view->height);
	return 0;
}

int view_arrange(struct view *view)
{
	int err;

	if (!view->stale && !rows_outdated(&view->rows))
		return 0;
	err = arrange_rows(view);
	if (err)
		return err;
	if (view->choose)
		pin_chosen(view);
	if (!view->absent && view->rank >= view->top && view->rank < view->top + view->height &&
	    view->rank < view->rows.count)
		view->selected_index = view->rows.item[view->rank].index;
	view->stale = false;
	return 0;
}
