/* SPDX-License-Identifier: MIT */
/*
 * Snapshots made up from nothing but their number: every kind of row, a frozen clock, the same
 * bytes each time. For golden frames, scripted screens and figures.
 */
#ifndef PKTSTAT_SYNTHETIC_H
#define PKTSTAT_SYNTHETIC_H

#include <stddef.h>

#include "name_cache.h"
#include "owner.h"
#include "sight.h"
#include "snapshot.h"

/* Rows of the fixed cast that come first, whatever is asked for. */
#define SYNTHETIC_CAST 16

/* What there is besides flows. */
struct synthetic_wish {
	unsigned int ifaces; /* watched ones; 0: as if 1 */
	bool owners;	     /* known ones of all kinds */
	bool names;	     /* of some hosts */
	bool sights;	     /* what packets said of some flows */
};

struct synthetic {
	size_t flows; /* rows, at least SYNTHETIC_CAST */
	struct ifaces *ifaces;
	struct owner_table *owners; /* NULL: none */
	struct sight_table *sights; /* NULL: none */
	struct name_cache *names;   /* NULL: none */
	struct flow_table *table;
	uint64_t seq; /* of the last snapshot made */
	struct flow_counts total[FLOW_DIRS];
	double peak_bps[FLOW_DIRS], peak_pps[FLOW_DIRS];
};

/* 0 or a negative errno. After any, synthetic_done() is allowed. */
int synthetic_init_with(struct synthetic *synthetic, size_t flows,
			const struct synthetic_wish *wish);
/* The same with one interface and nothing else. */
int synthetic_init(struct synthetic *synthetic, size_t flows);
void synthetic_done(struct synthetic *synthetic);
/* Another owner than before for a flow, as if it had just become known. */
void synthetic_set_owner(struct synthetic *synthetic, size_t flow, uint32_t owner);
/* The next second. The first snapshot has no rates. 0 or a negative errno. */
int synthetic_next(struct synthetic *synthetic, struct snapshot **ret_snapshot);

#endif
