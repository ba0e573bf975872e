/* SPDX-License-Identifier: MIT */
/*
 * Earlier rates of the flows in the snapshot shown: averages over the last seconds, and rates one
 * by one. Holds references to snapshots of the ring while it is used. One owner, one thread.
 */
#ifndef PKTSTAT_PAST_H
#define PKTSTAT_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "ring.h"
#include "snapshot.h"

/* Most snapshots held; with a short interval they do not cover the longest average. */
#define PAST_MAX 240

/* Averages over 2, 10 and 40 seconds. */
enum past_window {
	PAST_2S,
	PAST_10S,
	PAST_40S,
	PAST_WINDOWS,
};

/* Zeroed is empty. */
struct past {
	struct snapshot *held[PAST_MAX]; /* newest first; held[0] is the one shown */
	size_t count;
};

/* Holds the snapshots that end with `shown`, at most `max` of them. */
void past_take(struct past *past, struct ring *ring, struct snapshot *shown, size_t max);
/* Puts all references. */
void past_release(struct past *past);

/*
 * Bits per second of each row of the shown snapshot over a window, or over what is remembered of
 * it; `ret_bps` has room for its rows. False when there is no earlier snapshot to compare with.
 */
bool past_averages(const struct past *past, enum past_window window, double *ret_bps);

/*
 * Bits per second of one row in up to `max` snapshots, oldest first, the shown one last; 0 where it
 * was idle or not there, below 0 where unknown. Returns how many.
 */
size_t past_rates(const struct past *past, size_t row, double *ret_bps, size_t max);
/* The same for a row of held[from]; no later snapshot has its flow. */
size_t past_rates_from(const struct past *past, size_t from, size_t row, double *ret_bps,
		       size_t max);

/*
 * The rates of all snapshots the ring still has, for graphs and for finding a moment by its time.
 * A reader's own copy: a few bytes a snapshot, no lock. One thread.
 */

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
