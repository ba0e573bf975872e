/* SPDX-License-Identifier: MIT */
/* What is asked of a view, and what it answers; see view.h. What it does with that is in
 * view_arrange.c. Each view belongs to its caller. */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view_private.h"

int view_new(enum column sort, struct view **ret_view)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		return -ENOMEM;
	if (rows_init(&view->rows)) {
		rows_done(&view->rows);
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
	rows_done(&view->rows);
	order_done(&view->order);
	group_free(view->frozen);
	filter_free(view->filter);
	free(view);
}

void view_set_snapshot(struct view *view, struct snapshot *snapshot)
{
	if (view->rows.source.snapshot == snapshot)
		return;
	rows_set_source(&view->rows, source_of_snapshot(snapshot));
	view->stale = true;
}

void view_set_past(struct view *view, const struct past *past)
{
	/* What it holds changes with the snapshot, which makes the rows stale by itself. */
	if (!view->rows.past != !past)
		view->stale = true;
	view->rows.past = past;
}

void view_set_owners(struct view *view, const struct owner_table *owners)
{
	view->rows.owners = owners;
	view->stale = true;
}

void view_set_names(struct view *view, struct name_cache *names)
{
	view->rows.names = names;
	view->stale = true;
}

void view_set_hidden(struct view *view, const struct filter *hidden)
{
	view->rows.hidden = hidden;
	view->stale = true;
}

const struct snapshot *view_snapshot(const struct view *view)
{
	return view->rows.source.snapshot;
}

struct snapshot *view_shown(struct view *view)
{
	return view->rows.source.snapshot;
}

/* The user changed what is shown: the selection must be in sight. */
static void change(struct view *view)
{
	view->reveal = true;
	view->stale = true;
}

void view_thaw(struct view *view)
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
		view_thaw(view);
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
	rows_set_filter(&view->rows, filter);
	filter_free(view->filter);
	view->filter = filter;
	change(view);
}

void view_set_group(struct view *view, enum group_by by)
{
	view->rows.by = by;
	view->rows.drilled = false;
	view->freeze = view->freeze || view->frozen;
	view_thaw(view);
	view_move_first(view);
}

enum group_by view_group(const struct view *view)
{
	return view->rows.by;
}

bool view_drill(struct view *view)
{
	struct row row;

	if (view->rows.by == GROUP_FLOW || !view_get_selected(view, &row))
		return false;
	view->rows.drill_by = view->rows.by;
	view->rows.drill_key = row.key;
	view->rows.drill_tenant = rows_tenant(&view->rows, view->rows.by, &row.key);
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
	view->selected_tenant = view->rows.drill_tenant;
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

int view_reset_totals(struct view *view)
{
	view->stale = true;
	return rows_reset(&view->rows);
}

void view_unreset_totals(struct view *view)
{
	view->stale = true;
	rows_unreset(&view->rows);
}

int64_t view_totals_since(const struct view *view)
{
	return view->rows.base ? view->rows.base_wall_ns : 0;
}

void view_set_frozen(struct view *view, bool frozen)
{
	view_thaw(view);
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

size_t view_last_rank(const struct view *view)
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
	size_t last = view_last_rank(view);
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
	choose_rank(view, view_last_rank(view));
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

void view_set_waiting(struct view *view, bool waiting)
{
	if (view->waiting == waiting)
		return;
	view->waiting = waiting;
	view->stale = true;
}

const struct flow_key *view_chosen(const struct view *view)
{
	return view->pinned ? &view->selected : NULL;
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

bool view_get(const struct view *view, size_t place, struct row *ret_row)
{
	if (place < view->top || place >= view->top + view->height || place >= view->rows.count)
		return false;
	*ret_row = rows_get(&view->rows, view->rows.item[place].index);
	return true;
}

size_t view_history(const struct view *view, size_t place, double *ret_bps, size_t max)
{
	if (place < view->top || place >= view->top + view->height || place >= view->rows.count ||
	    view->rows.by != GROUP_FLOW || !view->rows.past)
		return 0;
	return past_rates(view->rows.past, view->rows.item[place].index, ret_bps, max);
}

size_t view_history_selected(const struct view *view, double *ret_bps, size_t max)
{
	if (view->stale || view->selected_index < 0 || !view->rows.count ||
	    view->rows.by != GROUP_FLOW || !view->rows.past)
		return 0;
	return past_rates(view->rows.past, (size_t)view->selected_index, ret_bps, max);
}

bool view_get_selected(const struct view *view, struct row *ret_row)
{
	if (view->stale || view->selected_index < 0 || !view->rows.count)
		return false;
	*ret_row = rows_get(&view->rows, (uint32_t)view->selected_index);
	return true;
}

const struct row_totals *view_totals(const struct view *view)
{
	return &view->rows.totals;
}
