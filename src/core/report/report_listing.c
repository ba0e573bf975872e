/* SPDX-License-Identifier: MIT */
/* The ends of flows and groups in the report's table, with host names where these are known. */
#include <linux/if_ether.h>
#include <stdio.h>

#include "clock.h"
#include "flow.h"
#include "format.h"
#include "group.h"
#include "report_text.h"

static bool name_of(const struct report *report, const struct flow_key *key,
		    const uint8_t address[16], char name[NAME_TEXT_MAX])
{
	return flow_key_is_ip(key) && name_cache_get(report->names, address, name, NAME_TEXT_MAX);
}

static void source_cell(const struct report *report, const struct flow_key *key, char *text)
{
	char name[NAME_TEXT_MAX];

	if (name_of(report, key, key->src, name))
		endpoint_source_named(key, name, text, GRID_CELL_MAX);
	else
		endpoint_source(key, text, GRID_CELL_MAX);
}

static void destination_cell(const struct report *report, const struct flow_key *key, char *text)
{
	char name[NAME_TEXT_MAX];

	if (name_of(report, key, key->dst, name))
		endpoint_destination_named(key, name, text, GRID_CELL_MAX);
	else
		endpoint_destination(key, text, GRID_CELL_MAX);
}

/* An end of a flow or group, with its host name where that is known; at most GRID_CELL_MAX. */
static void report_group_source(const struct report *report, const struct flow_key *key, char *text)
{
	const struct about_tables tables = {report->owners, report->sights};
	enum group_by by = report->by;

	if (by == GROUP_FLOW || (by == GROUP_CONVERSATION && flow_key_has_ports(key)))
		source_cell(report, key, text);
	else if (by != GROUP_HOST || flow_key_sum(key) != FLOW_SUM_NONE ||
		 !name_cache_get(report->names, key->dst, text, GRID_CELL_MAX))
		group_source(by, key, &tables, report->ifaces, text, GRID_CELL_MAX);
}

static void report_group_destination(const struct report *report, const struct flow_key *key,
				     char *text)
{
	if (report->by == GROUP_FLOW || report->by == GROUP_CONVERSATION)
		destination_cell(report, key, text);
	else
		group_destination(report->by, key, text, GRID_CELL_MAX);
}

/* The rows of the report for a person, and their cells where rows are flows. */

/* Lines of what is always there but rows and reasons, with a prompt after the report. */
#define LINES_FIXED  16
#define LINES_FILTER 3 /* the filter, and totals of what passes */
#define LINES_SHOWN  2 /* totals of what is not hidden */
#define LINES_PROTOS 2 /* without the protocols themselves */
#define LINES_HOSTS  3 /* without the hosts themselves, with "and more" */
#define LINES_PROCESSES 3 /* the same of processes */
#define ROWS_LEAST   10

/* Columns from these turns on tell rows apart: they stay longer than full addresses. */
#define WORTH_FLOWS  60
#define WORTH_GROUPS 50

