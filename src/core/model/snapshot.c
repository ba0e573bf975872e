/* SPDX-License-Identifier: MIT */
/* Snapshots and the flow tables their rows point into. */
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

static uint32_t table_chunks(uint32_t entries)
{
	return (entries + FLOW_TABLE_CHUNK - 1) / FLOW_TABLE_CHUNK;
}

int flow_table_new_for(uint32_t era, uint32_t room, struct flow_table **ret_table)
{
	struct flow_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->chunk = calloc(table_chunks(room) + 1, sizeof(struct flow_table_entry *));
	if (!table->chunk) {
		free(table);
		return -ENOMEM;
	}
	atomic_init(&table->references, 1);
	table->era = era;
	table->room = room;
	*ret_table = table;
	return 0;
}

int flow_table_new(uint32_t era, struct flow_table **ret_table)
{
	return flow_table_new_for(era, FLOW_TABLE_ID_REMAINDER, ret_table);
}

struct flow_table *flow_table_ref(struct flow_table *table)
{
	atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
	return table;
}

struct flow_table *flow_table_unref(struct flow_table *table)
{
	size_t i;

	if (!table ||
	    atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1)
		return NULL;
	for (i = 0; table->chunk[i]; i++) /* one pointer more than chunks ends the list */
		free(table->chunk[i]);
	free(table->chunk);
	free(table);
	return NULL;
}

/* Entries that chunk `i` has room for: the last one of a small table is as small as can be. */
static uint32_t table_chunk_room(const struct flow_table *table, uint32_t i)
{
	uint32_t rest = table->room - i * FLOW_TABLE_CHUNK;

	return rest < FLOW_TABLE_CHUNK ? rest : FLOW_TABLE_CHUNK;
}

int flow_table_append(struct flow_table *table, const struct flow_table_entry *entry,
		      uint32_t *ret_id)
{
	uint32_t id = table->count;
	struct flow_table_entry **chunk;

	if (id >= table->room)
		return -ENOSPC;
	chunk = &table->chunk[id / FLOW_TABLE_CHUNK];
	if (!*chunk) {
		*chunk = malloc(table_chunk_room(table, id / FLOW_TABLE_CHUNK) * sizeof(**chunk));
		if (!*chunk)
			return -ENOMEM;
	}
	(*chunk)[id % FLOW_TABLE_CHUNK] = *entry;
	table->count++;
	*ret_id = id;
	return 0;
}

size_t flow_table_bytes(const struct flow_table *table)
{
	size_t chunks = table_chunks(table->count), entries = chunks * FLOW_TABLE_CHUNK;

	if (entries > table->room)
		entries = table->room;
	return sizeof(*table) + chunks * sizeof(struct flow_table_entry *) +
	       entries * sizeof(struct flow_table_entry);
}

int snapshot_new(size_t count, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot;

	if (count > FLOW_TABLE_ID_REMAINDER + FLOW_WHERES)
		return -ENOMEM;
	snapshot = calloc(1, sizeof(*snapshot) + count * sizeof(snapshot->row[0]));
	if (!snapshot)
		return -ENOMEM;
	atomic_init(&snapshot->references, 1);
	snapshot->count = count;
	*ret_snapshot = snapshot;
	return 0;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

struct snapshot *snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot ||
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
		return NULL;
	flow_table_unref(snapshot->table);
	ifaces_unref(snapshot->ifaces);
	idle_log_unref(snapshot->idle);
	free(snapshot);
	return NULL;
}

size_t snapshot_bytes(const struct snapshot *snapshot)
{
	return sizeof(*snapshot) + snapshot->count * sizeof(snapshot->row[0]);
}

static struct flow_table_entry *entry_of(const struct snapshot *snapshot, size_t i)
{
	/* A thinned snapshot has a table of its own, row by row; ids stay those of the era. */
	uint32_t id = snapshot->thin ? (uint32_t)i : (uint32_t)snapshot->row[i].id;

	return &snapshot->table->chunk[id / FLOW_TABLE_CHUNK][id % FLOW_TABLE_CHUNK];
}

const struct flow_table_entry *snapshot_entry(const struct snapshot *snapshot, size_t i)
{
	return entry_of(snapshot, i);
}

bool snapshot_set_owner(const struct snapshot *snapshot, size_t i, uint32_t owner)
{
	return atomic_exchange_explicit(&entry_of(snapshot, i)->owner, owner,
					memory_order_release) != owner;
}

bool snapshot_set_sight(const struct snapshot *snapshot, size_t i, uint32_t sight, uint32_t word)
{
	struct flow_table_entry *entry = entry_of(snapshot, i);
	bool changed =
		atomic_exchange_explicit(&entry->sight_word, word, memory_order_relaxed) != word;

	changed |= atomic_exchange_explicit(&entry->sight, sight, memory_order_release) != sight;
	return changed;
}

