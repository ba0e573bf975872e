/* SPDX-License-Identifier: MIT */
/*
 * A snapshot is one interval of the interface: which flows were active, what they counted, and the state of
 * the monitor itself. The collector builds it, the ring publishes it, and from then on it is
 * not changed; it lives until its last reference is put. Rows name flows by their place in a flow
 * table that neighbouring snapshots share, so a quiet minute costs 32 bytes a flow and second.
 */
#ifndef PKTSTAT_SNAPSHOT_H
#define PKTSTAT_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "idle_log.h"
#include "ifaces.h"
#include "sample_abi.h"

/*
 * Flow table: append-only and shared. The collector appends; readers look only at entries whose
 * place they know from a published snapshot, so they need no lock. A new table (an "era") is begun
 * when most entries of the old one are no longer active. Chunks are as large as blocks that the C library
 * maps one by one (see main.c): in its heap they would leave holes that thinned snapshots then split.
 */
#define FLOW_TABLE_CHUNK 2048
#define FLOW_TABLE_NO_ID UINT32_MAX
/* Ids from here on are remainder rows of thinned snapshots: this plus `where`. */
#define FLOW_TABLE_ID_REMAINDER ((1U << 26) - FLOW_WHERES)

struct flow_table_entry {
	struct flow_key key;
	int64_t first_wall_ns; /* first seen, CLOCK_REALTIME, interval resolution */
	uint32_t previous_id;  /* the flow's place in the table of the era before, or NO_ID */
	/*
	 * The owner of the flow: an id of the owner table (owner.h). Written by the thread that looks
	 * owners up, whenever it knows more, also after publication; read by all.
	 */
	_Atomic uint32_t owner;
	/*
	 * What packets said of the flow: an id of the table of sights, and the flow's own word (sight.h).
	 * Written by the thread of sights, in the same way.
	 */
	_Atomic uint32_t sight, sight_word;
};

struct flow_table {
	atomic_uint references;
	uint32_t era;   /* counts up, from 1 */
	uint32_t count; /* written by the collector only */
	uint32_t room;  /* entries it can have at most */
	struct flow_table_entry **chunk; /* pointers for `room` entries, filled as needed */
};

/* A new, empty table with one reference; 0 or -ENOMEM. */
int flow_table_new(uint32_t era, struct flow_table **ret_table);
/* The same with room for so many entries and no more, for which it takes just the memory needed. */
int flow_table_new_for(uint32_t era, uint32_t room, struct flow_table **ret_table);
struct flow_table *flow_table_ref(struct flow_table *table);
/* Puts one reference, frees the table with the last; NULL is allowed. Returns NULL. */
struct flow_table *flow_table_unref(struct flow_table *table);
/* Appends a flow; 0, -ENOMEM, or -ENOSPC without room (at FLOW_TABLE_ID_REMAINDER entries). */
int flow_table_append(struct flow_table *table, const struct flow_table_entry *entry,
		      uint32_t *ret_id);
/* Bytes of memory the table holds. */
size_t flow_table_bytes(const struct flow_table *table);

static inline const struct flow_table_entry *flow_table_get(const struct flow_table *table,
							    uint32_t id)
{
	return &table->chunk[id / FLOW_TABLE_CHUNK][id % FLOW_TABLE_CHUNK];
}

/* One flow in one interval. 32 bytes: ten minutes of a thousand flows are 19 MB. */
struct snapshot_row {
	uint64_t id : 26;            /* place in the table of the era in which it was counted */
	uint64_t delta_packets : 38; /* in this interval; 0: idle, but active a moment ago */
	uint64_t delta_bytes;
	uint64_t packets; /* since start, this interval included */
	uint64_t bytes;
};

struct snapshot_totals {
	struct flow_counts delta; /* in this interval */
	struct flow_counts total; /* since start */
	double peak_bps;          /* highest rates of any interval so far */
	double peak_pps;
};

/*
 * What peaks and graphs are made of. An interval that was cut short, by news of interfaces or at a
 * stop, would make a burst look like a rate: it has no sample, and is part of the next one.
 */
struct snapshot_sample {
	uint64_t elapsed_ns; /* 0: none */
	struct flow_counts delta[FLOW_DIRS];
};

/* Packets that were wanted as samples; no count depends on them. */
struct sample_counts {
	uint64_t handed; /* over to the reader */
	uint64_t refused[SAMPLE_REFUSALS];
};

