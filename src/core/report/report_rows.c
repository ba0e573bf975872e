/* SPDX-License-Identifier: MIT */
/* Asking the row engine; see report_rows.h. */
#include "report_rows.h"

int report_rows_init(struct report_rows *rows, const struct report *report, bool keeps_passed)
{
	int err;

	*rows = (struct report_rows){.order = {.sort = report->sort, .rows = &rows->rows}};
	err = rows_init(&rows->rows);
	if (err)
		return err;
	rows_set_source(&rows->rows,
			source_of_ledger(report->ledger, report->ifaces, report->running_ns));
	rows_set_filter(&rows->rows, report->filter);
	rows->rows.hidden = report->hidden;
	rows->rows.owners = report->owners;
	rows->rows.names = report->names;
	rows->rows.by = report->by;
	rows->rows.keeps_passed = keeps_passed;
	err = rows_gather(&rows->rows);
	rows->known = rows->rows.count;
	rows->sums_only = report->sums_only;
	return err;
}

void report_rows_done(struct report_rows *rows)
{
	rows_done(&rows->rows);
	order_done(&rows->order);
}

int report_rows_sort(struct report_rows *rows, size_t limit)
{
	size_t count = limit && limit < rows->known ? limit : rows->known;
	int err = order_first(&rows->order, &rows->rows, count);

	rows->count = err || rows->sums_only ? 0 : count;
	return err;
}

struct flow_counts report_rows_total(const struct report_rows *rows, size_t i)
{
	uint32_t index = rows->rows.item[i].index;

	return (struct flow_counts){rows_number(&rows->rows, COLUMN_PACKETS, index),
				    rows_number(&rows->rows, COLUMN_BYTES, index)};
}
