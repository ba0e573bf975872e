/* SPDX-License-Identifier: MIT */
/*
 * The view; see view.h. What is asked of it comes first, then how it is brought up to date, then what
 * it answers. Everything is recomputed from the snapshot: one pass to filter and group, one to read
 * the keys to sort by, one to place the selection, one selection of the window. Each view belongs to
 * its caller.
 */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "order.h"
#include "rows.h"
#include "select.h"
#include "sight.h"

struct view {
	struct rows rows;
	struct order order;
	struct filter *filter; /* owned, or NULL */
	struct frozen *frozen; /* order to keep, see order.h */
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
	/* The group that is open is in another one, a site, that was opened before. */
	bool nested;
	struct flow_key outer_key;
};

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
	frozen_free(view->frozen);
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

void view_set_sights(struct view *view, const struct sight_table *sights)
{
	view->rows.sights = sights;
	view->stale = true;
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

/* Forgets the order that was kept. */
static void view_thaw(struct view *view)
{
	frozen_free(view->frozen);
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
	view->rows.drilled = view->nested = false;
	view->freeze = view->freeze || view->frozen;
	view_thaw(view);
	view_move_first(view);
}

enum group_by view_group(const struct view *view)
{
	return view->rows.by;
}

/* What rows of a group that is opened are: a site consists of servers. */
static enum group_by inner_group(enum group_by by, const struct flow_key *key)
{
	bool named = flow_key_sum(key) == FLOW_SUM_NONE && group_id_of_key(key) != SIGHT_NONE;

	return by == GROUP_SITE && named ? GROUP_SERVER : GROUP_CONVERSATION;
}

bool view_drill(struct view *view)
{
	const struct flow_key outer_key = view->rows.drill_key;
	const bool nested = view->rows.drilled;
	struct row row;

	if (view->rows.by == GROUP_FLOW || view->rows.by == GROUP_CONVERSATION ||
	    !view_get_selected(view, &row))
		return false;
	view->rows.drill_by = view->rows.by;
	view->rows.drill_key = row.key;
	view->rows.drill_tenant = rows_tenant(&view->rows, view->rows.by, &row.key);
	view_set_group(view, inner_group(view->rows.by, &row.key));
	view->rows.drilled = true;
	view->nested = nested;
	view->outer_key = outer_key;
	return true;
}

bool view_drill_back(struct view *view)
{
	const bool nested = view->nested;

	if (!view->rows.drilled)
		return false;
	view_set_group(view, view->rows.drill_by);
	view->selected = view->rows.drill_key;
	view->selected_tenant = view->rows.drill_tenant;
	view->pinned = true;
	if (nested) {
		view->rows.drilled = true;
		view->rows.drill_by = GROUP_SITE;
		view->rows.drill_key = view->outer_key;
		view->rows.drill_tenant = 0;
	}
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

uint64_t view_totals_since_mono(const struct view *view)
{
	return view->rows.base ? view->rows.base_mono_ns : 0;
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

/* Place of the last row, 0 when there is none. */
static size_t view_last_rank(const struct view *view)
{
	return view->rows.count ? view->rows.count - 1 : 0;
}

static void choose_rank(struct view *view, size_t rank)
{
	view->rank = rank;
	view->choose = true;
	change(view);
}

/* Where a step begins: at the selected row, or beside the nearest row on screen. */
static long step_origin(const struct view *view, bool down)
{
	size_t end = view->top + (view->height ? view->height : 1);

	if (view_has_selection(view) && view->rank >= view->top && view->rank < end)
		return (long)view->rank;
	if (!view_has_selection(view) || view->rank < view->top)
		return down ? (long)view->top - 1 : (long)view->top + 1;
	return down ? (long)end - 2 : (long)end;
}

void view_move(struct view *view, long lines)
{
	long last = (long)view_last_rank(view);
	long rank = step_origin(view, lines > 0) + lines;

	rank = rank < 0 ? 0 : rank;
	choose_rank(view, (size_t)(rank > last ? last : rank));
}

void view_scroll(struct view *view, long lines)
{
	size_t count = view->rows.count;
	size_t bottom = count > view->height ? count - view->height : 0;
	long top = (long)view->top + lines;

	top = top < 0 ? 0 : top;
	view->top = (size_t)top > bottom ? bottom : (size_t)top;
	view->stale = true;
}

void view_move_first(struct view *view)
{
	view->pinned = false;
	view->choose = view->follow;
	view->rank = 0;
	view->top = 0;
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

/* Remembers the order there is now. */
static int take_order(struct view *view)
{
	int err = order_freeze(&view->order, view->rows.item, view->rows.count, &view->frozen);

	if (err)
		return err;
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
	order_keys(&view->order, view->rows.item, view->rows.count);
	if (view->freeze) {
		err = take_order(view);
		if (err)
			return err;
	}
	order = order_select(&view->order);
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

bool view_has_selection(const struct view *view)
{
	return (view->pinned || view->choose) && !view->absent;
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

static struct flow_key pair_key_of(const struct flow_key *key)
{
	return group_key(GROUP_CONVERSATION, key, NULL, (struct flow_about){0});
}

/* Key of the conversation that the selected row is, or is a flow of; false: it is neither. */
static bool selected_pair(const struct view *view, struct flow_key *ret_key)
{
	const struct flow_key *key;

	if (view->stale || view->selected_index < 0 || !view->rows.count ||
	    !view->rows.source.snapshot ||
	    (view->rows.by != GROUP_FLOW && view->rows.by != GROUP_CONVERSATION))
		return false;
	key = rows_key(&view->rows, (uint32_t)view->selected_index);
	*ret_key = view->rows.by == GROUP_CONVERSATION ? *key : pair_key_of(key);
	return true;
}

/* Adds the rates of a flow to those that are there, both with the newest last. */
static size_t add_past_rates(double *sum, size_t have, const double *rate, size_t count)
{
	for (size_t i = count; have < count && i-- > 0;)
		sum[i] = i >= count - have ? sum[i - (count - have)] : -1.0;
	have = have < count ? count : have;
	for (size_t i = 0; i < count; i++) {
		double *to = &sum[have - count + i];

		if (rate[i] >= 0.0)
			*to = (*to < 0.0 ? 0.0 : *to) + rate[i];
	}
	return have;
}

/* The rates of a flow of the conversation, which has this row in past->held[from]. */
static void take_past_rates(const struct past *past, size_t from, size_t row, enum flow_dir dir,
			    struct view_pair *pair)
{
	double rate[PAST_MAX];
	size_t count = past_rates_from(past, from, row, rate, PAST_MAX);

	pair->past_of[dir] = add_past_rates(pair->past[dir], pair->past_of[dir], rate, count);
	if (pair->past_of[dir] > pair->pasts)
		pair->pasts = pair->past_of[dir];
}

/* Rates of a conversation without a row in the snapshot shown: it is idle, but was in one before. */
static void find_past_rates(const struct past *past, struct view_pair *pair)
{
	for (size_t at = 1; at < past->count && !pair->pasts; at++) {
		const struct snapshot *snapshot = past->held[at];

		for (size_t i = 0; i < snapshot->count; i++) {
			const struct flow_key *key = snapshot_key(snapshot, i);
			struct flow_key of = pair_key_of(key);

			if (flow_key_equal(&of, &pair->key))
				take_past_rates(past, at, i, flow_key_dir(key), pair);
		}
	}
}

/* Adds what the flow of the other direction counted. */
static void join_other(const struct view *view, size_t i, enum flow_dir dir, struct row *row)
{
	const struct row other = rows_get(&view->rows, (uint32_t)i);

	flow_counts_add(&row->delta[dir], &other.delta[dir]);
	flow_counts_add(&row->total[dir], &other.total[dir]);
	if (other.first_wall_ns < row->first_wall_ns)
		row->first_wall_ns = other.first_wall_ns;
}

bool view_get_pair(const struct view *view, struct view_pair *ret_pair)
{
	const struct snapshot *snapshot = view->rows.source.snapshot;
	const struct past *past = view->rows.past;
	struct flow_key wanted;

	*ret_pair = (struct view_pair){.pasts = 0};
	if (!selected_pair(view, &wanted) || !view_get_selected(view, &ret_pair->row))
		return false;
	ret_pair->key = wanted;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct flow_key *key = snapshot_key(snapshot, i);
		struct flow_key of = pair_key_of(key);

		if (!flow_key_equal(&of, &wanted)) {
			ret_pair->others += flow_key_sum(key) == FLOW_SUM_NONE &&
					    flow_key_sum(&wanted) == FLOW_SUM_NONE &&
					    !memcmp(of.dst, wanted.dst, sizeof(of.dst));
			continue;
		}
		if (view->rows.by == GROUP_FLOW && i != (size_t)view->selected_index)
			join_other(view, i, flow_key_dir(key), &ret_pair->row);
		if (past)
			take_past_rates(past, 0, i, flow_key_dir(key), ret_pair);
	}
	if (past && !ret_pair->pasts)
		find_past_rates(past, ret_pair);
	if (past && past->count)
		ret_pair->past_seen_ns = snapshot_seen_ns(past->held[past->count - 1]);
	return true;
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

struct column_context view_context(const struct view *view)
{
	return rows_context(&view->rows);
}

int view_list(struct view *view, int (*each)(void *context, const struct row *row), void *context)
{
	struct select_order order;
	int err = view_arrange(view);

	if (err)
		return err;
	order = order_select(&view->order);
	/* To find the window has overwritten them. */
	order_keys(&view->order, view->rows.item, view->rows.count);
	select_window(&order, view->rows.item, view->rows.count, 0, view->rows.count);
	for (size_t i = 0; !err && i < view->rows.count; i++) {
		const struct row row = rows_get(&view->rows, view->rows.item[i].index);

		err = each(context, &row);
	}
	return err;
}
