/* SPDX-License-Identifier: MIT */
/*
 * The rows of a view before they are ordered: those of a snapshot that pass the filter, alone or
 * in groups. Owned by a view; one thread.
 */
#ifndef PKTSTAT_VIEW_ROWS_H
#define PKTSTAT_VIEW_ROWS_H

#include <stdbool.h>

#include "column.h"
#include "filter.h"
#include "group.h"
#include "idle_sums.h"
#include "select.h"
#include "view.h"

struct view_rows {
	struct snapshot *snapshot;	  /* a reference, or NULL */
	struct filter *filter;		  /* owned, or NULL */
	const struct filter *hidden;	  /* borrowed, or NULL: what matches is left out */
	const struct owner_table *owners; /* borrowed, or NULL */
	struct name_cache *names;	  /* borrowed, or NULL */
	uint64_t known_version;		  /* of owners and names, when rows were gathered */
	/* Owners by row of the snapshot, as of then: they change while rows are sorted. */
	uint32_t *owner;
	size_t owner_room;
	enum group_by by;
	struct group *group; /* filled when `by` is not GROUP_FLOW */
	bool drilled;	     /* only flows of one group: */
	enum group_by drill_by;
	struct flow_key drill_key;
	unsigned int drill_tenant;     /* view_rows_tenant() of it */
	struct view_totals totals;     /* of what passes */
	const struct past *past;       /* borrowed, or NULL: no averages */
	double *average[PAST_WINDOWS]; /* by row of the snapshot, when known[] */
	bool known[PAST_WINDOWS];
	size_t averages; /* room */
	/* Totals of flows when they were reset, as groups of one; NULL: they count since start. */
	struct group *base;
	int64_t base_wall_ns;
	struct idle_moment base_idle;
	struct idle_sums idle; /* of flows without a row */
	uint64_t filters;      /* number of the filter, to tell it from the one before */
	/* Where a filter asks for host names: their version when idle flows were asked, how many these
	 * were, and refreshes since. */
	uint64_t idle_names, idle_refreshes;
	size_t idle_asked;
	/* What the filter said of the flows of an era, by id: 0 not asked, 1 passes, 2 does not. */
	uint8_t *verdict;
	size_t verdicts;
	uint32_t verdict_era;
	/* Indexes of the rows, in no order yet. */
	struct select_item *item;
	size_t room, count;
};

/* Zeroed is empty, but for the group table. 0 or -ENOMEM. */
int view_rows_init(struct view_rows *rows);
void view_rows_done(struct view_rows *rows);
/* Verdicts of the filter before are worth nothing for another one. */
void view_rows_set_filter(struct view_rows *rows, struct filter *filter);
/* Totals count from the snapshot shown on, or from the start again; 0 or -ENOMEM. */
int view_rows_reset(struct view_rows *rows);
void view_rows_unreset(struct view_rows *rows);
/* Makes items and totals from the snapshot; 0 or -ENOMEM. */
int view_rows_gather(struct view_rows *rows);

/* Counts of row `i` of the snapshot since the moment or the start. */
struct flow_counts view_rows_total(const struct view_rows *rows, size_t i);
/* The same of any flow, given its totals; `rows` has a moment. */
struct flow_counts view_rows_since(const struct view_rows *rows, const struct flow_key *key,
				   const struct flow_counts *total, int64_t first_wall_ns);
/* Whether a flow belongs to the group that is open. */
bool view_rows_in_drill(const struct view_rows *rows, const struct flow_key *key, uint32_t owner);
/* Part of view_rows_init() and view_rows_gather(): totals of flows without a row. 0 or -ENOMEM. */
int view_rows_idle_init(struct view_rows *rows);
int view_rows_add_idle(struct view_rows *rows);
/* Takes up flows that were not known at the moment; 0 or -ENOMEM. Part of gathering. */
int view_rows_learn_base(struct view_rows *rows);

/* Whether owners or names that matter became known since rows were gathered. */
bool view_rows_outdated(const struct view_rows *rows);

/* Whose that part of the row is: id of the owner table. */
uint32_t view_rows_owner(const struct view_rows *rows, uint32_t index, enum owner_part part);
const struct flow_key *view_rows_key(const struct view_rows *rows, uint32_t index);
struct view_row view_rows_get(const struct view_rows *rows, uint32_t index);
/* What a column of numbers is ordered by; larger is more. */
uint64_t view_rows_number(const struct view_rows *rows, enum column column, uint32_t index);
/*
 * Of the interfaces that have had the slot of a row's key one after another, the one it has in the
 * snapshot shown, by number; 0 for groups over all interfaces.
 */
unsigned int view_rows_tenant(const struct view_rows *rows, enum group_by by,
			      const struct flow_key *key);
/* Index of the row with that key, which was at *id in *era; both are brought up to date. -1: none. */
long view_rows_find(const struct view_rows *rows, const struct flow_key *key, unsigned int tenant,
		    uint32_t *id, uint32_t *era);

#endif
