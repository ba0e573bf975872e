/* SPDX-License-Identifier: MIT */
/*
 * The view; see view.h. Everything is recomputed from the snapshot: one pass to filter and group,
 * one to read the keys to sort by, one to place the selection, one selection of the window.
 */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "select.h"
#include "view_order.h"
#include "view_rows.h"

struct view {
	struct view_rows rows;
	struct view_order order;
	struct group *frozen; /* order to keep, see view_order.h */
	bool freeze;          /* take the order of the next arrangement */
	bool follow;
	size_t height;
	size_t top;
	size_t rank; /* of the selection */
	bool pinned; /* the selection is a flow, not just the first row */
	struct flow_key selected;
	uint32_t selected_id; /* where to find it, in the era below */
	uint32_t selected_era;
	long selected_index; /* its row, or -1 */
	bool choose;         /* pin what is at `rank` */
	bool reveal;         /* bring the selection on screen */
	bool stale;
};

int view_new(enum column sort, struct view **ret_view)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		return -ENOMEM;
	if (view_rows_init(&view->rows)) {
		free(view);
		return -ENOMEM;
	}
	view->order.sort = sort;
	view->order.rows = &view->rows;
	view->selected_index = -1;
	view->stale = true;
	*ret_view = view;
	return 0;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	view_rows_done(&view->rows);
	group_free(view->frozen);
	free(view);
}

void view_set_snapshot(struct view *view, struct snapshot *snapshot)
{
	if (view->rows.snapshot == snapshot)
		return;
	snapshot_unref(view->rows.snapshot);
	view->rows.snapshot = snapshot_ref(snapshot);
	view->stale = true;
}

const struct snapshot *view_snapshot(const struct view *view)
{
	return view->rows.snapshot;
}

/* The user changed what is shown: the selection must be in sight. */
static void change(struct view *view)
{
	view->reveal = true;
	view->stale = true;
}

static void thaw(struct view *view)
{
	group_free(view->frozen);
	view->frozen = NULL;
	view->order.frozen = NULL;
}

void view_set_sort(struct view *view, enum column sort, bool reverse)
{
	view->order.sort = sort;
	view->order.reverse = reverse;
	if (view->frozen) {
		thaw(view);
		view->freeze = true;
	}
	change(view);
}

enum column view_sort(const struct view *view)
{
	return view->order.sort;
}

bool view_reversed(const struct view *view)
{
	return view->order.reverse;
}

void view_set_filter(struct view *view, struct filter *filter)
{
	view_rows_set_filter(&view->rows, filter);
	change(view);
}

void view_set_group(struct view *view, enum group_by by)
{
	view->rows.by = by;
	view->rows.drilled = false;
	view->freeze = view->freeze || view->frozen;
	thaw(view);
	view_move_first(view);
}

enum group_by view_group(const struct view *view)
{
	return view->rows.by;
}

bool view_drill(struct view *view)
{
	struct view_row row;

	if (view->rows.by == GROUP_FLOW || !view_get_selected(view, &row))
		return false;
	view->rows.drill_by = view->rows.by;
	view->rows.drill_key = row.key;
	view_set_group(view, GROUP_FLOW);
	view->rows.drilled = true;
	return true;
}

bool view_drill_back(struct view *view)
{
	if (!view->rows.drilled)
		return false;
	view_set_group(view, view->rows.drill_by);
	view->selected = view->rows.drill_key;
	view->pinned = true;
	return true;
}

const struct flow_key *view_drilled(const struct view *view, enum group_by *ret_by)
{
	if (!view->rows.drilled)
		return NULL;
	*ret_by = view->rows.drill_by;
	return &view->rows.drill_key;
}

void view_set_frozen(struct view *view, bool frozen)
{
	thaw(view);
	view->freeze = frozen;
	view->stale = true;
}

bool view_is_frozen(const struct view *view)
{
	return view->frozen || view->freeze;
}

void view_set_follow(struct view *view, bool follow)
{
	view->follow = follow;
	/* There must be a flow to follow, not just a place. */
	if (follow && !view->pinned)
		view->choose = true;
	change(view);
}

bool view_follows(const struct view *view)
{
	return view->follow;
}

void view_set_height(struct view *view, size_t height)
{
	if (view->height == height)
		return;
	/* A window that shrinks must not lose the selection that was in it. */
	if (view->rank >= view->top && view->rank < view->top + view->height)
		view->reveal = true;
	view->height = height;
	view->stale = true;
}

