/* SPDX-License-Identifier: MIT */
/* What one flow did in the intervals the ring remembers. A reader's function; one thread. */
#ifndef PKTSTAT_PAST_H
#define PKTSTAT_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"
#include "snapshot.h"

/* Snapshots that are looked at in one call, at the most. */
#define PAST_MAX 240

/*
 * Bits per second of a flow in up to `max` snapshots that end with `snapshot`, oldest first; 0
 * where it was idle or not there, below 0 where nobody knows. Returns how many.
 */
size_t past_of_flow(struct ring *ring, const struct snapshot *snapshot, const struct flow_key *key,
		    double *ret_bps, size_t max);

#endif
