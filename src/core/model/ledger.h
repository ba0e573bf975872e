/* SPDX-License-Identifier: MIT */
/*
 * The ledger: every flow since start, with its totals. It belongs to the collector thread; after
 * that thread has ended, the final report reads it. What the ledger does in an interval follows
 * the flows that were active, not those known. It is bounded: when it is full, the flows idle
 * longest are folded into "aged" rows, so that the sum of all rows never changes. The same is done to
 * flows of an interface that is gone, when another one gets its slot.
 */
#ifndef PKTSTAT_LEDGER_H
#define PKTSTAT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "snapshot.h"

#define LEDGER_FLOWS_DEFAULT 1048576
#define LEDGER_FLOWS_MIN 256
#define LEDGER_FLOWS_MAX (1U << 25)
/* How long a flow that went idle stays in snapshots. */
#define LEDGER_KEEP_NS_DEFAULT 5000000000ULL

/*
 * A flow, or a sum, since start. What adding counts needs comes first, and is no larger than a cache
 * line.
 */
struct ledger_flow {
	struct flow_key key;
	struct flow_counts total;
	uint32_t recent;       /* the ledger's own: place among the recent flows, or none */
	uint32_t hash;         /* the ledger's own */
	int64_t first_wall_ns; /* begin of the interval in which it was first counted */
	int64_t last_wall_ns;  /* end of the interval in which it was last counted, at a snapshot */
	uint32_t owner;        /* id of the owner table, as of when it was last recent */
	uint32_t idle;	       /* the ledger's own: place in the idle log, or none */
	uint32_t sight, sight_word; /* as in its flow table entry, as of then */
};

struct ledger;

/* Bounded to `max_flows` flows (LEDGER_FLOWS_MIN to _MAX); 0, -EINVAL or -ENOMEM. */
int ledger_new(size_t max_flows, uint64_t keep_ns, struct ledger **ret_ledger);
void ledger_free(struct ledger *ledger);
/*
 * Before the first flow: snapshots shall reach the flows they have no row for (idle_log.h). Costs 88
 * bytes for each flow that is known and idle. 0 or -ENOMEM.
 */
int ledger_log_idle(struct ledger *ledger);

/*
 * Begins an interval. `from_wall_ns` is when the counts to come may have begun, `to_wall_ns` the
 * time of the read.
 */
void ledger_begin(struct ledger *ledger, int64_t from_wall_ns, int64_t to_wall_ns);
/*
 * Adds counts to a flow; never fails. When there is no room for a new flow, because the ledger is
 * at its bound with flows that are all active or because there is no memory, the counts go to the
 * "aged" row of its class. The hot path: one hash look-up.
 */
void ledger_add(struct ledger *ledger, const struct flow_key *key, uint64_t packets,
		uint64_t bytes);
/*
 * The same for several, which may be parts of the same flow. What the look-ups read is fetched for
 * all of them at once: memory is what a large ledger waits for.
 */
void ledger_add_batch(struct ledger *ledger, const struct flow_delta *flows, size_t count);
/*
 * The interfaces of these slots are gone, and others get the slots: everything counted there is
 * folded into "interfaces gone" rows at FLOW_SLOT_GONE, by direction and class; what is "aged" or
 * "flow map full" already stays that. What they counted since the last ledger_snapshot() is so much
 * of these rows in the next. Never fails: what finds no memory waits for its row until the next
 * snapshot. Work mostly in proportion to the flows that came since the oldest of theirs; at
 * worst to all.
 */
void ledger_retire(struct ledger *ledger, const bool slot[FLOW_IFACES_MAX]);
/*
 * Ends the interval: a snapshot with a row for each flow active in it or within the keep time, ids
 * ascending, deltas since the last ledger_snapshot(). Its table, era, count, rows, flows_active,
 * flows_known and the ledger's part of health are filled in; the rest is the caller's.
 * 0 or -ENOMEM, in which case the deltas are kept for the next call.
 */
int ledger_snapshot(struct ledger *ledger, uint64_t now_mono_ns, struct snapshot **ret_snapshot);

/*
 * Takes over, for the flows still recent, their owners and what packets said of them; for the report,
 * when nothing writes that any more.
 */
void ledger_take_owners(struct ledger *ledger);

/* Flows and sums known. */
size_t ledger_count(const struct ledger *ledger);
/* Flow `i` of ledger_count(), in no order; owned by the ledger, valid until the next change. */
const struct ledger_flow *ledger_get(const struct ledger *ledger, size_t i);
/* Sum of all rows. */
struct flow_counts ledger_total(const struct ledger *ledger);
/* Bytes of memory held. */
size_t ledger_bytes(const struct ledger *ledger);

#endif
