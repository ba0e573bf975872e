/* SPDX-License-Identifier: MIT */
/* The rows of the report for a person, and their cells where rows are flows. */
#include <stdio.h>

#include "endpoint.h"
#include "flow.h"
#include "format.h"
#include "rate.h"
#include "report_text.h"

/* Lines of what is always there but rows and reasons, with a prompt after the report. */
#define LINES_FIXED  16
#define LINES_FILTER 3 /* the filter, and totals of what passes */
#define LINES_PROTOS 2 /* without the protocols themselves */
#define LINES_HOSTS  3 /* without the hosts themselves, with "and more" */
#define ROWS_LEAST   10

void report_count_cell(const struct grid *grid, const struct flow_counts *total, int id, char *text)
{
	const struct report_listing *listing = grid->context;
	uint64_t running_ns = listing->report->running_ns;

	if (id == COLUMN_BPS)
		format_scaled(rate_bps(total->bytes, running_ns), text, GRID_CELL_MAX);
	else if (id == COLUMN_PPS)
		format_scaled(rate_pps(total->packets, running_ns), text, GRID_CELL_MAX);
	else
		report_count(grid, id == COLUMN_BYTES ? total->bytes : total->packets, text);
}

void report_iface_cell(const struct report *report, const struct flow_key *key, char *text)
{
	unsigned int slot = flow_key_slot(key);

	format_outside(slot < report->ifaces ? report->iface[slot] : "", text, GRID_CELL_MAX);
}

static void flow_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct report_listing *listing = grid->context;
	const struct ledger_flow *flow = report_rows_flow(&listing->rows, row);
	const struct flow_key *key = &flow->key;

	switch (id) {
	case COLUMN_PROTO: snprintf(text, GRID_CELL_MAX, "%s", flow_proto_name(key)); return;
	case COLUMN_DIR:
		snprintf(text, GRID_CELL_MAX, "%s", flow_key_dir(key) == FLOW_IN ? "in" : "out");
		return;
	case COLUMN_SOURCE: endpoint_source(key, text, GRID_CELL_MAX); return;
	case COLUMN_DESTINATION: endpoint_destination(key, text, GRID_CELL_MAX); return;
	case REPORT_COLUMN_IFACE: report_iface_cell(listing->report, key, text); return;
	default: report_count_cell(grid, &flow->total, id, text);
	}
}

/* The columns; that of the order is never left out. Returns how many. */
static size_t flow_columns(const struct report *report, struct grid_column *ret_columns)
{
	static const struct grid_column all[] = {
		{.id = COLUMN_PROTO},
		{.id = COLUMN_DIR, .drop = 5},
		{.id = REPORT_COLUMN_IFACE, .title = "INTERFACE", .drop = 6},
		{.id = COLUMN_SOURCE, .shorten = true},
		{.id = COLUMN_DESTINATION, .shorten = true},
		{.id = COLUMN_BPS, .width = REPORT_SCALED_WIDTH, .drop = 4},
		{.id = COLUMN_PPS, .width = REPORT_SCALED_WIDTH, .drop = 1},
		{.id = COLUMN_PACKETS, .drop = 2},
		{.id = COLUMN_BYTES, .drop = 3},
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct grid_column *column = &ret_columns[count];

		if (all[i].id == REPORT_COLUMN_IFACE && report->ifaces < 2)
			continue;
		*column = all[i];
		count++;
		if (column->title)
			continue;
		column->title = column_info((enum column)column->id)->title;
		column->number = column_info((enum column)column->id)->number;
		if (column->id == (int)report->sort)
			column->drop = 0;
	}
	return count;
}

static size_t rows_limit(const struct report_parts *parts)
{
	const struct report *report = parts->report;
	size_t used = LINES_FIXED + (report->filter ? LINES_FILTER : 0);

	if (report->limit || !report->height)
		return report->limit;
	if (report_has_protos(parts))
		used += LINES_PROTOS + parts->picked.protos;
	if (report_has_hosts(parts))
		used += LINES_HOSTS + report_hosts_shown(parts);
	for (size_t i = 0; i < REPORT_SUMS_MAX; i++)
		used += parts->all.reason[i].packets != 0;
	return report->height > used + ROWS_LEAST ? report->height - used : ROWS_LEAST;
}

/* The rows that found no room, so that the table still closes. */
static int put_rest(const struct report_parts *parts, const struct report_rows *rows, FILE *out)
{
	struct flow_counts rest = parts->picked.in_rows;
	char more[FORMAT_TEXT_MAX], packets[FORMAT_TEXT_MAX], bytes[FORMAT_TEXT_MAX];

	if (rows->count == rows->known)
		return 0;
	report_add(&rest, &parts->picked.other);
	for (size_t i = 0; i < rows->count; i++) {
		struct flow_counts total = report_rows_total(rows, i);

		rest.packets -= total.packets;
		rest.bytes -= total.bytes;
	}
	format_count(rows->known - rows->count, more, sizeof(more));
	format_count(rest.packets, packets, sizeof(packets));
	format_count(rest.bytes, bytes, sizeof(bytes));
	return report_written(out, fprintf(out, "  and %s more rows: %s packets, %s bytes\n", more,
					   packets, bytes));
}

int report_put_rows(const struct report_parts *parts, FILE *out)
{
	const struct report *report = parts->report;
	struct report_listing listing = {.report = report};
	struct grid_column columns[GRID_COLUMNS_MAX];
	struct grid grid = {.column = columns, .width = report->width, .context = &listing};
	bool flows = report->by == GROUP_FLOW;
	int err = report_rows_init(report, &parts->pick, rows_limit(parts), &listing.rows);

	if (err)
		return err;
	grid.cell = flows ? flow_cell : report_group_cell;
	grid.columns =
		flows ? flow_columns(report, columns) : report_group_columns(report, columns);
	grid.rows = listing.rows.count;
	err = report_written(out, fputc('\n', out));
	if (!err)
		err = grid_print(&grid, out);
	if (!err)
		err = put_rest(parts, &listing.rows, out);
	report_rows_done(&listing.rows);
	return err;
}
