/* SPDX-License-Identifier: MIT */
/*
 * Where flows come from, and what a row made of them holds. A source is a snapshot, or the ledger at
 * the end: rates are over the time of its deltas, which for the ledger is all the time there was.
 * Reads only; the thread of whoever may read what is behind it.
 */
#ifndef PKTSTAT_ROW_H
#define PKTSTAT_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"
#include "owner.h"
#include "past.h"
#include "sight.h"
#include "snapshot.h"

/* What is known of a flow, as of now: ids of the tables of owners and of sights. */
struct flow_about {
	uint32_t owner, sight;
};

/* The tables themselves; borrowed, NULL: not known. */
struct about_tables {
	const struct owner_table *owners;
	const struct sight_table *sights;
};

struct source {
	struct snapshot *snapshot;   /* one of the two; a reference, or NULL */
	const struct ledger *ledger; /* borrowed, or NULL */
	const struct ifaces *ifaces; /* borrowed, or NULL */
	uint64_t elapsed_ns;	     /* time of the deltas; 0: there are no rates */
	struct flow_counts all[FLOW_DIRS]; /* everything counted in that time, by direction */
};

/* A flow of a source. */
struct source_flow {
	const struct flow_key *key;
	struct flow_counts delta; /* in `elapsed_ns` */
	struct flow_counts total; /* since start */
	int64_t first_wall_ns;
	int64_t last_wall_ns; /* 0: not known */
	uint32_t owner;	      /* id of the owner table, as of now */
	uint32_t sight, sight_word; /* what packets said of it (sight.h), as of now */
};

/* Flows of a snapshot (a reference is taken), or NULL: none; flows of a ledger. */
static inline struct source source_of_snapshot(struct snapshot *snapshot)
{
	if (!snapshot)
		return (struct source){0};
	return (struct source){.snapshot = snapshot_ref(snapshot),
			       .ifaces = snapshot->ifaces,
			       .elapsed_ns = snapshot->elapsed_ns,
			       .all = {snapshot->dir[FLOW_IN].delta,
				       snapshot->dir[FLOW_OUT].delta}};
}

static inline struct source source_of_ledger(const struct ledger *ledger,
					     const struct ifaces *ifaces, uint64_t running_ns)
{
	return (struct source){.ledger = ledger, .ifaces = ifaces, .elapsed_ns = running_ns};
}

/* Flows there are. */
static inline size_t source_count(const struct source *source)
{
	if (source->ledger)
		return ledger_count(source->ledger);
	return source->snapshot ? source->snapshot->count : 0;
}

static inline void source_done(struct source *source)
{
	source->snapshot = snapshot_unref(source->snapshot);
}

static inline const struct flow_key *source_key(const struct source *source, size_t i)
{
	return source->ledger ? &ledger_get(source->ledger, i)->key
			      : snapshot_key(source->snapshot, i);
}

/* Counts alone: of a snapshot, they are in other memory than the rest. */
static inline struct flow_counts source_total(const struct source *source, size_t i)
{
	if (source->ledger)
		return ledger_get(source->ledger, i)->total;
	return (struct flow_counts){source->snapshot->row[i].packets,
				    source->snapshot->row[i].bytes};
}

static inline struct flow_counts source_delta(const struct source *source, size_t i)
{
	if (source->ledger)
		return ledger_get(source->ledger, i)->total;
	return (struct flow_counts){source->snapshot->row[i].delta_packets,
				    source->snapshot->row[i].delta_bytes};
}

/*
 * Fetches what source_get() reads of a flow soon, should there be one. Flows of a snapshot are mostly in
 * the order of their memory, but a processor does not fetch from page to page by itself.
 */
static inline void source_fetch(const struct source *source, size_t i)
{
	const struct flow_table_entry *entry;

	if (!source->snapshot || i >= source->snapshot->count)
		return;
	entry = snapshot_entry(source->snapshot, i);
	__builtin_prefetch(&entry->key);
	__builtin_prefetch(&entry->owner);
}

static inline struct source_flow source_of_row(const struct snapshot *snapshot, size_t i)
{
	const struct snapshot_row *row = &snapshot->row[i];
	const struct flow_table_entry *entry = snapshot_entry(snapshot, i);

	return (struct source_flow){
		.key = &entry->key,
		.delta = {row->delta_packets, row->delta_bytes},
		.total = {row->packets, row->bytes},
		.first_wall_ns = entry->first_wall_ns,
		.owner = atomic_load_explicit(&entry->owner, memory_order_acquire),
		.sight = atomic_load_explicit(&entry->sight, memory_order_acquire),
		.sight_word = atomic_load_explicit(&entry->sight_word, memory_order_relaxed),
	};
}

static inline struct source_flow source_get(const struct source *source, size_t i)
{
	const struct ledger_flow *flow;

	if (!source->ledger)
		return source_of_row(source->snapshot, i);
	flow = ledger_get(source->ledger, i);
	return (struct source_flow){
		.key = &flow->key,
		.delta = flow->total,
		.total = flow->total,
		.first_wall_ns = flow->first_wall_ns,
		.last_wall_ns = flow->last_wall_ns,
		.owner = flow->owner,
		.sight = flow->sight,
		.sight_word = flow->sight_word,
	};
}

/* A row of a table: a flow, which has one direction only, or a group of them. */
struct row {
	struct flow_key key;
	uint32_t flows; /* and sums, which are flows that are not told apart */
	uint32_t sums;	/* of these */
	uint32_t owner; /* id of the owner table; of a group: the one all its flows have, or unknown */
	struct flow_counts delta[FLOW_DIRS]; /* in the interval; no packets at all: idle */
	struct flow_counts total[FLOW_DIRS]; /* since start */
	int64_t first_wall_ns;
	int64_t last_wall_ns; /* 0: not known */
	bool mixed;	      /* a group of flows that have more than one owner */
	/* What packets said of it, as in struct source_flow; of a conversation, of the first flow known. */
	uint32_t sight, sight_word;
	double average_bps[PAST_WINDOWS]; /* below 0: not known */
};

/* Sums of the flows that pass the filter. */
struct row_totals {
	struct flow_counts delta[FLOW_DIRS];
	struct flow_counts total[FLOW_DIRS]; /* with those of flows that have no row any more */
	size_t flows;			     /* of the source */
	size_t idle;			     /* without a row of the snapshot */
	size_t idle_hidden; /* groups of those alone that are left out, see IDLE_GROUPS_SHOWN */
	bool partial; /* of this moment, it is not known any more what idle flows had counted */
};

#endif
