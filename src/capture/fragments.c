/* SPDX-License-Identifier: MIT */
/* Fragments and the ports of their first; see fragments.h. */
#include "fragments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_AGE_NS (FLOW_FRAGMENT_MAX_AGE_S * 1000000000LL)

void fragments_done(struct fragments *fragments)
{
	if (fragments->entry)
		hash_index_done(&fragments->index);
	free(fragments->entry);
	*fragments = (struct fragments){0};
}

static int make_fragment_room(struct fragments *fragments)
{
	int err;

	if (fragments->entry)
		return 0;
	fragments->entry = calloc(FRAGMENTS_MAX, sizeof(*fragments->entry));
	if (!fragments->entry)
		return -ENOMEM;
	err = hash_index_init(&fragments->index);
	if (!err)
		err = hash_index_reserve(&fragments->index, FRAGMENTS_MAX);
	if (err)
		fragments_done(fragments);
	return err;
}

static bool fragment_is(const void *table, uint32_t entry, const void *key)
{
	const struct fragments *fragments = table;

	return !memcmp(&fragments->entry[entry].key, key, sizeof(struct fragment_key));
}

static struct fragment_entry *take_oldest(struct fragments *fragments, uint32_t hash)
{
	uint32_t at = fragments->next;
	struct fragment_entry *entry = &fragments->entry[at];

	fragments->next = (at + 1) % FRAGMENTS_MAX;
	if (fragments->count == FRAGMENTS_MAX)
		hash_index_remove(&fragments->index, entry->hash, at);
	else
		fragments->count++;
	/* Room was reserved for all, so this cannot fail. */
	(void)!hash_index_add(&fragments->index, hash, at);
	return entry;
}

void fragments_join(struct fragments *fragments, enum fragment_part part,
		    const struct fragment_key *fragment, int64_t now_ns, struct flow_key *key)
{
	struct fragment_entry *entry;
	uint32_t hash, at;

	if (make_fragment_room(fragments))
		return;
	hash = hash_index_hash(&fragments->index, fragment, sizeof(*fragment));
	at = hash_index_find(&fragments->index, hash, fragment_is, fragments, fragment);
	entry = at == HASH_INDEX_NONE ? NULL : &fragments->entry[at];
	if (part == FRAGMENT_LATER) {
		if (!entry || now_ns - entry->seen_ns > MAX_AGE_NS)
			return;
		key->sport = entry->sport;
		key->dport = entry->dport;
		key->ipproto = entry->ipproto;
		return;
	}
	if (!entry)
		entry = take_oldest(fragments, hash);
	*entry = (struct fragment_entry){.key = *fragment,
					 .hash = hash,
					 .sport = key->sport,
					 .dport = key->dport,
					 .ipproto = key->ipproto,
					 .seen_ns = now_ns};
}
