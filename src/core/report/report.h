/* SPDX-License-Identifier: MIT */
/*
 * The final report: the ledger as a table for people, or as JSON or CSV for programs. The caller hands in
 * a ledger that is no longer written to. Prints to `out` only.
 */
#ifndef PKTSTAT_REPORT_H
#define PKTSTAT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "column.h"
#include "filter.h"
#include "group.h"
#include "ifaces.h"
#include "ledger.h"
#include "name_cache.h"
#include "owner.h"
#include "sight.h"
#include "snapshot.h"

struct report {
	const struct ledger *ledger;
	const struct ifaces *ifaces;
	const struct owner_table *owners; /* NULL: owners were not looked up */
	const struct sight_table *sights; /* NULL: packets were not inspected */
	struct name_cache *names;	  /* NULL: no host names */
	const char *host, *version; /* outside text; NULL: not said */
	const char *attach;    /* "tcx", "clsact" */
	const char *ended;     /* reason: "timeout", "SIGINT", "interface lost", ... */
	int64_t start_wall_ns; /* CLOCK_REALTIME when counting began */
	uint64_t running_ns;   /* length of the capture, CLOCK_MONOTONIC */
	struct snapshot_totals dir[FLOW_DIRS]; /* as in the last snapshot */
	struct snapshot_health health;
	/* Only flows that pass; NULL: all. Its bps and pps are averages since start. */
	const struct filter *filter;
	const char *exported; /* one line on flow records that were sent; "" or NULL: none were */
	/* Lines on limits of --alert, safe to print. */
	const char *const *alert;
	size_t alerts;
	const struct filter *hidden; /* flows that match are left out (--hide-own); NULL: none */
	const char *filter_text; /* as it was typed (outside text), for the table */
	enum group_by by;	 /* what a row is: a flow, or a group of them */
	enum column sort;	 /* COLUMN_BPS: by bytes since start, then packets, then tuple */
	bool reverse;		 /* the other way round */
	size_t limit;		 /* rows at most; 0: all */
	bool sums_only;		 /* no rows of flows, groups or hosts at all */
	unsigned int width;	 /* columns of the terminal; 0: not a terminal, nothing is cut */
	/* Lines of the terminal: with `limit` 0, flows fill what the rest leaves; 0: all of them. */
	unsigned int height;
};

/* Table for a person; 0 or the negative errno of the failed write (-EPIPE, -ENOSPC, ...). */
int report_table(const struct report *report, FILE *out);
/* One JSON object with the sums of all rows and a newline; the same errors, and -ENOMEM. */
int report_total(const struct report *report, FILE *out);
/* One JSON array, one object a row, then a newline; the same errors, and -ENOMEM. */
int report_json(const struct report *report, FILE *out);
/* A line with the names of the columns, then one line a row; the same errors. */
int report_csv(const struct report *report, FILE *out);

#endif
