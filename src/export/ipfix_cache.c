/* SPDX-License-Identifier: MIT */
/* Flows until their records are due; see ipfix_cache.h. */
#include "ipfix_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash_index.h"

#define FIRST_ROOM 1024

struct ipfix_cache {
	struct ipfix_pending *flow;
	size_t count, room, most;
	struct hash_index index;
	struct ipfix_pending rest[FLOW_DIRS]; /* no packets: there is none */
};

int ipfix_cache_new(size_t flows, struct ipfix_cache **ret_cache)
{
	struct ipfix_cache *cache = calloc(1, sizeof(*cache));
	int err;

	if (!cache)
		return -ENOMEM;
	err = hash_index_init(&cache->index);
	if (err) {
		free(cache);
		return err;
	}
	cache->most = flows;
	*ret_cache = cache;
	return 0;
}

void ipfix_cache_free(struct ipfix_cache *cache)
{
	if (!cache)
		return;
	hash_index_done(&cache->index);
	free(cache->flow);
	free(cache);
}

size_t ipfix_cache_count(const struct ipfix_cache *cache)
{
	return cache->count;
}

static bool is_pending(const void *table, uint32_t place, const void *wanted)
{
	const struct ipfix_cache *cache = table;
	const struct ipfix_pending *flow = wanted;

	return flow_key_equal(&cache->flow[place].key, &flow->key) &&
	       cache->flow[place].ifindex == flow->ifindex;
}

static uint32_t pending_hash(const struct ipfix_cache *cache, const struct ipfix_pending *flow)
{
	return hash_index_hash(&cache->index, &flow->key, sizeof(flow->key));
}

static void add_pending(struct ipfix_pending *to, const struct ipfix_pending *counted)
{
	flow_counts_add(&to->counts, &counted->counts);
	to->end_ms = counted->end_ms;
	to->about = counted->about;
}

/* By a sixteenth: a large block is not copied but moved, and what is more than needed lies idle. */
static bool make_pending_room(struct ipfix_cache *cache)
{
	size_t room = cache->room ? cache->room + cache->room / 16 : FIRST_ROOM;
	struct ipfix_pending *flow;

	if (cache->count >= cache->most)
		return false;
	if (cache->count < cache->room)
		return true;
	if (room > cache->most)
		room = cache->most;
	flow = reallocarray(cache->flow, room, sizeof(*flow));
	if (!flow)
		return false;
	cache->flow = flow;
	cache->room = room;
	return true;
}

void ipfix_cache_add_rest(struct ipfix_cache *cache, const struct ipfix_pending *counted)
{
	struct ipfix_pending *rest = &cache->rest[flow_key_dir(&counted->key)];

	if (rest->counts.packets) {
		add_pending(rest, counted);
		return;
	}
	*rest = *counted;
	rest->key = flow_key_of_sum(FLOW_SUM_REMAINDER, FLOW_CLASS_MIXED, 0,
				    FLOW_WHERE(FLOW_SLOT_GONE, flow_key_dir(&counted->key)));
	rest->ifindex = rest->link_header = 0;
	rest->about = (struct flow_about){0};
}

void ipfix_cache_add(struct ipfix_cache *cache, const struct ipfix_pending *counted)
{
	uint32_t hash = pending_hash(cache, counted);
	uint32_t place = hash_index_find(&cache->index, hash, is_pending, cache, counted);

	if (place != HASH_INDEX_NONE) {
		add_pending(&cache->flow[place], counted);
		return;
	}
	if (!make_pending_room(cache) ||
	    hash_index_add(&cache->index, hash, (uint32_t)cache->count)) {
		ipfix_cache_add_rest(cache, counted);
		return;
	}
	cache->flow[cache->count++] = *counted;
}

void ipfix_cache_tell(struct ipfix_cache *cache, const struct ipfix_pending *known)
{
	uint32_t place = hash_index_find(&cache->index, pending_hash(cache, known), is_pending,
					 cache, known);

	if (place != HASH_INDEX_NONE)
		cache->flow[place].about = known->about;
}

/* The last one takes its place. */
static void remove_pending(struct ipfix_cache *cache, size_t place)
{
	size_t last = cache->count - 1;

	hash_index_remove(&cache->index, pending_hash(cache, &cache->flow[place]), (uint32_t)place);
	if (place != last) {
		hash_index_renumber(&cache->index, pending_hash(cache, &cache->flow[last]),
				    (uint32_t)last, (uint32_t)place);
		cache->flow[place] = cache->flow[last];
	}
	cache->count--;
}

static int give_rests(struct ipfix_cache *cache, ipfix_cache_give *give, void *context)
{
	int err = 0;

	for (int dir = 0; !err && dir < FLOW_DIRS; dir++) {
		if (!cache->rest[dir].counts.packets)
			continue;
		err = give(context, &cache->rest[dir], IPFIX_END_RESOURCES, true);
		if (!err)
			cache->rest[dir] = (struct ipfix_pending){0};
	}
	return err;
}

/* 0: not due. */
static int why_due(const struct ipfix_pending *flow, uint32_t now_ms, uint32_t active_ms,
		   uint32_t idle_ms)
{
	if (now_ms - flow->end_ms >= idle_ms)
		return IPFIX_END_IDLE;
	return now_ms - flow->start_ms >= active_ms ? IPFIX_END_ACTIVE : 0;
}

int ipfix_cache_expire(struct ipfix_cache *cache, uint32_t now_ms, uint32_t active_ms,
		       uint32_t idle_ms, bool all, ipfix_cache_give *give, void *context)
{
	int err = give_rests(cache, give, context);

	for (size_t i = cache->count; !err && i-- > 0;) {
		int why = all ? IPFIX_END_FORCED
			      : why_due(&cache->flow[i], now_ms, active_ms, idle_ms);

		if (!why)
			continue;
		err = give(context, &cache->flow[i], (enum ipfix_end_reason)why, false);
		if (!err)
			remove_pending(cache, i);
	}
	return err;
}
