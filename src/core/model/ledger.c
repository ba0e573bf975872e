/* SPDX-License-Identifier: MIT */
/*
 * The ledger: flows in chunks that never move, an index of their hashes, and the
 * list of recent flows, which is all that an interval works on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_private.h"

#define BATCH 64 /* flows looked up at once */

int ledger_new(size_t max_flows, uint64_t keep_ns, struct ledger **ret_ledger)
{
	struct ledger *ledger;
	int err;

	if (max_flows < LEDGER_FLOWS_MIN || max_flows > LEDGER_FLOWS_MAX)
		return -EINVAL;
	ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return -ENOMEM;
	ledger->max_flows = max_flows;
	ledger->keep_ns = keep_ns;
	err = hash_index_init(&ledger->index);
	if (!err)
		err = flow_table_new(1, &ledger->table);
	if (err) {
		ledger_free(ledger);
		return err;
	}
	*ret_ledger = ledger;
	return 0;
}

void ledger_free(struct ledger *ledger)
{
	size_t i;

	if (!ledger)
		return;
	for (i = 0; i < ledger->chunks; i++)
		free(ledger->chunk[i]);
	free(ledger->chunk);
	hash_index_done(&ledger->index);
	free(ledger->recent);
	flow_table_unref(ledger->table);
	idle_log_unref(ledger->idle);
	free(ledger);
}

int ledger_log_idle(struct ledger *ledger)
{
	return idle_log_new(ledger->max_flows, &ledger->idle);
}

int ledger_idle_enter(struct ledger *ledger, struct ledger_flow *flow)
{
	const struct idle_flow idle = {.key = flow->key,
				       .total = flow->total,
				       .first_wall_ns = flow->first_wall_ns,
				       .owner = flow->owner,
				       .sight = flow->sight,
				       .sight_word = flow->sight_word};
	uint32_t place;

	if (!ledger->idle)
		return 0;
	if (idle_log_enter(ledger->idle, &idle, &place))
		return -ENOMEM;
	ledger_idle_leave(ledger, flow);
	flow->idle = place;
	return 0;
}

void ledger_idle_leave(struct ledger *ledger, struct ledger_flow *flow)
{
	if (flow->idle == IDLE_LOG_NONE)
		return;
	idle_log_leave(ledger->idle, flow->idle);
	flow->idle = IDLE_LOG_NONE;
}

static bool is_flow(const void *table, uint32_t place, const void *key)
{
	return flow_key_equal(&ledger_flow_at(table, place)->key, key);
}

/* Place of the flow with that key, or HASH_INDEX_NONE. */
static uint32_t place_of(const struct ledger *ledger, const struct flow_key *key, uint32_t hash)
{
	return hash_index_find(&ledger->index, hash, is_flow, ledger, key);
}

static int chunk_append(struct ledger *ledger)
{
	struct ledger_flow **chunk =
		realloc(ledger->chunk, (ledger->chunks + 1) * sizeof(struct ledger_flow *));

	if (!chunk)
		return -ENOMEM;
	ledger->chunk = chunk;
	chunk[ledger->chunks] = aligned_alloc(LARGE_PAGE, LEDGER_CHUNK_BYTES);
	if (!chunk[ledger->chunks])
		return -ENOMEM;
	large_advise(chunk[ledger->chunks], LEDGER_CHUNK_BYTES);
	ledger->chunks++;
	return 0;
}

/* Room for one more flow, whatever the bound says. */
static int make_room(struct ledger *ledger)
{
	int err = 0;

	if (ledger->count == ledger->chunks * LEDGER_CHUNK_FLOWS)
		err = chunk_append(ledger);
	return err ? err : hash_index_reserve(&ledger->index, ledger->count + 1);
}

static struct ledger_flow *flow_append(struct ledger *ledger, const struct flow_key *key,
				       uint32_t hash)
{
	struct ledger_flow *flow;

	if (make_room(ledger) || hash_index_add(&ledger->index, hash, (uint32_t)ledger->count))
		return NULL;
	flow = ledger_flow_at(ledger, ledger->count++);
	memset(flow, 0, sizeof(*flow));
	flow->key = *key;
	flow->hash = hash;
	flow->recent = LEDGER_NOT_RECENT;
	flow->idle = IDLE_LOG_NONE;
	flow->first_wall_ns = ledger->from_wall_ns;
	flow->last_wall_ns = ledger->to_wall_ns;
	ledger->flows_on[flow_key_slot(key)]++;
	return flow;
}

struct ledger_flow *ledger_flow_of_key(struct ledger *ledger, const struct flow_key *key,
				       size_t *ret_place)
{
	uint32_t hash = hash_index_hash(&ledger->index, key, sizeof(*key));
	uint32_t place = place_of(ledger, key, hash);

	*ret_place = place != HASH_INDEX_NONE ? place : ledger->count;
	return place != HASH_INDEX_NONE ? ledger_flow_at(ledger, place)
					: flow_append(ledger, key, hash);
}

/* A new flow, if there is room for it or can be made. */
static struct ledger_flow *flow_admit(struct ledger *ledger, const struct flow_key *key,
				      uint32_t hash)
{
	if (ledger->count >= ledger->max_flows && flow_key_sum(key) < FLOW_SUM_MAP_FULL) {
		if (ledger->folding_failed)
			return NULL;
		if (ledger_fold_idle(ledger)) {
			ledger->folding_failed = true;
			return NULL;
		}
	}
	return flow_append(ledger, key, hash);
}

