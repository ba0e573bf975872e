/* SPDX-License-Identifier: MIT */
/*
 * Counts captured frames by flow, as the programs in bpf/ do at the hook. One thread; lives in its
 * source.
 */
#ifndef PKTSTAT_COUNTER_H
#define PKTSTAT_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "fragments.h"
#include "captured.h"
#include "local_nets.h"
#include "sampler.h"
#include "source.h"
#include "tally.h"

struct counter {
	struct tally tally;
	struct fragments fragments;
	struct sampler sampler;
	struct flow_counts total[FLOW_WHERES];
	bool no_arp;
	const struct local_nets *local; /* by which direction is told; borrowed; NULL: it is not */
};

/* Direction of a frame for which the capture says none. */
#define COUNTER_NO_DIR (-1)

/*
 * `samples`: where the first packets of flows go; NULL: nowhere. 0 or a negative errno; then, and when
 * zeroed, it can be closed.
 */
int counter_open(struct counter *counter, bool no_arp, const struct local_nets *local,
		 const struct sampler_outlet *samples);
void counter_close(struct counter *counter);

/*
 * Counts a frame, seen at `now_ns` on the interface with that slot in direction `dir`, an enum
 * flow_dir or COUNTER_NO_DIR.
 */
void counter_add(struct counter *counter, const struct captured *captured, unsigned int slot,
		 int dir, int64_t now_ns);

/* Packets that are known to have been lost before they could be read, and nothing else of them. */
void counter_add_unseen(struct counter *counter, unsigned int slot, uint64_t packets);

/* Hands everything to the sink; adds to the reading, which the caller has begun. */
void counter_drain(struct counter *counter, const struct flow_sink *sink,
		   struct source_reading *reading);

/* What a flow source says of its room: that of the tally. */
void counter_state(const struct counter *counter, struct source_state *ret_state);

#endif
