/* SPDX-License-Identifier: MIT */
/* The processes with most bytes, in the report's table of rows that are something else. */
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "format.h"
#include "report_text.h"

#define PROCESSES_LISTED      10
#define PROCESSES_ON_TERMINAL 5

/* Whether a process is known behind any row. */
static bool knows_processes(const struct report_rows *rows)
{
	for (size_t i = 0; i < rows->known; i++) {
		const struct row *row = group_get(rows->rows.group, i);

		if (owner_is_process(group_row_owner(GROUP_PROCESS, row, OWNER_PROCESS)))
			return true;
	}
	return false;
}

int report_processes_init(struct report_parts *parts)
{
	struct report by_process = *parts->report;
	int err;

	if (!parts->report->owners || !owner_table_count(parts->report->owners) ||
	    parts->report->by == GROUP_PROCESS || parts->report->sums_only)
		return 0;
	by_process.by = GROUP_PROCESS;
	by_process.sort = COLUMN_BYTES;
	by_process.reverse = false;
	parts->processes_made = true;
	err = report_rows_init(&parts->processes, &by_process, false);
	if (!err && !knows_processes(&parts->processes))
		parts->processes.known = 0;
	return err;
}

size_t report_processes_shown(const struct report_parts *parts)
{
	size_t limit = parts->report->width ? PROCESSES_ON_TERMINAL : PROCESSES_LISTED;
	size_t known = parts->processes_made ? parts->processes.known : 0;

	if (parts->report->limit && parts->report->limit < limit)
		limit = parts->report->limit;
	return limit < known ? limit : known;
}

enum process_column {
	PROCESS_NAME,
	PROCESS_USER,
	PROCESS_BYTES_IN,
	PROCESS_BYTES_OUT,
	PROCESS_PACKETS,
	PROCESS_SHARE,
};

static void process_share(const struct report_parts *parts, const struct row *row, char *text)
{
	uint64_t all = parts->picked.in_rows.bytes + parts->picked.other.bytes;
	uint64_t bytes = row->total[FLOW_IN].bytes + row->total[FLOW_OUT].bytes;

	snprintf(text, GRID_CELL_MAX, "%.1f %%", all ? 100.0 * (double)bytes / (double)all : 0.0);
}

static void process_cell(const struct grid *grid, size_t i, int id, char *text)
{
	const struct report_parts *parts = grid->context;
	const struct owner_table *owners = parts->report->owners;
	const struct about_tables tables = {.owners = owners};
	const struct row *row = report_rows_group(&parts->processes, i);
	uint32_t owner = group_row_owner(GROUP_PROCESS, row, OWNER_PROCESS);

	switch ((enum process_column)id) {
	case PROCESS_NAME:
		group_source(GROUP_PROCESS, &row->key, &tables, NULL, text, GRID_CELL_MAX);
		return;
	case PROCESS_USER:
		format_outside(owner_table_get(owners, owner)->user, text, GRID_CELL_MAX);
		return;
	case PROCESS_BYTES_IN: report_count(grid, row->total[FLOW_IN].bytes, text); return;
	case PROCESS_BYTES_OUT: report_count(grid, row->total[FLOW_OUT].bytes, text); return;
	case PROCESS_PACKETS:
		report_count(grid, row->total[FLOW_IN].packets + row->total[FLOW_OUT].packets,
			     text);
		return;
	case PROCESS_SHARE: process_share(parts, row, text); return;
	}
}

int report_put_processes(struct report_parts *parts, FILE *out)
{
	static const struct grid_column columns[] = {
		{.title = "PROCESS", .id = PROCESS_NAME, .shorten = true},
		{.title = "USER", .id = PROCESS_USER, .drop = 1},
		{.title = "BYTES IN", .id = PROCESS_BYTES_IN, .number = true},
		{.title = "BYTES OUT", .id = PROCESS_BYTES_OUT, .number = true},
		{.title = "PACKETS", .id = PROCESS_PACKETS, .number = true, .drop = 2},
		{.title = "SHARE", .id = PROCESS_SHARE, .number = true, .drop = 3},
	};
	struct grid grid = {.column = columns,
			    .columns = sizeof(columns) / sizeof(columns[0]),
			    .rows = report_processes_shown(parts),
			    .width = parts->report->width,
			    .cell = process_cell,
			    .context = parts};
	int err = report_rows_sort(&parts->processes, grid.rows);

	if (!err)
		err = report_written(out, fputc('\n', out));
	if (!err)
		err = grid_print(&grid, out);
	return err ? err : report_put_more(out, parts->processes.known - grid.rows);
}