/* Not columns that would say the same in every row, or nothing. */
static bool has_column(const struct report_listing *listing, const struct column_info *info)
{
	if (!(info->report & 1U << listing->report->by))
		return false;
	if (info->iface)
		return listing->report->ifaces && listing->report->ifaces->count > 1;
	return (!info->owner && !info->sight) || listing->known & 1U << info->column;
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

/* The same of what packets said. */
static uint32_t columns_of_sight(const struct sight_table *sights, uint32_t id)
{
	const struct sight *sight = sight_table_get(sights, id);

	return (sight->application ? 1U << COLUMN_APP : 0) |
	       (*sight->label ? 1U << COLUMN_SITE : 0);
}

/* What the rows shown know of their owners, and what packets said of them. */
static uint32_t known_columns(const struct report_listing *listing)
{
	const struct owner_table *owners = listing->report->owners;
	const struct sight_table *sights = listing->report->sights;
	const struct report_rows *rows = listing->rows;
	uint32_t known = 0;

	for (size_t i = 0; (owners || sights) && i < rows->count; i++) {
		const struct row *group;

		if (listing->report->by == GROUP_FLOW) {
			const struct ledger_flow *flow = report_rows_flow(rows, i);

			known |= columns_about(owners, flow->owner) |
				 columns_of_sight(sights, flow->sight);
			continue;
		}
		group = report_rows_group(rows, i);
		known |= columns_about(owners, group->owner) |
			 columns_of_sight(sights, group->sight);
		if (group->mixed)
			known |= 1U << COLUMN_PROCESS;
	}
	return known;
}

/* The row, which all of its cells are asked for one after another; the next ones are fetched. */
static const struct row *listed_row(const struct report_listing *listing, size_t i)
{
	const struct report_rows *rows = listing->rows;
	struct report_row *last = listing->last;

	if (!last->any || last->at != i) {
		if (listing->report->by == GROUP_FLOW)
			report_rows_flow(rows, i);
		last->row = rows_get(&rows->rows, rows->rows.item[i].index);
		last->at = i;
		last->any = true;
	}
	return &last->row;
}

static void number_cell(const struct grid *grid, const struct column_info *info,
			const struct row *row, char *text)
{
	const struct report_listing *listing = grid->context;
	uint64_t count = info->count ? info->count(&listing->context, row) : 0;

	*text = '\0';
	if (info->known && !info->known(row))
		snprintf(text, GRID_CELL_MAX, "-");
	else if (info->kind == COLUMN_ID && count)
		snprintf(text, GRID_CELL_MAX, "%llu", (unsigned long long)count);
	else if (info->kind == COLUMN_COUNT)
		report_count(grid, count, text);
	else if (info->kind == COLUMN_PERCENT)
		snprintf(text, GRID_CELL_MAX, "%.1f %%", info->real(&listing->context, row));
	else if (info->real)
		format_scaled(info->real(&listing->context, row), text, GRID_CELL_MAX);
}

static void cell(const struct grid *grid, size_t i, int id, char *text)
{
	const struct report_listing *listing = grid->context;
	const struct column_info *info = column_info((enum column)id);
	const struct row *row = listed_row(listing, i);

	if (id == COLUMN_SOURCE)
		report_group_source(listing->report, &row->key, text);
	else if (id == COLUMN_DESTINATION)
		report_group_destination(listing->report, &row->key, text);
	else if (info->text)
		info->text(&listing->context, row, text, GRID_CELL_MAX);
	else
		number_cell(grid, info, row, text);
}

/* The columns; that of the order is never left out. Returns how many. */
static size_t grid_columns_of(const struct report_listing *listing, struct grid_column *ret_columns)
{
	bool flows = listing->report->by == GROUP_FLOW;
	size_t count = 0;

	for (int id = 0; id < COLUMNS; id++) {
		const struct column_info *info = column_info((enum column)id);

		if (!has_column(listing, info))
			continue;
		ret_columns[count++] = (struct grid_column){
			.id = id,
			.title = column_report_title(info->column, listing->report->by),
			.number = info->number,
			.shorten = info->shorten,
			.width = info->kind == COLUMN_PERCENT ? REPORT_PERCENT_WIDTH
				 : info->real		      ? REPORT_SCALED_WIDTH
							      : 0,
			.drop = info->column == listing->report->sort ? 0
				: flows				      ? info->drop
								      : info->drop_group,
		};
	}
	return count;
}

static size_t rows_limit(const struct report_parts *parts)
{
	const struct report *report = parts->report;
	size_t used = LINES_FIXED + (report->host != NULL);

	if (report->limit || !report->height)
		return report->limit;
	if (report->filter)
		used += LINES_FILTER;
	else if (report->hidden)
		used += LINES_SHOWN;
	if (report_has_protos(parts))
		used += LINES_PROTOS + parts->picked.protos;
	if (report_processes_shown(parts))
		used += LINES_PROCESSES + report_processes_shown(parts);
	if (report_has_hosts(parts))
		used += LINES_HOSTS + report_hosts_shown(parts);
	for (size_t i = 0; i < REPORT_SUMS_MAX; i++)
		used += parts->all.reason[i].packets != 0;
	used += report_iface_lines(parts) + (report->hidden != NULL);
	return report->height > used + ROWS_LEAST ? report->height - used : ROWS_LEAST;
}

/* The sum of the rows that are not shown, so that the table adds up. */
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
	struct report_row last = {.any = false};
	struct report_listing listing = {.report = report,
					 .rows = &parts->rows,
					 .context = rows_context(&parts->rows.rows),
					 .last = &last};
	struct grid_column columns[GRID_COLUMNS_MAX];
	struct grid grid = {
		.column = columns, .width = report->width, .cell = cell, .context = &listing};
	bool flows = report->by == GROUP_FLOW;
	int err = report_rows_sort(&parts->rows, rows_limit(parts));

	if (err)
		return err;
	listing.known = known_columns(&listing);
	grid.columns = grid_columns_of(&listing, columns);
	grid.rows = parts->rows.count;
	grid.worth = flows ? WORTH_FLOWS : WORTH_GROUPS;
	err = report_written(out, fputc('\n', out));
	if (!err)
		err = grid_print(&grid, out);
	if (!err)
		err = put_rest(parts, &parts->rows, out);
	return err;
}
