/* SPDX-License-Identifier: MIT */
/*
 * Differences of snapshots; see change.h. Three things make a total jump without traffic, and none of
 * them may be written twice: a flow that is folded into an "aged" or "interfaces gone" row takes along
 * what was counted before; a key may return as a new flow; a flow may go idle and come back.
 */
#include "change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash_index.h"
#include "idle_log.h"
#include "row.h"

/* A flow as it was then: row `i` of the snapshot, or behind those one that was idle. */
struct was_idle {
	struct flow_key key;
	struct flow_counts total;
	int64_t first_wall_ns;
};

struct change_keeper {
	struct snapshot *then, *now; /* references */
	struct change change;
	size_t room;
	struct was_idle *was;
	size_t was_count, was_room;
	uint8_t *taken; /* by place in the index: it is known what the flow has now */
	size_t taken_room;
	struct hash_index index; /* of flows as they were then */
	bool stale;		 /* the idle log does not reach back to then */
	/* What flows had that were folded into sums: these grew by it. */
	struct flow_counts folded[FLOW_WHERES][FLOW_CLASSES];
};

int change_keeper_new(struct change_keeper **ret_keeper)
{
	struct change_keeper *keeper = calloc(1, sizeof(*keeper));
	int err;

	if (!keeper)
		return -ENOMEM;
	err = hash_index_init(&keeper->index);
	if (err) {
		free(keeper);
		return err;
	}
	*ret_keeper = keeper;
	return 0;
}

void change_keeper_free(struct change_keeper *keeper)
{
	if (!keeper)
		return;
	snapshot_unref(keeper->then);
	snapshot_unref(keeper->now);
	hash_index_done(&keeper->index);
	free(keeper->change.flow);
	free(keeper->was);
	free(keeper->taken);
	free(keeper);
}

const struct snapshot *change_last(const struct change_keeper *keeper)
{
	return keeper->now;
}

/* Room for one more element, or NULL. */
static void *grown(void *array, size_t *room, size_t count, size_t size)
{
	size_t wanted = *room ? *room * 2 : 1024;
	void *made;

	if (count < *room)
		return array;
	made = reallocarray(array, wanted, size);
	if (made)
		*room = wanted;
	return made;
}

static int add_changed(struct change_keeper *keeper, const struct changed_flow *flow)
{
	struct changed_flow *made =
		grown(keeper->change.flow, &keeper->room, keeper->change.count, sizeof(*made));

	if (!made)
		return -ENOMEM;
	keeper->change.flow = made;
	made[keeper->change.count++] = *flow;
	return 0;
}

static int add_was_idle(struct change_keeper *keeper, const struct idle_flow *flow)
{
	struct was_idle *made =
		grown(keeper->was, &keeper->was_room, keeper->was_count, sizeof(*made));

	if (!made)
		return -ENOMEM;
	keeper->was = made;
	made[keeper->was_count++] = (struct was_idle){
		.key = flow->key, .total = flow->total, .first_wall_ns = flow->first_wall_ns};
	return 0;
}

/* The idle log's answer: who is idle now and was not then, and the reverse. */
static int see_idle(void *context, const struct idle_flow *flow, uint32_t place, int sign)
{
	struct change_keeper *keeper = context;
	uint32_t until = atomic_load_explicit(&flow->until, memory_order_relaxed);
	struct changed_flow ended = {.key = flow->key,
				     .total = flow->total,
				     .first_wall_ns = flow->first_wall_ns,
				     .owner = flow->owner,
				     .sight = flow->sight,
				     .sight_word = flow->sight_word,
				     .ended = true};

	(void)place;
	if (sign < 0)
		return keeper->then && flow->from <= keeper->then->idle_at.version
			       ? add_was_idle(keeper, flow)
			       : 0;
	if (until && until <= keeper->now->idle_at.version)
		return 0;
	return add_changed(keeper, &ended);
}

static int ask_idle_log(struct change_keeper *keeper)
{
	static const struct idle_moment start;
	const struct idle_moment *from = keeper->then ? &keeper->then->idle_at : &start;
	int err;

	keeper->stale = !keeper->now->idle;
	if (keeper->stale)
		return 0;
	err = idle_log_between(keeper->now->idle, from, &keeper->now->idle_at, see_idle, keeper);
	if (err != -ESTALE)
		return err;
	keeper->stale = true;
	keeper->change.count = keeper->was_count = 0;
	return 0;
}