long snapshot_find(const struct snapshot *snapshot, uint32_t id)
{
	size_t low = 0, high = snapshot->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (snapshot->row[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->count && snapshot->row[low].id == id ? (long)low : -1;
}

/* A row, and the place it came from, ordered by bytes in the interval. */
struct thin_candidate {
	uint64_t bytes;
	size_t row;
};

/* Min-heap of the `keep` largest: `heap` has `count` candidates, the smallest first. */
static void thin_sift_down(struct thin_candidate *heap, size_t count, size_t at)
{
	struct thin_candidate moved = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && heap[child + 1].bytes < heap[child].bytes)
			child++;
		if (moved.bytes <= heap[child].bytes)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static int thin_compare_row(const void *a, const void *b)
{
	const struct thin_candidate *left = a, *right = b;

	return left->row < right->row ? -1 : left->row > right->row;
}

/* Picks the `keep` rows with most bytes, by ascending row. `heap` has room for them. */
static size_t thin_pick(const struct snapshot *snapshot, struct thin_candidate *heap, size_t keep)
{
	size_t i, count = snapshot->count < keep ? snapshot->count : keep;

	for (i = 0; i < count; i++)
		heap[i] = (struct thin_candidate){snapshot->row[i].delta_bytes, i};
	for (i = count / 2; i-- > 0;)
		thin_sift_down(heap, count, i);
	for (i = count; i < snapshot->count && count; i++) {
		if (snapshot->row[i].delta_bytes <= heap[0].bytes)
			continue;
		heap[0] = (struct thin_candidate){snapshot->row[i].delta_bytes, i};
		thin_sift_down(heap, count, 0);
	}
	qsort(heap, count, sizeof(*heap), thin_compare_row);
	return count;
}

static void thin_add(struct snapshot_row *sum, const struct snapshot_row *row)
{
	sum->delta_packets += row->delta_packets;
	sum->delta_bytes += row->delta_bytes;
	sum->packets += row->packets;
	sum->bytes += row->bytes;
}

/* Sums up, by `where`, the rows that were not picked. Returns how many sums are not empty. */
static size_t thin_sum_up(const struct snapshot *snapshot, const struct thin_candidate *picked,
			  size_t count, struct snapshot_row sums[FLOW_WHERES])
{
	size_t i, next = 0, used = 0;

	for (i = 0; i < snapshot->count; i++) {
		if (next < count && picked[next].row == i) {
			next++;
			continue;
		}
		thin_add(&sums[snapshot_key(snapshot, i)->where], &snapshot->row[i]);
	}
	for (i = 0; i < FLOW_WHERES; i++)
		used += sums[i].packets != 0;
	return used;
}

/* Copies picked rows and sums, each with its table entry. */
static int thin_fill(struct snapshot *thin, const struct snapshot *snapshot,
		     const struct thin_candidate *picked, size_t count,
		     const struct snapshot_row sums[FLOW_WHERES])
{
	struct flow_table_entry entry;
	size_t i, at = 0;
	uint32_t id;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		thin->row[at++] = snapshot->row[picked[i].row];
		err = flow_table_append(thin->table, snapshot_entry(snapshot, picked[i].row), &id);
	}
	for (i = 0; i < FLOW_WHERES && !err; i++) {
		if (!sums[i].packets)
			continue;
		memset(&entry, 0, sizeof(entry));
		entry.key = flow_key_of_sum(FLOW_SUM_REMAINDER, FLOW_CLASS_MIXED, 0, (uint8_t)i);
		entry.previous_id = FLOW_TABLE_NO_ID;
		thin->row[at] = sums[i];
		thin->row[at++].id = FLOW_TABLE_ID_REMAINDER + i;
		err = flow_table_append(thin->table, &entry, &id);
	}
	return err;
}

/* Everything of a snapshot but its rows, its table and its references. */
static void thin_copy_head(struct snapshot *thin, const struct snapshot *snapshot)
{
	thin->seq = snapshot->seq;
	thin->wall_ns = snapshot->wall_ns;
	thin->wall_ahead_ns = snapshot->wall_ahead_ns;
	thin->mono_ns = snapshot->mono_ns;
	thin->elapsed_ns = snapshot->elapsed_ns;
	thin->running_ns = snapshot->running_ns;
	thin->era = snapshot->era;
	thin->sample = snapshot->sample;
	thin->state = snapshot->state;
	thin->flows_active = snapshot->flows_active;
	thin->flows_known = snapshot->flows_known;
	memcpy(thin->dir, snapshot->dir, sizeof(thin->dir));
	thin->health = snapshot->health;
	thin->ifaces = snapshot->ifaces ? ifaces_ref(snapshot->ifaces) : NULL;
	thin->idle = snapshot->idle ? idle_log_ref(snapshot->idle) : NULL;
	thin->idle_at = snapshot->idle_at;
	thin->thin = true;
}

int snapshot_thin(const struct snapshot *snapshot, size_t keep, struct snapshot **ret_thin)
{
	struct snapshot_row sums[FLOW_WHERES] = {0};
	struct snapshot *thin = NULL;
	struct thin_candidate *picked;
	size_t count, used;
	int err;

	picked = malloc((keep ? keep : 1) * sizeof(*picked));
	if (!picked)
		return -ENOMEM;
	count = thin_pick(snapshot, picked, keep);
	used = thin_sum_up(snapshot, picked, count, sums);
	err = snapshot_new(count + used, &thin);
	if (err)
		goto out_free;
	thin_copy_head(thin, snapshot);
	err = flow_table_new_for(snapshot->era, (uint32_t)(count + used), &thin->table);
	if (!err)
		err = thin_fill(thin, snapshot, picked, count, sums);
	if (err)
		snapshot_unref(thin);
	else
		*ret_thin = thin;
out_free:
	free(picked);
	return err;
}
