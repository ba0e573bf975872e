/* SPDX-License-Identifier: MIT */
/*
 * Snapshots made up from nothing but their number: every kind of row, a frozen clock, the same
 * bytes each time. For golden frames, scripted screens and figures.
 */
#ifndef PKTSTAT_SYNTHETIC_H
#define PKTSTAT_SYNTHETIC_H

#include <stddef.h>

#include "snapshot.h"

/* Rows of the fixed cast that come first, whatever is asked for. */
#define SYNTHETIC_CAST 16

struct synthetic {
	size_t flows; /* rows, at least SYNTHETIC_CAST */
	struct flow_table *table;
	uint64_t seq; /* of the last snapshot made */
	struct flow_counts total[FLOW_DIRS];
	double peak_bps[FLOW_DIRS], peak_pps[FLOW_DIRS];
};

/* 0 or a negative errno. */
int synthetic_init(struct synthetic *synthetic, size_t flows);
void synthetic_done(struct synthetic *synthetic);
/* The next second. The first snapshot has no rates. 0 or a negative errno. */
int synthetic_next(struct synthetic *synthetic, struct snapshot **ret_snapshot);

#endif