static size_t rows_then(const struct change_keeper *keeper)
{
	return keeper->then ? keeper->then->count : 0;
}

static const struct flow_key *key_then(const struct change_keeper *keeper, size_t place)
{
	size_t rows = rows_then(keeper);

	return place < rows ? snapshot_key(keeper->then, place) : &keeper->was[place - rows].key;
}

static struct flow_counts total_then(const struct change_keeper *keeper, size_t place)
{
	size_t rows = rows_then(keeper);

	if (place >= rows)
		return keeper->was[place - rows].total;
	return (struct flow_counts){keeper->then->row[place].packets,
				    keeper->then->row[place].bytes};
}

static int64_t first_then(const struct change_keeper *keeper, size_t place)
{
	size_t rows = rows_then(keeper);

	return place < rows ? snapshot_entry(keeper->then, place)->first_wall_ns
			    : keeper->was[place - rows].first_wall_ns;
}

static bool is_then(const void *table, uint32_t place, const void *key)
{
	return flow_key_equal(key_then(table, place), key);
}

static int index_then(struct change_keeper *keeper)
{
	size_t count = rows_then(keeper) + keeper->was_count;
	uint8_t *taken;

	hash_index_clear(&keeper->index);
	if (count > keeper->taken_room || !keeper->taken) {
		taken = realloc(keeper->taken, count + count / 4 + 1);
		if (!taken)
			return -ENOMEM;
		keeper->taken = taken;
		keeper->taken_room = count + count / 4 + 1;
	}
	memset(keeper->taken, 0, count);
	if (hash_index_reserve(&keeper->index, count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		uint32_t hash = hash_index_hash(&keeper->index, key_then(keeper, i),
						sizeof(struct flow_key));

		if (hash_index_add(&keeper->index, hash, (uint32_t)i))
			return -ENOMEM;
	}
	return 0;
}

/* Sums of flows that user space folded together: their totals grow by what these had before. */
static bool is_fold(const struct flow_key *key)
{
	return flow_key_sum(key) == FLOW_SUM_AGED ||
	       (flow_key_sum(key) >= FLOW_SUM_MAP_FULL && flow_key_slot(key) == FLOW_SLOT_GONE);
}

/*
 * Sets the delta of a flow. Seen first at another time, or with less than then, it is a new flow with
 * an old key. False if nothing is known of it then and that may be because the log is stale.
 */
static bool set_delta(struct change_keeper *keeper, struct changed_flow *flow)
{
	uint32_t hash = hash_index_hash(&keeper->index, &flow->key, sizeof(flow->key));
	uint32_t place = hash_index_find(&keeper->index, hash, is_then, keeper, &flow->key);
	struct flow_counts before;

	flow->delta = flow->total;
	if (place == HASH_INDEX_NONE)
		return !keeper->stale;
	before = total_then(keeper, place);
	if ((!is_fold(&flow->key) && first_then(keeper, place) != flow->first_wall_ns) ||
	    before.packets > flow->total.packets || before.bytes > flow->total.bytes)
		return !keeper->stale;
	keeper->taken[place] = true;
	flow->delta.packets -= before.packets;
	flow->delta.bytes -= before.bytes;
	return !keeper->stale || !is_fold(&flow->key);
}

/* The deltas of flows that ended, which are in the list already. */
static void finish_ended(struct change_keeper *keeper)
{
	for (size_t i = 0; i < keeper->change.count; i++)
		set_delta(keeper, &keeper->change.flow[i]);
}

static int add_rows(struct change_keeper *keeper)
{
	const struct snapshot *now = keeper->now;
	int err = 0;

	for (size_t i = 0; !err && i < now->count; i++) {
		const struct source_flow row = source_of_row(now, i);
		struct changed_flow flow = {
			.key = *row.key,
			.total = row.total,
			.first_wall_ns = row.first_wall_ns,
			.owner = row.owner,
			.sight = row.sight,
			.sight_word = row.sight_word,
		};

		if (set_delta(keeper, &flow) && flow.delta.packets)
			err = add_changed(keeper, &flow);
	}
	return err;
}

/* What was there then and is nowhere now was folded into a sum. */
static void find_folded(struct change_keeper *keeper)
{
	size_t count = rows_then(keeper) + keeper->was_count;

	memset(keeper->folded, 0, sizeof(keeper->folded));
	for (size_t i = 0; !keeper->stale && i < count; i++) {
		const struct flow_key *key = key_then(keeper, i);
		const struct flow_counts total = total_then(keeper, i);

		if (!keeper->taken[i])
			flow_counts_add(&keeper->folded[key->where][flow_key_class(key)], &total);
	}
}

/* Takes out of the sum's delta what was written as part of flows. */
static void take_folded(struct changed_flow *sum, struct flow_counts *folded)
{
	struct flow_counts part = *folded;

	if (part.packets > sum->delta.packets)
		part.packets = sum->delta.packets;
	if (part.bytes > sum->delta.bytes)
		part.bytes = sum->delta.bytes;
	sum->delta.packets -= part.packets;
	sum->delta.bytes -= part.bytes;
	folded->packets -= part.packets;
	folded->bytes -= part.bytes;
}

/* Sums of the interface that a flow was on; then, for what is left, those of interfaces gone. */
static void settle_folded(struct change_keeper *keeper)
{
	struct change *change = &keeper->change;

	for (size_t i = 0; i < change->count; i++) {
		struct changed_flow *flow = &change->flow[i];

		if (is_fold(&flow->key))
			take_folded(flow,
				    &keeper->folded[flow->key.where][flow_key_class(&flow->key)]);
	}
	for (size_t i = 0; i < change->count; i++) {
		struct changed_flow *flow = &change->flow[i];

		if (!is_fold(&flow->key) || flow_key_slot(&flow->key) != FLOW_SLOT_GONE)
			continue;
		for (unsigned int slot = 0; slot < FLOW_IFACES_MAX; slot++)
			take_folded(flow,
				    &keeper->folded[FLOW_WHERE(slot, flow_key_dir(&flow->key))]
						   [flow_key_class(&flow->key)]);
	}
}

/* Everything counted, and what of it is in no flow. */
static void close_sums(struct change_keeper *keeper)
{
	struct change *change = &keeper->change;

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		struct flow_counts all = keeper->now->dir[dir].total;

		if (keeper->then) {
			all.packets -= keeper->then->dir[dir].total.packets;
			all.bytes -= keeper->then->dir[dir].total.bytes;
		}
		change->delta[dir] = change->rest[dir] = all;
	}
	change->active = 0;
	for (size_t i = 0; i < change->count; i++) {
		const struct changed_flow *flow = &change->flow[i];
		struct flow_counts *rest = &change->rest[flow_key_dir(&flow->key)];

		rest->packets -= flow->delta.packets;
		rest->bytes -= flow->delta.bytes;
		change->active += flow->delta.packets && !flow_key_sum(&flow->key);
	}
}

