/* SPDX-License-Identifier: MIT */
/* The parts of report_table() among themselves. */
#ifndef PKTSTAT_REPORT_TEXT_H
#define PKTSTAT_REPORT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "grid.h"
#include "report.h"
#include "report_hosts.h"
#include "report_sums.h"

/* 0, or the negative errno of a stdio call that returned `result` (negative: it failed). */
int report_written(FILE *out, int result);
/* A whole number as a cell of the grid. */
char *report_count(const struct grid *grid, uint64_t value, char *text);
/* Hosts that the report lists. */
size_t report_hosts_shown(const struct report *report, const struct report_hosts *hosts);

/* The flows, as many as the limit or the terminal allow beside `hosts_shown` lines of hosts. */
int report_put_flows(const struct report *report, const struct report_sums *sums,
		     size_t hosts_shown, FILE *out);
/* Packets seen = in rows + other, why, and whether that is exact. */
int report_put_accounting(const struct report *report, const struct report_sums *sums, FILE *out);

#endif
