/* SPDX-License-Identifier: MIT */
/*
 * The rows of a report, flows or groups of them, in a total order, the first ones or all. The rows
 * belong to the caller, the flows to the ledger; one thread.
 */
#ifndef PKTSTAT_REPORT_ROWS_H
#define PKTSTAT_REPORT_ROWS_H

#include <stddef.h>

#include "group.h"
#include "ledger.h"
#include "report.h"
#include "report_pick.h"
#include "select.h"

#define REPORT_ROWS_AHEAD 8

struct report_rows {
	const struct ledger *ledger;
	const struct owner_table *owners;
	const struct ifaces *ifaces;
	enum group_by by;
	struct group *group;   /* NULL: rows are flows */
	int64_t *last_wall_ns; /* of each group, its newest flow's */
	struct select_item *item;
	size_t known; /* rows there are */
	size_t count; /* rows shown */
};

/* The first `limit` rows (0: all; none for sums only) of what was picked, by the report's column; 0 or -ENOMEM. */
int report_rows_init(const struct report *report, const struct report_pick *pick, size_t limit,
		     struct report_rows *ret_rows);
void report_rows_done(struct report_rows *rows);

/*
 * Row `i` where rows are flows; rows are asked for one after another, so one that soon will be is
 * fetched meanwhile.
 */
static inline const struct ledger_flow *report_rows_flow(const struct report_rows *rows, size_t i)
{
	if (i + REPORT_ROWS_AHEAD < rows->count)
		__builtin_prefetch(
			ledger_get(rows->ledger, rows->item[i + REPORT_ROWS_AHEAD].index));
	return ledger_get(rows->ledger, rows->item[i].index);
}

/* Row `i` where rows are groups, of which only key, totals, first seen, flows and owner are
 * filled in. */
static inline const struct group_row *report_rows_group(const struct report_rows *rows, size_t i)
{
	return group_get(rows->group, rows->item[i].index);
}

/* When a flow of group `i` was last seen. */
static inline int64_t report_rows_group_last(const struct report_rows *rows, size_t i)
{
	return rows->last_wall_ns[rows->item[i].index];
}

/* What row `i` holds, in both directions. */
struct flow_counts report_rows_total(const struct report_rows *rows, size_t i);

#endif
