/* SPDX-License-Identifier: MIT */
/* The columns and cells of the report's table where rows are groups of flows. */
#include <linux/if_ether.h>
#include <stdio.h>

#include "flow.h"
#include "group.h"
#include "report_text.h"

/* A group may hold any protocol, also one that has no name. */
static void proto_cell(const struct flow_key *key, char *text)
{
	if (flow_key_is_ip(key) && !flow_ipproto_name(key->ipproto))
		snprintf(text, GRID_CELL_MAX, "%s (%u)", flow_proto_name(key), key->ipproto);
	else
		snprintf(text, GRID_CELL_MAX, "%s", flow_proto_name(key));
}

/* A sum is one of all interfaces. */
static void iface_cell(const struct report *report, const struct flow_key *key, char *text)
{
	*text = '\0';
	if (flow_key_sum(key) == FLOW_SUM_NONE)
		report_iface_cell(report, key, text);
}

/* With the host name where it is known. */
static void source_cell(const struct report *report, const struct flow_key *key, char *text)
{
	if (report->by == GROUP_CONVERSATION && flow_key_has_ports(key))
		report_source_cell(report, key, text);
	else if (report->by != GROUP_HOST || flow_key_sum(key) != FLOW_SUM_NONE ||
		 !name_cache_get(report->names, key->dst, text, GRID_CELL_MAX))
		group_source(report->by, key, report->owners, text, GRID_CELL_MAX);
}

void report_group_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct report_listing *listing = grid->context;
	const struct row *group = report_rows_group(listing->rows, row);
	enum group_by by = listing->report->by;
	struct flow_counts total = report_rows_total(listing->rows, row);

	switch (id) {
	case COLUMN_PROTO: proto_cell(&group->key, text); return;
	case COLUMN_SOURCE: source_cell(listing->report, &group->key, text); return;
	case COLUMN_DESTINATION:
		if (by == GROUP_CONVERSATION)
			report_destination_cell(listing->report, &group->key, text);
		else
			group_destination(by, &group->key, text, GRID_CELL_MAX);
		return;
	case COLUMN_IN: report_count(grid, group->total[FLOW_IN].bytes, text); return;
	case COLUMN_OUT: report_count(grid, group->total[FLOW_OUT].bytes, text); return;
	case COLUMN_FLOWS: report_count(grid, group->flows, text); return;
	case COLUMN_IFACE: iface_cell(listing->report, &group->key, text); return;
	case COLUMN_PROCESS:
		if (group->mixed)
			snprintf(text, GRID_CELL_MAX, "several");
		else
			report_owner_cell(listing->report, group->owner, id, text);
		return;
	default:
		if (!report_owner_cell(listing->report, group->owner, id, text))
			report_count_cell(grid, &total, id, text);
	}
}

/* Which columns a grouping has, a bit each. */
#define BY(by)	 (1U << (by))
#define BY_ALL	 (BY(GROUPS) - 1)
#define BY_BOTH	 BY(GROUP_CONVERSATION)
#define BY_OWNER (BY(GROUP_PROCESS) | BY(GROUP_CONTAINER) | BY(GROUP_USER))

/* What the ends are called, where it is not what column.h says. */
static const char *const titles[GROUPS][2] = {
	[GROUP_CONVERSATION] = {"NEAR", "FAR"},
	[GROUP_HOST] = {"HOST"},
	[GROUP_SERVICE] = {"PORT"},
	[GROUP_PROTOCOL] = {""},
	[GROUP_PROCESS] = {"PROCESS"},
	[GROUP_CONTAINER] = {"CONTAINER"},
	[GROUP_USER] = {"USER"},
};

static const char *title_of(enum group_by by, int id)
{
	switch (id) {
	case COLUMN_IN: return "BYTES IN";
	case COLUMN_OUT: return "BYTES OUT";
	case COLUMN_SOURCE: return titles[by][0];
	case COLUMN_DESTINATION: return titles[by][1];
	default: return column_info((enum column)id)->title;
	}
}

size_t report_group_columns(const struct report_listing *listing, struct grid_column *ret_columns)
{
	static const struct {
		struct grid_column column;
		unsigned int by;
	} all[] = {
		{{.id = COLUMN_PROTO}, BY_ALL & ~BY(GROUP_HOST) & ~BY_OWNER},
		{{.id = COLUMN_IFACE, .drop = 8}, BY_BOTH},
		{{.id = COLUMN_SOURCE, .shorten = true}, BY_ALL},
		{{.id = COLUMN_DESTINATION, .shorten = true}, BY_BOTH},
		{{.id = COLUMN_PROCESS, .drop = 9}, BY_BOTH | BY(GROUP_HOST) | BY(GROUP_SERVICE)},
		{{.id = COLUMN_USER, .drop = 9}, BY(GROUP_PROCESS)},
		{{.id = COLUMN_CONTAINER, .drop = 8}, BY(GROUP_PROCESS)},
		{{.id = COLUMN_BPS, .width = REPORT_SCALED_WIDTH, .drop = 6}, BY_ALL},
		{{.id = COLUMN_PPS, .width = REPORT_SCALED_WIDTH, .drop = 1}, BY_ALL},
		{{.id = COLUMN_PACKETS, .drop = 3}, BY_ALL},
		{{.id = COLUMN_IN, .number = true, .drop = 5}, BY_ALL},
		{{.id = COLUMN_OUT, .number = true, .drop = 4}, BY_ALL},
		{{.id = COLUMN_BYTES, .drop = 7}, BY_ALL},
		{{.id = COLUMN_FLOWS, .number = true, .drop = 2}, BY_ALL},
	};
	const struct report *report = listing->report;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct grid_column *column = &ret_columns[count];

		if (!(all[i].by & BY(report->by)) || !report_has_column(listing, all[i].column.id))
			continue;
		*column = all[i].column;
		count++;
		column->title = title_of(report->by, column->id);
		if (column->id < (int)COLUMNS)
			column->number = column_info((enum column)column->id)->number;
		if (column->id == (int)report->sort)
			column->drop = 0;
	}
	return count;
}
