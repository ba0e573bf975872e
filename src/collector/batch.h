/* SPDX-License-Identifier: MIT */
/*
 * Flows on their way from a drain to its sink, some at a time, so that the sink can fetch what it
 * needs for all of them at once. Lives on the drain's stack; flush before it ends.
 */
#ifndef PKTSTAT_BATCH_H
#define PKTSTAT_BATCH_H

#include "source.h"

#define BATCH_FLOWS 64

struct batch {
	const struct flow_sink *sink;
	size_t count;
	uint64_t flows; /* handed in so far */
	struct flow_delta flow[BATCH_FLOWS];
};

static inline void batch_init(struct batch *batch, const struct flow_sink *sink)
{
	batch->sink = sink;
	batch->count = 0;
	batch->flows = 0;
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