/* State of the monitor at the end of the interval: what the header and the health page show. */
struct snapshot_health {
	struct flow_counts hook;      /* counted by the hook before anything else, since start */
	struct flow_counts rows;      /* in rows of real flows and named sums, since start */
	struct flow_counts map_full;  /* of these: in "flow map full" rows */
	struct flow_counts aged;      /* of these: in "aged" rows */
	uint64_t flows_aged;          /* flows folded into "aged" rows */
	struct flow_counts gone;      /* of rows: in "interfaces gone" rows */
	uint64_t flows_gone;	      /* flows folded into those, and sums */
	uint64_t unseen;              /* packets that a socket had no room for; of rows, without bytes */
	bool inspect;                 /* flows are looked into: the next one has a meaning */
	struct sample_counts samples; /* since start */
	uint32_t map_entries;         /* room in the kernel map of one generation, flows */
	uint32_t map_used;            /* flows drained from it in this interval */
	uint32_t map_entries_max;     /* bound of its growth */
	uint32_t map_grown;           /* times it was made larger */
	uint32_t map_shrunk;          /* times it was made smaller */
	uint32_t map_failed;          /* times the kernel refused a larger one */
	uint32_t early_drains;        /* times the programs asked for a drain before the interval */
	uint32_t missed_deadlines;    /* intervals that began late by more than one interval */
	uint32_t read_errors;         /* reads of the kernel maps that failed */
	int last_error;               /* negative errno of the newest of those, or 0 */
	uint64_t drain_ns;            /* time the last drain took */
	uint64_t build_ns;            /* time ledger and snapshot took */
	uint64_t ring_bytes;          /* memory held by the ring */
	uint64_t ring_budget;         /* its bound */
	uint64_t ledger_bytes;        /* memory held by the ledger */
};

enum snapshot_state {
	SNAPSHOT_LIVE,  /* counting */
	SNAPSHOT_LOST,  /* the interface is gone; the rows are the last ones known */
	SNAPSHOT_ENDED, /* the capture file was read to its end */
	SNAPSHOT_FINAL, /* the last read, after which the programs were detached */
};

struct snapshot {
	atomic_uint references;
	struct flow_table *table; /* one reference; see snapshot_key() */
	struct ifaces *ifaces;    /* one reference: the interfaces as they were; NULL: not known */
	struct idle_log *idle;    /* one reference: flows without a row; NULL: not kept */
	struct idle_moment idle_at; /* which of them belong to this snapshot */
	uint64_t seq;             /* counts up by 1, from 1 */
	int64_t wall_ns;          /* CLOCK_REALTIME at the end of the interval */
	int64_t wall_ahead_ns;    /* of the clock of first and last seen, once the wall clock was set */
	uint64_t mono_ns;         /* CLOCK_MONOTONIC at the end of the interval */
	uint64_t elapsed_ns;      /* real length of the interval; 0 in the first: it has no rate */
	uint64_t running_ns;      /* since counting began */
	uint32_t era;             /* of the ids in rows */
	struct snapshot_sample sample;
	bool thin;                /* only the top rows, and "remainder" rows, are left */
	enum snapshot_state state;
	uint32_t flows_active; /* with packets in this interval */
	uint32_t flows_known;  /* in the ledger */
	struct snapshot_totals dir[FLOW_DIRS];
	struct snapshot_health health;
	size_t count;
	struct snapshot_row row[]; /* by ascending id */
};

/* Room for `count` rows, everything zero but references = 1; 0 or -ENOMEM. */
int snapshot_new(size_t count, struct snapshot **ret_snapshot);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
/* Puts one reference, frees with the last; NULL is allowed. Returns NULL. */
struct snapshot *snapshot_unref(struct snapshot *snapshot);
/* Bytes of memory the snapshot itself holds, without its table. */
size_t snapshot_bytes(const struct snapshot *snapshot);

/*
 * The end of the interval by the clock of first and last seen, which nobody sets: their distance to it
 * is time, that to wall_ns is not when the wall clock was set since the start.
 */
static inline int64_t snapshot_seen_ns(const struct snapshot *snapshot)
{
	return snapshot->wall_ns - snapshot->wall_ahead_ns;
}

/* Table entry of row `i`. */
const struct flow_table_entry *snapshot_entry(const struct snapshot *snapshot, size_t i);
/* Key of row `i`. */
static inline const struct flow_key *snapshot_key(const struct snapshot *snapshot, size_t i)
{
	return &snapshot_entry(snapshot, i)->key;
}
/*
 * Sets the owner of row `i`: the one thing that is written after publication, and only by the thread
 * that looks owners up. True when it was another one before.
 */
bool snapshot_set_owner(const struct snapshot *snapshot, size_t i, uint32_t owner);
/* The same by the thread of sights: id and word. */
bool snapshot_set_sight(const struct snapshot *snapshot, size_t i, uint32_t sight, uint32_t word);
/* Place of the row with that id, or -1. Binary search. */
long snapshot_find(const struct snapshot *snapshot, uint32_t id);

/*
 * A copy that keeps the `keep` rows with most bytes in the interval and one remainder row a
 * direction and interface for all others, so that it sums to the same totals; 0 or -ENOMEM.
 */
int snapshot_thin(const struct snapshot *snapshot, size_t keep, struct snapshot **ret_thin);

#endif