size_t view_height(const struct view *view)
{
	return view->height;
}

static size_t last_rank(const struct view *view)
{
	return view->rows.count ? view->rows.count - 1 : 0;
}

static void choose_rank(struct view *view, size_t rank)
{
	view->rank = rank;
	view->choose = true;
	change(view);
}

void view_move(struct view *view, long lines)
{
	size_t last = last_rank(view);
	size_t rank = view->rank;

	if (lines < 0 && (size_t)-lines >= rank) {
		view_move_first(view);
		return;
	}
	if (lines < 0)
		rank -= (size_t)-lines;
	else
		rank = last - rank < (size_t)lines ? last : rank + (size_t)lines;
	choose_rank(view, rank);
}

void view_move_first(struct view *view)
{
	view->pinned = false;
	view->choose = view->follow;
	view->rank = 0;
	change(view);
}

void view_move_last(struct view *view)
{
	choose_rank(view, last_rank(view));
}

void view_select_line(struct view *view, size_t line)
{
	if (line < view->height && view->top + line < view->rows.count)
		choose_rank(view, view->top + line);
}

void view_pin(struct view *view)
{
	if (!view->pinned)
		choose_rank(view, view->rank);
}

/* Where the selection stands in the new order; a flow that has left is succeeded in its place. */
static void place_selection(struct view *view, const struct select_order *order)
{
	struct select_item item;
	long index = -1;

	if (view->pinned && !view->choose) {
		index = view_rows_find(&view->rows, &view->selected, &view->selected_id,
				       &view->selected_era);
		if (index >= 0) {
			item = (struct select_item){.index = (uint32_t)index};
			item.key = view_order_key(&view->order, item.index);
			view->rank = select_rank(order, view->rows.item, view->rows.count, &item);
		} else {
			view->choose = true;
		}
	} else if (!view->choose) {
		view->rank = 0;
	}
	view->selected_index = index;
	if (view->rank > last_rank(view))
		view->rank = last_rank(view);
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
	const struct snapshot *snapshot = view->rows.snapshot;

	view->pinned = true;
	view->selected = *view_rows_key(&view->rows, index);
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
	group_reset(view->frozen, GROUP_FLOW);
	select_window(order, view->rows.item, view->rows.count, 0, view->rows.count);
	for (size_t i = 0; !err && i < view->rows.count; i++)
		err = group_add(view->frozen,
				view_rows_key(&view->rows, view->rows.item[i].index), &none, &none,
				0);
	if (err) {
		thaw(view);
		return err;
	}
	view->order.frozen = view->frozen;
	view->freeze = false;
	return 0;
}

static int arrange_rows(struct view *view)
{
	struct select_order order = view_order_select(&view->order);
	int err = view_rows_gather(&view->rows);

	if (err)
		return err;
	view_order_keys(&view->order, view->rows.item, view->rows.count);
	if (view->freeze) {
		err = take_order(view, &order);
		if (err)
			return err;
		view_order_keys(&view->order, view->rows.item, view->rows.count);
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

	if (!view->stale)
		return 0;
	err = arrange_rows(view);
	if (err)
		return err;
	if (view->choose)
		pin_chosen(view);
	if (view->rank >= view->top && view->rank < view->top + view->height &&
	    view->rank < view->rows.count)
		view->selected_index = view->rows.item[view->rank].index;
	view->stale = false;
	return 0;
}

size_t view_count(const struct view *view)
{
	return view->rows.count;
}

size_t view_top(const struct view *view)
{
	return view->top;
}

size_t view_selected(const struct view *view)
{
	return view->rank;
}

bool view_get(const struct view *view, size_t place, struct view_row *ret_row)
{
	if (place < view->top || place >= view->top + view->height || place >= view->rows.count)
		return false;
	*ret_row = view_rows_get(&view->rows, view->rows.item[place].index);
	return true;
}

bool view_get_selected(const struct view *view, struct view_row *ret_row)
{
	if (view->stale || view->selected_index < 0 || !view->rows.count)
		return false;
	*ret_row = view_rows_get(&view->rows, (uint32_t)view->selected_index);
	return true;
}

const struct view_totals *view_totals(const struct view *view)
{
	return &view->rows.totals;
}