static int compare_snapshots(struct change_keeper *keeper)
{
	struct change *change = &keeper->change;
	int err;

	change->count = keeper->was_count = 0;
	change->now = keeper->now;
	change->then = keeper->then;
	change->elapsed_ns =
		keeper->now->running_ns - (keeper->then ? keeper->then->running_ns : 0);
	err = ask_idle_log(keeper);
	if (!err)
		err = index_then(keeper);
	if (err)
		return err;
	finish_ended(keeper);
	err = add_rows(keeper);
	if (err)
		return err;
	find_folded(keeper);
	settle_folded(keeper);
	close_sums(keeper);
	return 0;
}

int change_take(struct change_keeper *keeper, struct snapshot *now,
		const struct change **ret_change)
{
	struct snapshot *oldest = keeper->then;
	int err;

	keeper->then = keeper->now;
	keeper->now = snapshot_ref(now);
	err = compare_snapshots(keeper);
	if (err) {
		snapshot_unref(keeper->now);
		keeper->now = keeper->then;
		keeper->then = oldest;
		return err;
	}
	snapshot_unref(oldest);
	*ret_change = &keeper->change;
	return 0;
}

bool change_is_exact(const struct snapshot *snapshot)
{
	const struct snapshot_health *health = &snapshot->health;

	return health->hook.packets == health->rows.packets &&
	       health->hook.bytes == health->rows.bytes && !health->map_full.packets &&
	       !health->aged.packets && !health->gone.packets && !health->read_errors &&
	       !ifaces_away_ns(snapshot->ifaces);
}
