/* SPDX-License-Identifier: MIT */
/*
 * Inside of the ledger, for its own four files: ledger.c finds and adds, ledger_fold.c makes room,
 * ledger_retire.c gives slots to other interfaces, ledger_snapshot.c turns recent flows into rows.
 * Collector thread only.
 */
#ifndef PKTSTAT_LEDGER_PRIVATE_H
#define PKTSTAT_LEDGER_PRIVATE_H

#include "flow.h"
#include "hash_index.h"
#include "idle_log.h"
#include "ledger.h"

/* Whole large pages: flows are looked up in random order, and 4 kB pages would miss the TLB. */
#define LEDGER_CHUNK_BYTES (3 * LARGE_PAGE)
#define LEDGER_CHUNK_FLOWS 65536
#define LEDGER_NOT_RECENT UINT32_MAX
#define LEDGER_NO_FLOW	   UINT32_MAX

/* Sums of the flows of interfaces that are gone. */
enum ledger_gone_kind {
	LEDGER_GONE_FLOWS,
	LEDGER_GONE_MAP_FULL, /* was that before */
	LEDGER_GONE_AGED,     /* was that before */
	LEDGER_GONE_KINDS,
};

/* What waits for its row among these. */
struct ledger_gone {
	struct flow_counts total;
	struct flow_counts delta; /* of these, in this interval */
	int64_t first_wall_ns, last_wall_ns;
};

/* A flow active in this interval or within the keep time. */
struct ledger_recent {
	uint32_t flow; /* LEDGER_NO_FLOW: to be forgotten */
	uint32_t id; /* place in the flow table, FLOW_TABLE_NO_ID until the next snapshot */
	uint64_t active_mono_ns;
	struct flow_counts before; /* the flow's total at the last snapshot */
};

struct ledger {
	struct ledger_flow **chunk;
	size_t chunks;
	size_t count;
	size_t max_flows;
	struct hash_index index; /* of places */
	struct ledger_recent *recent;
	size_t recents, recent_room;
	struct flow_table *table;
	struct idle_log *idle; /* NULL: not kept */
	uint64_t keep_ns;
	int64_t from_wall_ns, to_wall_ns;
	bool folding_failed; /* in this interval: every flow is active */
	bool spilled;
	struct flow_counts spill[FLOW_WHERES][FLOW_CLASSES]; /* waits for its "aged" rows */
	struct flow_counts aged;
	uint64_t flows_aged;
	size_t flows_on[FLOW_IFACES_MAX]; /* flows and sums by slot */
	bool gone_waits;
	bool recent_holes; /* recent flows that are LEDGER_NO_FLOW */
	struct ledger_gone gone[LEDGER_GONE_KINDS][FLOW_DIRS][FLOW_CLASSES]; /* waits for rows */
	struct flow_counts gone_total;
	uint64_t flows_gone;
};

_Static_assert(LEDGER_CHUNK_FLOWS * sizeof(struct ledger_flow) <= LEDGER_CHUNK_BYTES,
	       "a chunk of flows fits in its pages");

static inline struct ledger_flow *ledger_flow_at(const struct ledger *ledger, size_t i)
{
	return &ledger->chunk[i / LEDGER_CHUNK_FLOWS][i % LEDGER_CHUNK_FLOWS];
}

/*
 * What a recent flow counted since the last snapshot. It is not kept beside the total, so that adding
 * counts touches the flow only.
 */
static inline struct flow_counts ledger_delta(const struct ledger_flow *flow,
					      const struct ledger_recent *recent)
{
	return (struct flow_counts){flow->total.packets - recent->before.packets,
				    flow->total.bytes - recent->before.bytes};
}

/*
 * The flow with that key and its place, made if need be, whatever the bound says; NULL without
 * memory.
 */
struct ledger_flow *ledger_flow_of_key(struct ledger *ledger, const struct flow_key *key,
				       size_t *ret_place);

/*
 * Makes a flow a recent one, without an id, without counts, and behind all others; one that it is
 * already is still there then, and is the caller's to take out. NULL without memory.
 */
struct ledger_recent *ledger_recent_append(struct ledger *ledger, struct ledger_flow *flow,
					   size_t place);
/* Takes out of the recent flows those that are LEDGER_NO_FLOW; the others keep their order. */
void ledger_recent_forget(struct ledger *ledger);

/*
 * Folds the flows idle longest, a share of the bound, into the spill. Everything behind a folded
 * flow moves up, so the index is built again: work in proportion to the flows known, once per share
 * of them that came new. -ENOENT when every flow is active, -ENOMEM.
 */
int ledger_fold_idle(struct ledger *ledger);

/* Adds counts to the spill of the key's class: what belongs into an "aged" row, but has none yet. */
void ledger_spill(struct ledger *ledger, const struct flow_key *key, uint64_t packets,
		  uint64_t bytes);

/* Moves what waits for "interfaces gone" rows into them; what finds no memory waits on. */
void ledger_settle_gone(struct ledger *ledger);

/*
 * The flow, which is not recent, goes idle with its totals as they are, in place of the entry that it
 * may have; 0 or -ENOMEM, in which case nothing changes. And: it is no longer idle.
 */
int ledger_idle_enter(struct ledger *ledger, struct ledger_flow *flow);
void ledger_idle_leave(struct ledger *ledger, struct ledger_flow *flow);

/* Moves the spill into "aged" rows; what finds no memory stays for the next time. */
void ledger_settle(struct ledger *ledger);

#endif
