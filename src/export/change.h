/* SPDX-License-Identifier: MIT */
/*
 * What was counted between two snapshots of the ring, flow by flow: totals now minus totals then. The
 * older snapshot is held, and with the idle log it says what every flow had counted then, so a reader
 * may skip as many snapshots as it likes: its intervals get longer, their sums stay right. Takes
 * memory for the flows that were active, however many are known. Belongs to who asks; one thread.
 */
#ifndef PKTSTAT_CHANGE_H
#define PKTSTAT_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "snapshot.h"

struct changed_flow {
	struct flow_key key;
	struct flow_counts delta; /* since the older snapshot; may be zeros */
	struct flow_counts total; /* since start */
	int64_t first_wall_ns;
	uint32_t owner; /* id of the owner table */
	uint32_t sight, sight_word; /* what packets said of it (sight.h) */
	bool ended;	/* went idle: no row of the newer snapshot */
};

struct change {
	const struct snapshot *now; /* NULL before the first change_take() */
	const struct snapshot *then; /* NULL: the start */
	uint64_t elapsed_ns;	     /* between the two; since the start if there was none */
	struct changed_flow *flow;
	size_t count;
	uint32_t active; /* flows that had packets; rows that are sums do not count */
	/*
	 * What cannot be told by flow, because the idle log no longer reaches back to the older
	 * snapshot. The deltas of all flows and this add up to the difference of the totals.
	 */
	struct flow_counts rest[FLOW_DIRS];
	struct flow_counts delta[FLOW_DIRS]; /* everything */
};

struct change_keeper;

/* Nothing was taken yet; 0 or -ENOMEM. */
int change_keeper_new(struct change_keeper **ret_keeper);
void change_keeper_free(struct change_keeper *keeper);
/*
 * What changed from the snapshot of the last successful call to `now`; valid until the next call. 0
 * or -ENOMEM, after which the next call covers this time as well.
 */
int change_take(struct change_keeper *keeper, struct snapshot *now, const struct change **ret_change);
/* Every packet up to then was counted and is in one row, and flows were not added up. */
bool change_is_exact(const struct snapshot *snapshot);
/* The snapshot of the last successful call; NULL: none. Owned by the keeper. */
const struct snapshot *change_last(const struct change_keeper *keeper);

#endif
