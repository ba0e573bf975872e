/* SPDX-License-Identifier: MIT */
/*
 * The row engine: which flows of a source pass, alone or in groups, and what they come to. The live
 * view, the report and all else that lists flows ask it; order.h puts its rows in order. A struct rows
 * belongs to its caller; one thread.
 *
 * Set the members of the question, gather, order, look.
 */
#ifndef PKTSTAT_ROWS_H
#define PKTSTAT_ROWS_H

#include <stdbool.h>

#include "column.h"
#include "filter.h"
#include "group.h"
#include "idle_sums.h"
#include "row.h"
#include "select.h"

struct rows {
	/* The question. */
	struct source source;		  /* owned */
	const struct filter *filter;	  /* borrowed, or NULL; see rows_set_filter() */
	const struct filter *hidden;	  /* borrowed, or NULL: what matches is left out */
	const struct owner_table *owners; /* borrowed, or NULL */
	const struct sight_table *sights; /* borrowed, or NULL */
	struct name_cache *names;	  /* borrowed, or NULL */
	enum group_by by;
	bool drilled; /* only flows of one group: */
	enum group_by drill_by;
	struct flow_key drill_key;
	unsigned int drill_tenant; /* rows_tenant() of it */
	const struct past *past;   /* borrowed, or NULL: no averages */
	bool keeps_passed;	   /* `passed` is wanted */

	/* The answer. Indexes of the rows, in no order yet: of flows of the source, or of groups. */
	struct select_item *item;
	size_t room, count;
	struct group *group;	  /* filled when `by` is not GROUP_FLOW */
	struct row_totals totals; /* of what passes */
	uint32_t *passed;	  /* flows of the source that pass, totals.flows of them */
	size_t passed_room;

	/* The rest is the engine's own. */
	uint64_t known_version; /* of owners and names, when rows were gathered */
	/* What is known of the flows, as of then: it changes while rows are sorted. */
	struct flow_about *about;
	size_t about_room;
	double *average[PAST_WINDOWS]; /* of the flows, when known[] */
	bool known[PAST_WINDOWS];
	size_t averages; /* room */
	/* Totals of flows when they were reset, as groups of one; NULL: they count since start. */
	struct group *base;
	int64_t base_wall_ns;  /* when they were: for people, */
	int64_t base_seen_ns;  /* by the clock of first seen, */
	uint64_t base_mono_ns; /* and by CLOCK_MONOTONIC */
	struct idle_moment base_idle;
	/* Since then, of the rows of that snapshot; not looked at again. NULL: of none. */
	struct flow_counts *since;
	const struct snapshot *since_of;
	size_t since_room;
	struct idle_sums idle; /* of flows without a row */
	uint64_t filters;      /* number of the filter, to tell it from the previous one */
	/* Where a filter asks for host names: their version when idle flows were asked, how many these
	 * were, and refreshes since. */
	uint64_t idle_names, idle_refreshes;
	size_t idle_asked;
	/* Results of the filter for the flows of an era, by id: 0 not tested, 1 passes, 2 does not. */
	uint8_t *verdict;
	size_t verdicts;
	uint32_t verdict_era;
};

/* Zeroed is empty, but for the tables of groups. 0 or -ENOMEM; rows_done() is allowed after both. */
int rows_init(struct rows *rows);
void rows_done(struct rows *rows);
/* Flows of this source from now on; takes it over. */
void rows_set_source(struct rows *rows, struct source source);
/* Another filter; the previous one must still be there. */
void rows_set_filter(struct rows *rows, const struct filter *filter);
/* Totals count from the snapshot shown on, or from the start again; 0 or -ENOMEM. */
int rows_reset(struct rows *rows);
void rows_unreset(struct rows *rows);
/* Makes the answer; 0 or -ENOMEM. */
int rows_gather(struct rows *rows);

/* Whether --hide-own leaves a flow out. */
bool rows_hides(const struct rows *rows, size_t i);
/* Counts of flow `i` of the source since the moment or the start. */
struct flow_counts rows_total(const struct rows *rows, size_t i);
/* The same of any flow, given its totals; `rows` has a moment. */
struct flow_counts rows_since(const struct rows *rows, const struct flow_key *key,
				   const struct flow_counts *total, int64_t first_wall_ns);
/* Whether a flow belongs to the group that is open. */
bool rows_in_drill(const struct rows *rows, const struct flow_key *key, struct flow_about about);
/* Part of rows_init() and rows_gather(): totals of flows without a row. 0 or -ENOMEM. */
int rows_idle_init(struct rows *rows);
int rows_add_idle(struct rows *rows);
/*
 * Adds flows that were not known at the moment, and finds what each row has had since; 0 or -ENOMEM. Part of
 * gathering.
 */
int rows_learn_base(struct rows *rows);

/* Whether owners or names that matter became known since rows were gathered. */
bool rows_outdated(const struct rows *rows);

/* The tables that rows are asked of. */
static inline struct about_tables rows_tables(const struct rows *rows)
{
	return (struct about_tables){rows->owners, rows->sights};
}

/* Owner of that part of the row: id of the owner table. */
uint32_t rows_owner(const struct rows *rows, uint32_t index, enum owner_part part);
/* What packets said of the row: id of the table of sights; of a conversation, of the first flow known. */
uint32_t rows_sight(const struct rows *rows, uint32_t index);
const struct flow_key *rows_key(const struct rows *rows, uint32_t index);
struct row rows_get(const struct rows *rows, uint32_t index);
/* What cells of these rows depend on. */
struct column_context rows_context(const struct rows *rows);
/* What a column of numbers is ordered by; larger is more. */
uint64_t rows_number(const struct rows *rows, enum column column, uint32_t index);
/* The same as keys of all items. */
void rows_numbers(const struct rows *rows, enum column column, struct select_item *item,
		  size_t count);
/* Asks for the memory of a row, which will be needed soon. */
void rows_fetch(const struct rows *rows, uint32_t index);
/*
 * Of the interfaces that have had the slot of a row's key one after another, the one it has in the
 * snapshot shown, by number; 0 for groups over all interfaces.
 */
unsigned int rows_tenant(const struct rows *rows, enum group_by by,
			      const struct flow_key *key);
/* Index of the row with that key, which was at *id in *era; both are brought up to date. -1: none. */
long rows_find(const struct rows *rows, const struct flow_key *key, unsigned int tenant,
		    uint32_t *id, uint32_t *era);

#endif
