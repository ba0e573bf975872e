/* SPDX-License-Identifier: MIT */
/*
 * What a report is made of. Rows: the row engine (rows.h) over the ledger, which is no longer
 * written to. Sums: protocols, flows and "other". Hosts: what each address sent and received. All
 * belong to the caller, and rows are not moved once made; one thread.
 */
#ifndef PKTSTAT_REPORT_PARTS_H
#define PKTSTAT_REPORT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"
#include "order.h"
#include "report.h"
#include "rows.h"

#define REPORT_ROWS_AHEAD 8

struct report_rows {
	struct rows rows;
	struct order order;
	size_t known; /* rows there are */
	size_t count; /* rows shown, in order; none before report_rows_sort() */
	bool sums_only;
};

/*
 * What passes, each flow tested once; `keeps_passed`: for report_rows_passed(). 0 or -ENOMEM, after
 * both of which the caller calls report_rows_done().
 */
int report_rows_init(struct report_rows *rows, const struct report *report, bool keeps_passed);
void report_rows_done(struct report_rows *rows);
/* Puts the first `limit` rows (0: all) in order, by the report's column; 0 or -ENOMEM. */
int report_rows_sort(struct report_rows *rows, size_t limit);

/* Flow `i` of rows.totals.flows that pass, in no order. */
static inline const struct ledger_flow *report_rows_passed(const struct report_rows *rows, size_t i)
{
	return ledger_get(rows->rows.source.ledger, rows->rows.passed[i]);
}

/*
 * Row `i` where rows are flows; rows are asked for one after another, so one that soon will be is
 * fetched meanwhile.
 */
static inline const struct ledger_flow *report_rows_flow(const struct report_rows *rows, size_t i)
{
	const struct ledger *ledger = rows->rows.source.ledger;

	if (i + REPORT_ROWS_AHEAD < rows->count)
		__builtin_prefetch(
			ledger_get(ledger, rows->rows.item[i + REPORT_ROWS_AHEAD].index));
	return ledger_get(ledger, rows->rows.item[i].index);
}

/* Row `i`, a flow or a group; also to be asked for one after another. */
static inline struct row report_rows_row(const struct report_rows *rows, size_t i)
{
	if (rows->rows.by == GROUP_FLOW)
		report_rows_flow(rows, i);
	return rows_get(&rows->rows, rows->rows.item[i].index);
}

/* Row `i` where rows are groups; it has no averages. */
static inline const struct row *report_rows_group(const struct report_rows *rows, size_t i)
{
	return group_get(rows->rows.group, rows->rows.item[i].index);
}

/* What row `i` holds, in both directions. */
struct flow_counts report_rows_total(const struct report_rows *rows, size_t i);

/* One protocol: a number over IP, ARP, or "other". */
#define REPORT_PROTO_ARP   256
#define REPORT_PROTO_OTHER 257
#define REPORT_PROTOS	   258

struct report_proto {
	int proto; /* IP protocol number or one of the above */
	size_t rows;
	struct flow_counts dir[FLOW_DIRS];
};

/* Kinds of sums as in enum flow_sum, the last for kinds not known here. */
#define REPORT_SUMS_MAX 21

struct report_sums {
	struct flow_counts slot[FLOW_IFACES_MAX][FLOW_DIRS]; /* by interface */
	struct report_proto proto[REPORT_PROTOS]; /* only those with rows, most bytes first */
	size_t protos;
	struct flow_counts dir[FLOW_DIRS];	    /* everything */
	size_t flows;				    /* rows that are flows, */
	struct flow_counts in_rows;		    /* and what they hold */
	struct flow_counts other;		    /* in rows that are sums, */
	struct flow_counts reason[REPORT_SUMS_MAX]; /* by enum flow_sum */
};

/* Of the flows that pass; of all flows. */
void report_sums_of_passed(const struct report_rows *rows, struct report_sums *ret_sums);
void report_sums_of_all(const struct ledger *ledger, struct report_sums *ret_sums);

static inline void report_add(struct flow_counts *to, const struct flow_counts *counts)
{
	to->packets += counts->packets;
	to->bytes += counts->bytes;
}

struct report_host {
	uint8_t address[16];
	bool ipv6; /* the address is one of IPv6 packets, though it may look like one of IPv4 */
	struct flow_counts sent;
	struct flow_counts received;
};

struct report_hosts {
	struct report_host *host; /* most bytes first, then by address */
	size_t count;
};

/* The hosts of the IP flows (ARP and sums have none); 0 or -ENOMEM. */
int report_hosts_init(const struct report_rows *rows, struct report_hosts *ret_hosts);
void report_hosts_done(struct report_hosts *hosts);

#endif
