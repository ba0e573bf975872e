/* SPDX-License-Identifier: MIT */
/*
 * The rows of a report: the row engine (rows.h) asked about the ledger, which nobody writes to any
 * more. They belong to the caller and are not moved once made; one thread.
 */
#ifndef PKTSTAT_REPORT_ROWS_H
#define PKTSTAT_REPORT_ROWS_H

#include <stddef.h>

#include "order.h"
#include "report.h"
#include "rows.h"

#define REPORT_ROWS_AHEAD 8

struct report_rows {
	struct rows rows;
	struct order order;
	size_t known; /* rows there are */
	size_t count; /* rows shown, in order; none before report_rows_sort() */
	bool sums_only;
};

/*
 * What passes, each flow asked once; `keeps_passed`: for report_rows_passed(). 0 or -ENOMEM, after
 * both of which report_rows_done() is due.
 */
int report_rows_init(struct report_rows *rows, const struct report *report, bool keeps_passed);
void report_rows_done(struct report_rows *rows);
/* Puts the first `limit` rows (0: all) in order, by the report's column; 0 or -ENOMEM. */
int report_rows_sort(struct report_rows *rows, size_t limit);

/* Flow `i` of rows.totals.flows that pass, in no order. */
static inline const struct ledger_flow *report_rows_passed(const struct report_rows *rows, size_t i)
{
	return ledger_get(rows->rows.source.ledger, rows->rows.passed[i]);
}

/*
 * Row `i` where rows are flows; rows are asked for one after another, so one that soon will be is
 * fetched meanwhile.
 */
static inline const struct ledger_flow *report_rows_flow(const struct report_rows *rows, size_t i)
{
	const struct ledger *ledger = rows->rows.source.ledger;

	if (i + REPORT_ROWS_AHEAD < rows->count)
		__builtin_prefetch(
			ledger_get(ledger, rows->rows.item[i + REPORT_ROWS_AHEAD].index));
	return ledger_get(ledger, rows->rows.item[i].index);
}

/* Row `i` where rows are groups; it has no averages. */
static inline const struct row *report_rows_group(const struct report_rows *rows, size_t i)
{
	return group_get(rows->rows.group, rows->rows.item[i].index);
}

/* What row `i` holds, in both directions. */
struct flow_counts report_rows_total(const struct report_rows *rows, size_t i);

#endif
