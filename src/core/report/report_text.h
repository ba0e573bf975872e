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
#include "report_parts.h"

/* What a table is made of; owned by report_table(). */
struct report_parts {
	const struct report *report;
	struct report_rows rows;   /* what passes */
	struct report_hosts hosts; /* of that */
	struct report_rows processes; /* the same by process, where that is known and said by no row */
	bool processes_made;
	struct report_sums picked;
	struct report_sums all; /* without the filter */
};

/* The row that was asked for last. */
struct report_row {
	struct row row;
	size_t at;
	bool any;
};

/* The table of rows, also the context of its cells. */
struct report_listing {
	const struct report *report;
	const struct report_rows *rows;
	struct column_context context;
	struct report_row *last;
	uint32_t known; /* columns about owners that have something to say, a bit each */
};

/* Widest text of format_scaled(). */
#define REPORT_SCALED_WIDTH 6
/* The same of a share: "100.0 %". */
#define REPORT_PERCENT_WIDTH 7

/* 0, or the negative errno of a stdio call that returned `result` (negative: it failed). */
int report_written(FILE *out, int result);
/* "and N more" below a table that does not show so many rows; nothing for 0. 0 or a negative errno. */
int report_put_more(FILE *out, size_t rows);
/* A whole number as a cell of the grid. */
char *report_count(const struct grid *grid, uint64_t value, char *text);
/* Whether hosts and protocols are listed: not where the rows say the same; and how many hosts. */
bool report_has_hosts(const struct report_parts *parts);
bool report_has_protos(const struct report_parts *parts);
size_t report_hosts_shown(const struct report_parts *parts);

/* Processes with most bytes: 0 or -ENOMEM; how many are listed; the list, where these are any. */
int report_processes_init(struct report_parts *parts);
size_t report_processes_shown(const struct report_parts *parts);
int report_put_processes(struct report_parts *parts, FILE *out);

/* The flows or groups, as many as the limit or the terminal allow beside the rest. */
int report_put_rows(struct report_parts *parts, FILE *out);

size_t report_iface_lines(const struct report_parts *parts);

/* Packets seen = in rows + other, why, and whether that is exact. */
int report_put_accounting(const struct report_parts *parts, FILE *out);

#endif
