/* SPDX-License-Identifier: MIT */
/*
 * The rates of all snapshots the ring still has, for graphs and for finding a moment by its time.
 * A reader's own copy: a few bytes a snapshot, no lock. One thread.
 */
#ifndef PKTSTAT_HISTORY_H
#define PKTSTAT_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "ring.h"
#include "snapshot.h"

struct history_point {
	uint64_t seq;
	uint64_t mono_ns;
	uint64_t elapsed_ns;		       /* the time of the rates */
	double bps[FLOW_DIRS], pps[FLOW_DIRS]; /* below 0: no rate, see struct snapshot_sample */
};

/* Zeroed is empty. */
struct history {
	size_t first, count; /* of the points in use, in a circle */
	struct history_point point[RING_SNAPSHOTS_MAX];
};

/* Adds what the ring has published since the last call, and removes what it has dropped. */
void history_update(struct history *history, struct ring *ring);

/* Point `i` of history->count, oldest first. */
static inline const struct history_point *history_get(const struct history *history, size_t i)
{
	return &history->point[(history->first + i) % RING_SNAPSHOTS_MAX];
}

/* Place of the last point not later than that time; 0 when all are later or there is none. */
size_t history_at(const struct history *history, uint64_t mono_ns);
/* From the oldest to the newest point; 0 when there are fewer than two. */
uint64_t history_span_ns(const struct history *history);

#endif
