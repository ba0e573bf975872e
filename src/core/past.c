/* SPDX-License-Identifier: MIT */
/* A flow through the snapshots of the ring; see past.h. Keeps nothing. */
#include "past.h"

#include "flow.h"
#include "rate.h"

/* The flow's place in an older table; NO_ID when it had none or the eras are too far apart. */
static uint32_t id_before(const struct snapshot *newer, const struct snapshot *older, uint32_t id)
{
	if (id == FLOW_TABLE_NO_ID || newer->era == older->era)
		return id;
	if (newer->era != older->era + 1)
		return FLOW_TABLE_NO_ID;
	return flow_table_get(newer->table, id)->previous_id;
}

static uint32_t id_in(const struct snapshot *snapshot, const struct flow_key *key)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		if (flow_key_equal(snapshot_key(snapshot, i), key))
			return (uint32_t)snapshot->row[i].id;
	}
	return FLOW_TABLE_NO_ID;
}

static double rate_in(const struct snapshot *snapshot, uint32_t id)
{
	long row = id == FLOW_TABLE_NO_ID ? -1 : snapshot_find(snapshot, id);

	if (row >= 0 && snapshot->elapsed_ns)
		return rate_bps(snapshot->row[row].delta_bytes, snapshot->elapsed_ns);
	/* A thinned snapshot does not tell small flows from absent ones. */
	return row >= 0 || snapshot->thin || !snapshot->elapsed_ns ? -1.0 : 0.0;
}

size_t past_of_flow(struct ring *ring, const struct snapshot *snapshot, const struct flow_key *key,
		    double *ret_bps, size_t max)
{
	struct snapshot *held[PAST_MAX];
	size_t count = ring_last(ring, snapshot->seq, held, max < PAST_MAX ? max : PAST_MAX);
	const struct snapshot *newer = snapshot;
	uint32_t id = id_in(snapshot, key);

	for (size_t i = 0; i < count; i++) {
		id = id_before(newer, held[i], id);
		ret_bps[count - 1 - i] = rate_in(held[i], id);
		newer = held[i];
	}
	for (size_t i = 0; i < count; i++)
		snapshot_unref(held[i]);
	return count;
}
