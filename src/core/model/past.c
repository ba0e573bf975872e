/* SPDX-License-Identifier: MIT */
/* Flows through the snapshots before; see past.h. Each struct belongs to its caller. */
#include "past.h"

#include "clock.h"

static const uint64_t window_ns[PAST_WINDOWS] = {2000000000, 10000000000, 40000000000};

void past_take(struct past *past, struct ring *ring, struct snapshot *shown, size_t max)
{
	past_release(past);
	past->count = ring_last(ring, shown->seq, past->held, max < PAST_MAX ? max : PAST_MAX);
	/* What is shown may have left the ring, or have been thinned there. */
	if (past->count && past->held[0]->seq == shown->seq) {
		snapshot_unref(past->held[0]);
		past->held[0] = snapshot_ref(shown);
		return;
	}
	past_release(past);
	past->held[past->count++] = snapshot_ref(shown);
}

void past_release(struct past *past)
{
	while (past->count)
		snapshot_unref(past->held[--past->count]);
}

/* The place in the era before of the flow that has this one in the snapshot's era, if it knows. */
static uint32_t previous_id(const struct snapshot *snapshot, uint32_t id)
{
	long row;

	/* The table of a whole one has all of the era; that of a thinned one just its own rows. */
	if (!snapshot->thin)
		return id < snapshot->table->room ? flow_table_get(snapshot->table, id)->previous_id
						  : FLOW_TABLE_NO_ID;
	row = snapshot_find(snapshot, id);
	return row < 0 ? FLOW_TABLE_NO_ID : snapshot_entry(snapshot, (size_t)row)->previous_id;
}

/*
 * The flow's place in the table of held[to], given that of held[from], which is not older. Eras
 * that lie between must be held too, for the way back leads through their tables: that of the
 * newest of each, which is thinned last.
 */
static uint32_t id_back(const struct past *past, size_t from, size_t to, uint32_t id)
{
	const struct snapshot *newest = past->held[from];

	for (size_t i = from; i <= to && id != FLOW_TABLE_NO_ID; i++) {
		const struct snapshot *snapshot = past->held[i];

		if (snapshot->era == newest->era)
			continue;
		if (snapshot->era + 1 != newest->era)
			return FLOW_TABLE_NO_ID;
		id = previous_id(newest, id);
		newest = snapshot;
	}
	return id;
}

/* The row in held[at] of the flow that has this place in the table of held[from]. */
static const struct snapshot_row *row_at(const struct past *past, size_t from, size_t at,
					 uint32_t id)
{
	const struct snapshot *snapshot = past->held[at];
	long row = -1;

	if (past->held[from]->era != snapshot->era)
		id = id_back(past, from, at, id);
	if (id != FLOW_TABLE_NO_ID)
		row = snapshot_find(snapshot, id);
	return row < 0 ? NULL : &snapshot->row[row];
}

/*
 * Counts of a flow that the snapshot at the window's begin does not name, though it is older: those
 * it had before it was active again. It cannot have been active unseen, for rows stay for seconds.
 */
static uint64_t bytes_before(const struct past *past, size_t at, const struct snapshot_row *row)
{
	while (at-- > 0) {
		const struct snapshot_row *then = row_at(past, 0, at, (uint32_t)row->id);

		if (then)
			return then->bytes - then->delta_bytes;
	}
	return row->bytes - row->delta_bytes;
}

/* The newest snapshot that is at least the window older than the one shown, or the oldest. */
static size_t window_begin(const struct past *past, enum past_window window)
{
	uint64_t now_ns = past->held[0]->mono_ns;
	size_t at = 0;

	/* An interval is rarely a hair shorter than asked for; a tenth of a second will not show. */
	while (at + 1 < past->count &&
	       now_ns - past->held[at]->mono_ns + 100000000 < window_ns[window])
		at++;
	return at;
}

bool past_averages(const struct past *past, enum past_window window, double *ret_bps)
{
	const struct snapshot *shown = past->held[0], *then;
	size_t begin = window_begin(past, window);
	size_t at = 0;

	if (!begin)
		return false;
	then = past->held[begin];
	for (size_t i = 0; i < shown->count; i++) {
		const struct snapshot_row *row = &shown->row[i], *before = NULL;
		uint64_t base = 0;

		/* Rows ascend by id, so within an era one walk finds them all. */
		while (then->era == shown->era && at < then->count && then->row[at].id < row->id)
			at++;
		if (then->era != shown->era)
			before = row_at(past, 0, begin, (uint32_t)row->id);
		else if (at < then->count && then->row[at].id == row->id)
			before = &then->row[at];
		if (before)
			base = before->bytes;
		else if (snapshot_entry(shown, i)->first_wall_ns < snapshot_seen_ns(then))
			base = bytes_before(past, begin, row);
		ret_bps[i] = rate_bps(row->bytes - base, shown->mono_ns - then->mono_ns);
	}
	return true;
}

static double past_rate(const struct past *past, size_t from, size_t at, uint32_t id)
{
	const struct snapshot *snapshot = past->held[at];
	const struct snapshot_row *row = at < from ? NULL : row_at(past, from, at, id);

	if (row && snapshot->elapsed_ns)
		return rate_bps(row->delta_bytes, snapshot->elapsed_ns);
	/* A thinned snapshot does not tell small flows from absent ones. */
	return row || snapshot->thin || !snapshot->elapsed_ns ? -1.0 : 0.0;
}

size_t past_rates_from(const struct past *past, size_t from, size_t row, double *ret_bps, size_t max)
{
	uint32_t id = (uint32_t)past->held[from]->row[row].id;
	size_t count = past->count < max ? past->count : max;

	for (size_t i = 0; i < count; i++)
		ret_bps[count - 1 - i] = past_rate(past, from, i, id);
	return count;
}

size_t past_rates(const struct past *past, size_t row, double *ret_bps, size_t max)
{
	return past_rates_from(past, 0, row, ret_bps, max);
}

/* Rates of the snapshots in the ring. Each struct belongs to its one reader. */

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
