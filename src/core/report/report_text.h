/* SPDX-License-Identifier: MIT */
/* The parts of report_table() among themselves. */
#ifndef PKTSTAT_REPORT_TEXT_H
#define PKTSTAT_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "column.h"
#include "grid.h"
#include "report.h"
#include "report_hosts.h"
#include "report_rows.h"
#include "report_sums.h"

/* What a table is made of; owned by report_table(). */
struct report_parts {
	const struct report *report;
	struct report_rows rows;   /* what passes */
	struct report_hosts hosts; /* of that */
	struct report_sums picked;
	struct report_sums all; /* whatever the filter says */
};

/* The table of rows, also the context of its cells. */
struct report_listing {
	const struct report *report;
	const struct report_rows *rows;
	uint32_t known; /* columns about owners that have something to say, a bit each */
};

/* Widest text of format_scaled(). */
#define REPORT_SCALED_WIDTH 6

/* 0, or the negative errno of a stdio call that returned `result` (negative: it failed). */
int report_written(FILE *out, int result);
/* A whole number as a cell of the grid. */
char *report_count(const struct grid *grid, uint64_t value, char *text);
/* Whether hosts and protocols are listed: not where the rows say the same; and how many hosts. */
bool report_has_hosts(const struct report_parts *parts);
bool report_has_protos(const struct report_parts *parts);
size_t report_hosts_shown(const struct report_parts *parts);

/* The flows or groups, as many as the limit or the terminal allow beside the rest. */
int report_put_rows(struct report_parts *parts, FILE *out);
/* A cell by column: counts and rates of a row; the name of its interface. */
void report_count_cell(const struct grid *grid, const struct flow_counts *total, int id,
		       char *text);
/* A cell about the owner; false when the column is not about it. */
bool report_owner_cell(const struct report *report, uint32_t id, int column, char *text);
/* Whether a column is shown: not where it has nothing to say. */
bool report_has_column(const struct report_listing *listing, int id);
void report_iface_cell(const struct report *report, const struct flow_key *key, char *text);
/* An end of a flow or conversation, with its host name where that is known. */
void report_source_cell(const struct report *report, const struct flow_key *key, char *text);
void report_destination_cell(const struct report *report, const struct flow_key *key, char *text);
/* Columns and cells where rows are groups. The columns have room for GRID_COLUMNS_MAX. */
size_t report_group_columns(const struct report_listing *listing, struct grid_column *ret_columns);
void report_group_cell(const struct grid *grid, size_t row, int id, char *text);

/* The names of what was watched, each that is not any more with the reason. */
int report_put_watched(const struct report *report, FILE *out);
/* Totals by interface, where there are several; how many lines that takes. */
int report_put_ifaces(const struct report_parts *parts, FILE *out);
size_t report_iface_lines(const struct report_parts *parts);

/* Packets seen = in rows + other, why, and whether that is exact. */
int report_put_accounting(const struct report_parts *parts, FILE *out);

#endif
