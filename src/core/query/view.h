/* SPDX-License-Identifier: MIT */
/*
 * The view: which rows of a snapshot are on screen, in which order, and which one is selected. It
 * owns a reference to the snapshot it shows and nothing that others share; one thread, no
 * terminal. The selection follows its row by key across new orders, snapshots and eras. Until
 * something is chosen nothing is selected, and what asks for the selected row gets the first one.
 */
#ifndef PKTSTAT_VIEW_H
#define PKTSTAT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "column.h"
#include "filter.h"
#include "flow_abi.h"
#include "group.h"
#include "past.h"
#include "row.h"
#include "snapshot.h"

struct view;

/* An empty view that sorts by `sort`; 0 or -ENOMEM. */
int view_new(enum column sort, struct view **ret_view);
void view_free(struct view *view);

/* Shows this snapshot from now on; takes its own reference. */
void view_set_snapshot(struct view *view, struct snapshot *snapshot);
/* Compares with the snapshots before from now on, for averages and for view_history(). The view
 * borrows `past`, which begins with the snapshot shown; NULL: none. */
void view_set_past(struct view *view, const struct past *past);
/* Owners and host names; borrowed, NULL: not known. */
void view_set_owners(struct view *view, const struct owner_table *owners);
/* What packets said; borrowed, NULL: they are not inspected. */
void view_set_sights(struct view *view, const struct sight_table *sights);
void view_set_names(struct view *view, struct name_cache *names);
/* Leaves out rows that match, whatever the filter says; borrowed, NULL: none. */
void view_set_hidden(struct view *view, const struct filter *hidden);
/* The snapshot shown, owned by the view; NULL at first. */
const struct snapshot *view_snapshot(const struct view *view);
/* The same, for who wants a reference of their own. */
struct snapshot *view_shown(struct view *view);

/* Sorts by a column in its natural direction, or the other one. */
void view_set_sort(struct view *view, enum column sort, bool reverse);
enum column view_sort(const struct view *view);
bool view_reversed(const struct view *view);

/* Shows only what passes; takes the filter over. NULL: everything. */
void view_set_filter(struct view *view, struct filter *filter);
/* Groups rows. The selection returns to the first row. */
void view_set_group(struct view *view, enum group_by by);
enum group_by view_group(const struct view *view);
/* Shows the conversations of the selected group only, of a site its servers; false when rows are flows or
 * conversations, or there are none. */
bool view_drill(struct view *view);
/* Back to the groups, with the one that was open selected, one step; false when none was. */
bool view_drill_back(struct view *view);
/* The group that is open, NULL when none is; *ret_by says what its key means. */
const struct flow_key *view_drilled(const struct view *view, enum group_by *ret_by);

/* Counts totals from the snapshot shown on (the ledger does not care); 0 or -ENOMEM. */
int view_reset_totals(struct view *view);
/* Counts them from the start again. */
void view_unreset_totals(struct view *view);
/* When they were reset, CLOCK_REALTIME; 0: they count from the start. */
int64_t view_totals_since(const struct view *view);
/* The same moment by CLOCK_MONOTONIC; 0: since the start. */
uint64_t view_totals_since_mono(const struct view *view);
/* Keeps rows where they are while their numbers go on changing; new ones come last. */
void view_set_frozen(struct view *view, bool frozen);
bool view_is_frozen(const struct view *view);
/* Scrolls after the selected row wherever it goes. */
void view_set_follow(struct view *view, bool follow);
bool view_follows(const struct view *view);

/* Lines there are for rows; 0 is allowed. */
void view_set_height(struct view *view, size_t height);

/*
 * Selects the row so many lines below (above: negative) the selected one, as far as there are. Where
 * that one is not on screen, or there is none, the step begins beside the nearest row that is.
 */
void view_move(struct view *view, long lines);
/* Moves the window, not the selection. */
void view_scroll(struct view *view, long lines);
/* To the first row with nothing selected (following: the flow that is first now); the row that is last. */
void view_move_first(struct view *view);
void view_move_last(struct view *view);
/* The flow on that line of the screen, counted from 0; nothing happens behind the last. */
void view_select_line(struct view *view, size_t line);

/* The selection becomes the flow it is on, also if it was just the first row. */
void view_pin(struct view *view);

/*
 * While waiting, a chosen flow that is not among the rows is not succeeded by the one in its place:
 * nothing is selected until it is back.
 */
void view_set_waiting(struct view *view, bool waiting);

/*
 * Brings rows, order, window and selection up to date after any of the above. Cheap when nothing
 * changed. 0 or -ENOMEM, after which the view is as before.
 */
int view_arrange(struct view *view);

/* The rest says what view_arrange() found. Rows there are. */
size_t view_count(const struct view *view);
/* Place of the first row on screen. */
size_t view_top(const struct view *view);
/* Place of the selected row, from 0; it need not be on screen. Without a selection 0. */
size_t view_selected(const struct view *view);
bool view_has_selection(const struct view *view);
/* Row at that place; false when it is not on screen. */
bool view_get(const struct view *view, size_t place, struct row *ret_row);

/* Rates of the row at that place before, see past_rates(); 0 when it is not a flow on screen. */
size_t view_history(const struct view *view, size_t place, double *ret_bps, size_t max);

/* Both directions of a flow or conversation. */
struct view_pair {
	struct row row;	     /* the selected one, with what the flow of the other direction counted */
	struct flow_key key; /* of the conversation: the near end first */
	size_t others;	     /* flows on screen or not that have the same far end */
	/* Bits per second in the snapshots before, the newest last, past_of[] of each; below 0: unknown. */
	double past[FLOW_DIRS][PAST_MAX];
	size_t past_of[FLOW_DIRS], pasts; /* the larger */
	int64_t past_seen_ns; /* end of the oldest remembered interval, snapshot_seen_ns(); 0: none is */
};

/* Of the selected row; false when that is neither flow nor conversation, or gone. Looks at all flows. */
bool view_get_pair(const struct view *view, struct view_pair *ret_pair);
/* The flow or group that was chosen, among the rows or not; NULL: the first row. */
const struct flow_key *view_chosen(const struct view *view);
/* The selected row, on screen or not; false when there are no rows, or it is waited for. */
bool view_get_selected(const struct view *view, struct row *ret_row);
/* What cells of the rows depend on. */
struct column_context view_context(const struct view *view);
/*
 * Calls `each` for every row there is, in order, until it returns a negative errno; returns that, 0, or
 * -ENOMEM.
 */
int view_list(struct view *view, int (*each)(void *context, const struct row *row), void *context);
/* Sums of all rows there are. */
const struct row_totals *view_totals(const struct view *view);

#endif
