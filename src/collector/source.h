/* SPDX-License-Identifier: MIT */
/*
 * Where counts come from. The collector knows only this: the BPF source, those of src/capture/, and
 * what tests and benches bring. All calls but open and free are the collector thread's.
 */
#ifndef PKTSTAT_SOURCE_H
#define PKTSTAT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "ifaces.h"
#include "snapshot.h"

/* Takes the counts of flows, or of parts of them: the same key may come more than once. */
struct flow_sink {
	void (*add)(void *arg, const struct flow_delta *flows, size_t count);
	void *arg;
};

/* What one drain said beside the flows. */
struct source_reading {
	uint64_t mono_ns;		       /* when the generation was swapped out */
	struct flow_counts total[FLOW_WHERES]; /* counted by the hook before anything else */
	struct flow_counts map_full;	       /* of these: found no room in the kernel map */
	uint64_t unseen; /* packets lost before they could be read; they are in `total` too */
	struct sample_counts samples;	       /* handed over, and refused */
	uint32_t map_used;		       /* flows that were in kernel tables and maps */
	int error; /* 0, or the negative errno of a read that failed: counts may be missing */
};

/* Room for flows in the kernel as it is now: slots of tables and entries of maps. */
struct source_state {
	uint32_t map_entries;
	uint32_t map_entries_max;
	uint32_t map_grown;
	uint32_t map_shrunk;
	uint32_t map_failed;
	bool inspect; /* packets are handed over as samples */
};

struct flow_source;

struct flow_source_ops {
	/*
	 * Takes everything counted since the drain before out of the kernel and hands it to the
	 * sink. `ret_reading` is filled in whatever happens.
	 */
	void (*drain)(struct flow_source *source, const struct flow_sink *sink,
		      struct source_reading *ret_reading);
	/* Ends counting. What was counted until then is still to be drained. */
	void (*detach)(struct flow_source *source);
	/* Becomes readable when wants_drain() should be asked; -1: never. */
	int (*wake_fd)(struct flow_source *source);
	/* Clears the wake-up; true when the kernel map fills so fast that a drain must not wait. */
	bool (*wants_drain)(struct flow_source *source);
	/* Becomes readable when on_links() should be called; -1: never. */
	int (*links_fd)(struct flow_source *source);
	/*
	 * Clears the event and follows what happened to the interfaces: those that came are attached
	 * to, those that went are let go. True when counting is over: every interface is gone, and
	 * nobody wants to wait for their return.
	 */
	bool (*on_links)(struct flow_source *source);
	/*
	 * At a deadline, when counts were drained: looks whether counting goes on everywhere, and
	 * mends what can be mended. True when counting is over, as on_links() says.
	 */
	bool (*on_deadline)(struct flow_source *source);
	/* True when an interface finds no slot, although interfaces that are gone have some. */
	bool (*wants_slots)(struct flow_source *source);
	/*
	 * When few slots are left: those of interfaces that are gone for long, in `ret_slot`, are
	 * free from now on. True when there are any: before the next drain, the caller takes what
	 * was counted there out of their rows. Only those are given up that were drained to
	 * the last, which after wants_slots() takes two drains.
	 */
	bool (*give_up_slots)(struct flow_source *source, bool ret_slot[FLOW_IFACES_MAX]);
	/* A reference to the interfaces as they are now; the caller puts it. */
	struct ifaces *(*ifaces)(const struct flow_source *source);
	void (*state)(const struct flow_source *source, struct source_state *ret_state);
	/* In a word or two: how it counts ("tcx", "socket", "file"). Static storage. */
	const char *(*way)(const struct flow_source *source);
	/* Has an end (a capture file): when counting is over, nothing was lost. */
	bool finite;
};

struct flow_source {
	const struct flow_source_ops *ops;
};

/*
 * Flows on their way from a drain to its sink, some at a time, so that the sink can fetch what it
 * needs for all of them at once. Lives on the drain's stack; flush before it ends.
 */

#define BATCH_FLOWS 64

struct batch {
	const struct flow_sink *sink;
	size_t count;
	uint64_t flows; /* handed in so far */
	uint64_t wide;	/* of these, out of two slots each */
	struct flow_delta flow[BATCH_FLOWS];
};

static inline void batch_init(struct batch *batch, const struct flow_sink *sink)
{
	batch->sink = sink;
	batch->count = 0;
	batch->flows = 0;
	batch->wide = 0;
}

static inline void batch_flush(struct batch *batch)
{
	if (batch->count)
		batch->sink->add(batch->sink->arg, batch->flow, batch->count);
	batch->count = 0;
}

static inline void batch_add(struct batch *batch, const struct flow_key *key,
			     const struct flow_counts *counts)
{
	struct flow_delta *flow = &batch->flow[batch->count];

	flow->key = *key;
	flow->counts = *counts;
	batch->flows++;
	if (++batch->count == BATCH_FLOWS)
		batch_flush(batch);
}

#endif
