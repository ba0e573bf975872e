/* SPDX-License-Identifier: MIT */
/* The flows of the report for a person. */
#include <stdio.h>

#include "endpoint.h"
#include "flow.h"
#include "format.h"
#include "rate.h"
#include "report_rows.h"
#include "report_text.h"

/* Lines of everything but protocols, hosts, flows and reasons, with a prompt after the report. */
#define LINES_FIXED 21
#define FLOWS_LEAST 10
/* Widest text of format_scaled(). */
#define SCALED_WIDTH 6
/* Behind the columns of column.h. */
#define COLUMN_IFACE ((int)COLUMNS)

struct flows {
	const struct report *report;
	struct report_rows rows;
};

static void number_cell(const struct grid *grid, const struct ledger_flow *flow, int id, char *text)
{
	const struct flows *flows = grid->context;
	uint64_t running_ns = flows->report->running_ns;

	if (id == COLUMN_BPS)
		format_scaled(rate_bps(flow->total.bytes, running_ns), text, GRID_CELL_MAX);
	else if (id == COLUMN_PPS)
		format_scaled(rate_pps(flow->total.packets, running_ns), text, GRID_CELL_MAX);
	else
		report_count(grid, id == COLUMN_BYTES ? flow->total.bytes : flow->total.packets,
			     text);
}

static const char *iface_name(const struct report *report, const struct flow_key *key)
{
	unsigned int slot = flow_key_slot(key);

	return slot < report->ifaces ? report->iface[slot] : "";
}

static void flow_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct flows *flows = grid->context;
	const struct ledger_flow *flow = report_rows_get(&flows->rows, row);
	const struct flow_key *key = &flow->key;

	switch (id) {
	case COLUMN_PROTO: snprintf(text, GRID_CELL_MAX, "%s", flow_proto_name(key)); return;
	case COLUMN_DIR:
		snprintf(text, GRID_CELL_MAX, "%s", flow_key_dir(key) == FLOW_IN ? "in" : "out");
		return;
	case COLUMN_SOURCE: endpoint_source(key, text, GRID_CELL_MAX); return;
	case COLUMN_DESTINATION: endpoint_destination(key, text, GRID_CELL_MAX); return;
	default:
		if (id == COLUMN_IFACE)
			format_outside(iface_name(flows->report, key), text, GRID_CELL_MAX);
		else
			number_cell(grid, flow, id, text);
	}
}

/* The columns; that of the order is never left out. Returns how many. */
static size_t flow_columns(const struct report *report, struct grid_column *ret_columns)
{
	static const struct grid_column all[] = {
		{.id = COLUMN_PROTO},
		{.id = COLUMN_DIR, .drop = 5},
		{.id = COLUMN_IFACE, .title = "INTERFACE", .drop = 6},
		{.id = COLUMN_SOURCE, .shorten = true},
		{.id = COLUMN_DESTINATION, .shorten = true},
		{.id = COLUMN_BPS, .width = SCALED_WIDTH, .drop = 4},
		{.id = COLUMN_PPS, .width = SCALED_WIDTH, .drop = 1},
		{.id = COLUMN_PACKETS, .drop = 2},
		{.id = COLUMN_BYTES, .drop = 3},
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct grid_column *column = &ret_columns[count];

		if (all[i].id == COLUMN_IFACE && report->ifaces < 2)
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

static size_t flows_limit(const struct report *report, const struct report_sums *sums,
			  size_t hosts_shown)
{
	size_t used = LINES_FIXED + sums->protos + hosts_shown;

	if (report->limit || !report->height)
		return report->limit;
	for (size_t i = 0; i < REPORT_SUMS_MAX; i++)
		used += sums->reason[i].packets != 0;
	return report->height > used + FLOWS_LEAST ? report->height - used : FLOWS_LEAST;
}

/* The flows that found no room, so that the table still closes. */
static int put_rest(const struct report *report, const struct report_sums *sums,
		    const struct report_rows *rows, FILE *out)
{
	struct flow_counts rest = sums->in_rows;
	char more[FORMAT_TEXT_MAX], packets[FORMAT_TEXT_MAX], bytes[FORMAT_TEXT_MAX];
	size_t known = ledger_count(report->ledger);

	if (rows->count == known)
		return 0;
	report_add(&rest, &sums->other);
	for (size_t i = 0; i < rows->count; i++) {
		const struct ledger_flow *flow = report_rows_get(rows, i);

		rest.packets -= flow->total.packets;
		rest.bytes -= flow->total.bytes;
	}
	format_count(known - rows->count, more, sizeof(more));
	format_count(rest.packets, packets, sizeof(packets));
	format_count(rest.bytes, bytes, sizeof(bytes));
	return report_written(out, fprintf(out, "  and %s more rows: %s packets, %s bytes\n", more,
					   packets, bytes));
}

int report_put_flows(const struct report *report, const struct report_sums *sums,
		     size_t hosts_shown, FILE *out)
{
	struct grid_column columns[GRID_COLUMNS_MAX];
	struct flows flows = {.report = report};
	struct grid grid = {
		.column = columns, .width = report->width, .cell = flow_cell, .context = &flows};
	int err;

	err = report_rows_init(report, flows_limit(report, sums, hosts_shown), &flows.rows);
	if (err)
		return err;
	grid.columns = flow_columns(report, columns);
	grid.rows = flows.rows.count;
	err = report_written(out, fputc('\n', out));
	if (!err)
		err = grid_print(&grid, out);
	if (!err)
		err = put_rest(report, sums, &flows.rows, out);
	report_rows_done(&flows.rows);
	return err;
}
