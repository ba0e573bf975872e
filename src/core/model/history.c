/* SPDX-License-Identifier: MIT */
/* Rates of the snapshots in the ring; see history.h. Each struct belongs to its one reader. */
#include "history.h"

#include "rate.h"

static void forget_first(struct history *history)
{
	history->first = (history->first + 1) % RING_SNAPSHOTS_MAX;
	history->count--;
}

static void add_point(struct history *history, const struct snapshot *snapshot)
{
	struct history_point *point;

	if (history->count == RING_SNAPSHOTS_MAX)
		forget_first(history);
	point = &history->point[(history->first + history->count++) % RING_SNAPSHOTS_MAX];
	point->seq = snapshot->seq;
	point->mono_ns = snapshot->mono_ns;
	point->elapsed_ns = snapshot->sample.elapsed_ns;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		const struct flow_counts *delta = &snapshot->sample.delta[dir];
		uint64_t elapsed_ns = snapshot->sample.elapsed_ns;

		point->bps[dir] = elapsed_ns ? rate_bps(delta->bytes, elapsed_ns) : -1.0;
		point->pps[dir] = elapsed_ns ? rate_pps(delta->packets, elapsed_ns) : -1.0;
	}
}

void history_update(struct history *history, struct ring *ring)
{
	uint64_t oldest, newest, seq;

	ring_range(ring, &oldest, &newest);
	while (history->count && history_get(history, 0)->seq < oldest)
		forget_first(history);
	seq = history->count ? history_get(history, history->count - 1)->seq + 1 : oldest;
	while (newest && seq <= newest) {
		struct snapshot *snapshot = ring_at(ring, seq);

		/* One that was dropped meanwhile is answered by its nearest. */
		if (snapshot && snapshot->seq >= seq)
			add_point(history, snapshot);
		seq = snapshot && snapshot->seq > seq ? snapshot->seq + 1 : seq + 1;
		snapshot_unref(snapshot);
	}
}

size_t history_at(const struct history *history, uint64_t mono_ns)
{
	size_t low = 0, high = history->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (history_get(history, middle)->mono_ns <= mono_ns)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint64_t history_span_ns(const struct history *history)
{
	if (history->count < 2)
		return 0;
	return history_get(history, history->count - 1)->mono_ns - history_get(history, 0)->mono_ns;
}
