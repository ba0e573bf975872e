/* SPDX-License-Identifier: MIT */
/*
 * The rows of a report: flows of the ledger in a total order, the first ones or all. The rows
 * belong to the caller, the flows to the ledger; one thread.
 */
#ifndef PKTSTAT_REPORT_ROWS_H
#define PKTSTAT_REPORT_ROWS_H

#include <stddef.h>

#include "ledger.h"
#include "report.h"
#include "select.h"

#define REPORT_ROWS_AHEAD 8

struct report_rows {
	const struct ledger *ledger;
	struct select_item *item;
	size_t count; /* rows shown */
};

/* The first `limit` rows (0: all) of the report's ledger by its column; 0 or -ENOMEM. */
int report_rows_init(const struct report *report, size_t limit, struct report_rows *ret_rows);
void report_rows_done(struct report_rows *rows);

/* Row `i`; rows are asked for one after another, so one that soon will be is fetched meanwhile. */
static inline const struct ledger_flow *report_rows_get(const struct report_rows *rows, size_t i)
{
	if (i + REPORT_ROWS_AHEAD < rows->count)
		__builtin_prefetch(
			ledger_get(rows->ledger, rows->item[i + REPORT_ROWS_AHEAD].index));
	return ledger_get(rows->ledger, rows->item[i].index);
}

#endif