struct ledger_recent *ledger_recent_append(struct ledger *ledger, struct ledger_flow *flow,
					   size_t place)
{
	struct ledger_recent *recent;
	size_t room;

	if (ledger->recents == ledger->recent_room) {
		room = ledger->recent_room ? ledger->recent_room * 2 : 1024;
		recent = realloc(ledger->recent, room * sizeof(*recent));
		if (!recent)
			return NULL;
		ledger->recent = recent;
		ledger->recent_room = room;
	}
	ledger_idle_leave(ledger, flow);
	flow->recent = (uint32_t)ledger->recents;
	recent = &ledger->recent[ledger->recents++];
	*recent = (struct ledger_recent){
		.flow = (uint32_t)place, .id = FLOW_TABLE_NO_ID, .before = flow->total};
	return recent;
}

void ledger_begin(struct ledger *ledger, int64_t from_wall_ns, int64_t to_wall_ns)
{
	ledger->from_wall_ns = from_wall_ns;
	ledger->to_wall_ns = to_wall_ns;
	ledger->folding_failed = false;
}

/* Adds to the flow with that key and hash; false when it is new and finds no room. */
static bool flow_add(struct ledger *ledger, const struct flow_key *key, uint32_t hash,
		     const struct flow_counts *counts)
{
	size_t place = place_of(ledger, key, hash);
	struct ledger_flow *flow;

	if (place != HASH_INDEX_NONE) {
		flow = ledger_flow_at(ledger, place);
	} else {
		flow = flow_admit(ledger, key, hash);
		place = ledger->count - 1;
	}
	if (!flow)
		return false;
	if (flow->recent == LEDGER_NOT_RECENT && !ledger_recent_append(ledger, flow, place))
		return false;
	flow->total.packets += counts->packets;
	flow->total.bytes += counts->bytes;
	return true;
}

static void add_hashed(struct ledger *ledger, const struct flow_key *key, uint32_t hash,
		       const struct flow_counts *counts)
{
	struct flow_key aged;

	if (flow_add(ledger, key, hash, counts))
		return;
	aged = flow_key_of_sum(FLOW_SUM_AGED, (uint16_t)flow_key_class(key), 0, key->where);
	if (flow_add(ledger, &aged, hash_index_hash(&ledger->index, &aged, sizeof(aged)), counts)) {
		ledger->aged.packets += counts->packets;
		ledger->aged.bytes += counts->bytes;
		return;
	}
	ledger_spill(ledger, key, counts->packets, counts->bytes);
}

void ledger_add(struct ledger *ledger, const struct flow_key *key, uint64_t packets, uint64_t bytes)
{
	const struct flow_counts counts = {.packets = packets, .bytes = bytes};

	add_hashed(ledger, key, hash_index_hash(&ledger->index, key, sizeof(*key)), &counts);
}

/*
 * Fetches the flows that the look-ups of these hashes will read, as far as the index, which was
 * fetched before, names them at once. An entry that turns out to be another flow's costs time only.
 */
static void prefetch(const struct ledger *ledger, const uint32_t *hash, size_t count)
{
	const struct ledger_flow *flow;
	uint32_t place;

	for (size_t i = 0; i < count; i++) {
		place = hash_index_peek(&ledger->index, hash[i]);
		if (place == HASH_INDEX_NONE)
			continue;
		flow = ledger_flow_at(ledger, place);
		__builtin_prefetch(flow, 1);
		__builtin_prefetch(&flow->recent, 1);
	}
}

void ledger_add_batch(struct ledger *ledger, const struct flow_delta *flows, size_t count)
{
	uint32_t hash[BATCH];
	size_t i, some;

	for (; count; flows += some, count -= some) {
		some = count < BATCH ? count : BATCH;
		for (i = 0; i < some; i++) {
			hash[i] = hash_index_hash(&ledger->index, &flows[i].key,
						  sizeof(flows[i].key));
			hash_index_prefetch(&ledger->index, hash[i]);
		}
		prefetch(ledger, hash, some);
		for (i = 0; i < some; i++)
			add_hashed(ledger, &flows[i].key, hash[i], &flows[i].counts);
	}
}

size_t ledger_count(const struct ledger *ledger)
{
	return ledger->count;
}

const struct ledger_flow *ledger_get(const struct ledger *ledger, size_t i)
{
	return ledger_flow_at(ledger, i);
}

struct flow_counts ledger_total(const struct ledger *ledger)
{
	struct flow_counts total = {0};
	size_t i;

	for (i = 0; i < ledger->count; i++) {
		total.packets += ledger_flow_at(ledger, i)->total.packets;
		total.bytes += ledger_flow_at(ledger, i)->total.bytes;
	}
	return total;
}

size_t ledger_bytes(const struct ledger *ledger)
{
	return sizeof(*ledger) + ledger->chunks * LEDGER_CHUNK_BYTES +
	       hash_index_bytes(&ledger->index) +
	       ledger->recent_room * sizeof(struct ledger_recent) +
	       (ledger->idle ? idle_log_bytes(ledger->idle) : 0);
}
