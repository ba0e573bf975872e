/* SPDX-License-Identifier: MIT */
/* Entries in a list from the one used last to the one used longest ago, and an index; see dns_cache.h. */
#include "dns_cache.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash_index.h"

#define SECOND_NS 1000000000ULL

struct dns_pair {
	uint8_t asker[16]; /* zeros: any */
	uint8_t address[16];
};

struct dns_entry {
	struct dns_pair pair;
	uint64_t until_ns;
	uint32_t newer, older; /* neighbours in the list */
	char name[HOST_NAME_SIZE];
};

/* Entry 0 is the list's head: its `older` is the newest, its `newer` the oldest. */
struct dns_cache {
	struct hash_index index;
	uint32_t count; /* entries used, from 1 on */
	struct dns_entry entry[DNS_CACHE_ENTRIES + 1];
};

int dns_cache_new(struct dns_cache **ret_cache)
{
	struct dns_cache *cache = calloc(1, sizeof(*cache));
	int err;

	if (!cache)
		return -ENOMEM;
	err = hash_index_init(&cache->index);
	if (!err)
		err = hash_index_reserve(&cache->index, DNS_CACHE_ENTRIES);
	if (err) {
		dns_cache_free(cache);
		return err;
	}
	*ret_cache = cache;
	return 0;
}

void dns_cache_free(struct dns_cache *cache)
{
	if (!cache)
		return;
	hash_index_done(&cache->index);
	free(cache);
}

static bool is_pair(const void *table, uint32_t entry, const void *pair)
{
	return memcmp(&((const struct dns_cache *)table)->entry[entry].pair, pair,
		      sizeof(struct dns_pair)) == 0;
}

static uint32_t hash_pair(const struct dns_cache *cache, const struct dns_pair *pair)
{
	return hash_index_hash(&cache->index, pair, sizeof(*pair));
}

static void unlink_entry(struct dns_cache *cache, uint32_t i)
{
	const struct dns_entry *entry = &cache->entry[i];

	cache->entry[entry->newer].older = entry->older;
	cache->entry[entry->older].newer = entry->newer;
}

static void link_newest(struct dns_cache *cache, uint32_t i)
{
	struct dns_entry *entry = &cache->entry[i];

	entry->newer = 0;
	entry->older = cache->entry[0].older;
	cache->entry[entry->older].newer = i;
	cache->entry[0].older = i;
}

/* A free entry, or the one that was not used for longest. */
static uint32_t take_entry(struct dns_cache *cache)
{
	uint32_t i;

	if (cache->count < DNS_CACHE_ENTRIES)
		return ++cache->count;
	i = cache->entry[0].newer;
	hash_index_remove(&cache->index, hash_pair(cache, &cache->entry[i].pair), i);
	unlink_entry(cache, i);
	return i;
}

static struct dns_pair pair_of(const uint8_t *asker, const uint8_t address[16])
{
	struct dns_pair pair = {0};

	if (asker)
		memcpy(pair.asker, asker, sizeof(pair.asker));
	memcpy(pair.address, address, sizeof(pair.address));
	return pair;
}

static void put_pair(struct dns_cache *cache, const struct dns_pair *pair, const char *name,
		     uint64_t until_ns)
{
	uint32_t hash = hash_pair(cache, pair);
	uint32_t i = hash_index_find(&cache->index, hash, is_pair, cache, pair);

	if (i == HASH_INDEX_NONE) {
		i = take_entry(cache);
		cache->entry[i].pair = *pair;
		if (hash_index_add(&cache->index, hash, i))
			return; /* cannot be: there is room for all of them */
	} else {
		unlink_entry(cache, i);
	}
	cache->entry[i].until_ns = until_ns;
	snprintf(cache->entry[i].name, HOST_NAME_SIZE, "%s", name);
	link_newest(cache, i);
}

void dns_cache_put(struct dns_cache *cache, const uint8_t asker[16], const uint8_t address[16],
		   const char *name, uint32_t ttl_s, uint64_t now_ns)
{
	struct dns_pair pair = pair_of(asker, address);

	if (ttl_s < DNS_CACHE_TTL_MIN_S)
		ttl_s = DNS_CACHE_TTL_MIN_S;
	if (ttl_s > DNS_CACHE_TTL_MAX_S)
		ttl_s = DNS_CACHE_TTL_MAX_S;
	put_pair(cache, &pair, name, now_ns + ttl_s * SECOND_NS);
	pair = pair_of(NULL, address);
	put_pair(cache, &pair, name, now_ns + ttl_s * SECOND_NS);
}

static const char *get_pair(struct dns_cache *cache, const struct dns_pair *pair, uint64_t now_ns)
{
	uint32_t i = hash_index_find(&cache->index, hash_pair(cache, pair), is_pair, cache, pair);

	if (i == HASH_INDEX_NONE || cache->entry[i].until_ns < now_ns)
		return NULL;
	unlink_entry(cache, i);
	link_newest(cache, i);
	return cache->entry[i].name;
}

const char *dns_cache_get(struct dns_cache *cache, const uint8_t asker[16],
			  const uint8_t address[16], uint64_t now_ns)
{
	struct dns_pair pair = pair_of(asker, address);
	const char *name = get_pair(cache, &pair, now_ns);

	if (name)
		return name;
	pair = pair_of(NULL, address);
	return get_pair(cache, &pair, now_ns);
}

size_t dns_cache_count(const struct dns_cache *cache)
{
	return cache->count;
}
