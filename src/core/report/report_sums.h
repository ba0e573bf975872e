/* SPDX-License-Identifier: MIT */
/* What a report adds up over flows: protocols, flows and "other". Pure; any thread. */
#ifndef PKTSTAT_REPORT_SUMS_H
#define PKTSTAT_REPORT_SUMS_H

#include <stddef.h>

#include "ledger.h"
#include "report_rows.h"

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

#endif
