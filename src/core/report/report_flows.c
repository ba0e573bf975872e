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
#define LINES_SHOWN  2 /* totals of what is not hidden */
#define LINES_PROTOS 2 /* without the protocols themselves */
#define LINES_HOSTS  3 /* without the hosts themselves, with "and more" */
#define ROWS_LEAST   10

/* From these on columns say who, where and how much: rows without them look alike. */
#define WORTH_FLOWS  6
#define WORTH_GROUPS 5

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

	format_outside(ifaces_name(report->ifaces, slot), text, GRID_CELL_MAX);
}

bool report_owner_cell(const struct report *report, uint32_t id, int column, char *text)
{
	const struct owner *owner = owner_table_get(report->owners, id);

	switch (column) {
	case COLUMN_PROCESS: format_outside(owner->comm, text, GRID_CELL_MAX); return true;
	case COLUMN_USER: format_outside(owner->user, text, GRID_CELL_MAX); return true;
	case COLUMN_CONTAINER: format_outside(owner->unit, text, GRID_CELL_MAX); return true;
	case COLUMN_PID:
		*text = '\0';
		if (owner->pid)
			snprintf(text, GRID_CELL_MAX, "%u", owner->pid);
		return true;
	default: return false;
	}
}

/* Columns that would say the same in every row, or nothing. */
bool report_has_column(const struct report_listing *listing, int id)
{
	switch (id) {
	case COLUMN_IFACE: return listing->report->ifaces && listing->report->ifaces->count > 1;
	case COLUMN_PROCESS:
	case COLUMN_PID:
	case COLUMN_USER:
	case COLUMN_CONTAINER: return listing->known & 1U << id;
	default: return true;
	}
}

/* Columns that have something to say of that owner. */
static uint32_t columns_about(const struct owner_table *owners, uint32_t id)
{
	if (id == OWNER_UNKNOWN)
		return 0;
	if (!owner_is_process(id))
		return 1U << COLUMN_PROCESS;
	return 1U << COLUMN_PROCESS | 1U << COLUMN_PID | 1U << COLUMN_USER |
	       (*owner_table_get(owners, id)->unit ? 1U << COLUMN_CONTAINER : 0);
}

/* What the rows shown know of their owners. */
static uint32_t known_columns(const struct report_listing *listing)
{
	const struct owner_table *owners = listing->report->owners;
	const struct report_rows *rows = listing->rows;
	uint32_t known = 0;

	for (size_t i = 0; owners && i < rows->count; i++) {
		const struct row *group;

		if (listing->report->by == GROUP_FLOW) {
			known |= columns_about(owners, report_rows_flow(rows, i)->owner);
			continue;
		}
		group = report_rows_group(rows, i);
		known |= columns_about(owners, group->owner);
		if (group->mixed)
			known |= 1U << COLUMN_PROCESS;
	}
	return known;
}

static bool name_of(const struct report *report, const struct flow_key *key,
		    const uint8_t address[16], char name[NAME_TEXT_MAX])
{
	return flow_key_is_ip(key) && name_cache_get(report->names, address, name, NAME_TEXT_MAX);
}

void report_source_cell(const struct report *report, const struct flow_key *key, char *text)
{
	char name[NAME_TEXT_MAX];

	if (name_of(report, key, key->src, name))
		endpoint_source_named(key, name, text, GRID_CELL_MAX);
	else
		endpoint_source(key, text, GRID_CELL_MAX);
}

void report_destination_cell(const struct report *report, const struct flow_key *key, char *text)
{
	char name[NAME_TEXT_MAX];

	if (name_of(report, key, key->dst, name))
		endpoint_destination_named(key, name, text, GRID_CELL_MAX);
	else
		endpoint_destination(key, text, GRID_CELL_MAX);
}

static void flow_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct report_listing *listing = grid->context;
	const struct ledger_flow *flow = report_rows_flow(listing->rows, row);
	const struct flow_key *key = &flow->key;

	switch (id) {
	case COLUMN_PROTO: snprintf(text, GRID_CELL_MAX, "%s", flow_proto_name(key)); return;
	case COLUMN_DIR:
		snprintf(text, GRID_CELL_MAX, "%s", flow_key_dir(key) == FLOW_IN ? "in" : "out");
		return;
	case COLUMN_SOURCE: report_source_cell(listing->report, key, text); return;
	case COLUMN_DESTINATION: report_destination_cell(listing->report, key, text); return;
	case COLUMN_IFACE: report_iface_cell(listing->report, key, text); return;
	default:
		if (!report_owner_cell(listing->report, flow->owner, id, text))
			report_count_cell(grid, &flow->total, id, text);
	}
}

/* The columns; that of the order is never left out. Returns how many. */
static size_t flow_columns(const struct report_listing *listing, struct grid_column *ret_columns)
{
	static const struct grid_column all[] = {
		{.id = COLUMN_PROTO},
		{.id = COLUMN_DIR, .drop = 8},
		{.id = COLUMN_IFACE, .drop = 9},
		{.id = COLUMN_SOURCE, .shorten = true},
		{.id = COLUMN_DESTINATION, .shorten = true},
		{.id = COLUMN_PROCESS, .drop = 10},
		{.id = COLUMN_PID, .drop = 3},
		{.id = COLUMN_USER, .drop = 1},
		{.id = COLUMN_CONTAINER, .drop = 2},
		{.id = COLUMN_BPS, .width = REPORT_SCALED_WIDTH, .drop = 7},
		{.id = COLUMN_PPS, .width = REPORT_SCALED_WIDTH, .drop = 4},
		{.id = COLUMN_PACKETS, .drop = 5},
		{.id = COLUMN_BYTES, .drop = 6},
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct grid_column *column = &ret_columns[count];

		if (!report_has_column(listing, all[i].id))
			continue;
		*column = all[i];
		count++;
		column->title = column_info((enum column)column->id)->title;
		column->number = column_info((enum column)column->id)->number;
		if (column->id == (int)listing->report->sort)
			column->drop = 0;
	}
	return count;
}

static size_t rows_limit(const struct report_parts *parts)
{
	const struct report *report = parts->report;
	size_t used = LINES_FIXED;

	if (report->limit || !report->height)
		return report->limit;
	if (report->filter)
		used += LINES_FILTER;
	else if (report->hidden)
		used += LINES_SHOWN;
	if (report_has_protos(parts))
		used += LINES_PROTOS + parts->picked.protos;
	if (report_has_hosts(parts))
		used += LINES_HOSTS + report_hosts_shown(parts);
	for (size_t i = 0; i < REPORT_SUMS_MAX; i++)
		used += parts->all.reason[i].packets != 0;
	used += report_iface_lines(parts) + (report->hidden != NULL);
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
	return report_written(out, fprintf(out, "  and %s more row%s: %s packet%s, %s bytes\n",
					   more, format_plural(rows->known - rows->count), packets,
					   format_plural(rest.packets), bytes));
}

int report_put_rows(struct report_parts *parts, FILE *out)
{
	const struct report *report = parts->report;
	struct report_listing listing = {.report = report, .rows = &parts->rows};
	struct grid_column columns[GRID_COLUMNS_MAX];
	struct grid grid = {.column = columns, .width = report->width, .context = &listing};
	bool flows = report->by == GROUP_FLOW;
	int err = report_rows_sort(&parts->rows, rows_limit(parts));

	if (err)
		return err;
	grid.cell = flows ? flow_cell : report_group_cell;
	listing.known = known_columns(&listing);
	grid.columns =
		flows ? flow_columns(&listing, columns) : report_group_columns(&listing, columns);
	grid.rows = parts->rows.count;
	grid.worth = flows ? WORTH_FLOWS : WORTH_GROUPS;
	err = report_written(out, fputc('\n', out));
	if (!err)
		err = grid_print(&grid, out);
	if (!err)
		err = put_rest(parts, &parts->rows, out);
	return err;
}
