/* SPDX-License-Identifier: MIT */
/* Keys in a fixed order; see frozen.h. */
#include "frozen.h"

#include <errno.h>
#include <stdlib.h>

#include "flow.h"
#include "hash_index.h"

struct frozen_row {
	struct flow_key key;
	uint32_t place;
};

struct frozen {
	struct frozen_row *row; /* in the order in which they were added */
	size_t count, room;
	struct hash_index index; /* of rows */
};

int frozen_new(size_t rows, struct frozen **ret_frozen)
{
	struct frozen *frozen = calloc(1, sizeof(*frozen));

	if (!frozen)
		return -ENOMEM;
	frozen->row = reallocarray(NULL, rows + 1, sizeof(*frozen->row));
	if (!frozen->row || hash_index_init(&frozen->index) ||
	    hash_index_reserve(&frozen->index, rows)) {
		frozen_free(frozen);
		return -ENOMEM;
	}
	frozen->room = rows;
	large_advise(frozen->row, rows * sizeof(*frozen->row));
	*ret_frozen = frozen;
	return 0;
}

void frozen_free(struct frozen *frozen)
{
	if (!frozen)
		return;
	free(frozen->row);
	hash_index_done(&frozen->index);
	free(frozen);
}

static bool is_row(const void *table, uint32_t at, const void *key)
{
	const struct frozen *frozen = table;

	return flow_key_equal(&frozen->row[at].key, key);
}

static uint32_t find(const struct frozen *frozen, const struct flow_key *key, uint32_t hash)
{
	return hash_index_find(&frozen->index, hash, is_row, frozen, key);
}

/* The index is larger than the caches near a CPU: what many rows need of it is fetched at once. */
static void hash_all(const struct frozen *frozen, const struct flow_key *const key[], size_t count,
		     uint32_t ret_hash[])
{
	for (size_t i = 0; i < count; i++) {
		ret_hash[i] = hash_index_hash(&frozen->index, key[i], sizeof(*key[i]));
		hash_index_prefetch(&frozen->index, ret_hash[i]);
	}
}

void frozen_add(struct frozen *frozen, const struct flow_key *const key[], const uint32_t place[],
		size_t count)
{
	uint32_t hash[FROZEN_BATCH];

	hash_all(frozen, key, count, hash);
	for (size_t i = 0; i < count && frozen->count < frozen->room; i++) {
		if (find(frozen, key[i], hash[i]) != HASH_INDEX_NONE ||
		    hash_index_add(&frozen->index, hash[i], (uint32_t)frozen->count))
			continue;
		frozen->row[frozen->count++] = (struct frozen_row){*key[i], place[i]};
	}
}

void frozen_places(const struct frozen *frozen, const struct flow_key *const key[], size_t count,
		   uint32_t ret_place[])
{
	uint32_t hash[FROZEN_BATCH];

	hash_all(frozen, key, count, hash);
	for (size_t i = 0; i < count; i++) {
		uint32_t at = hash_index_peek(&frozen->index, hash[i]);

		if (at != HASH_INDEX_NONE)
			__builtin_prefetch(&frozen->row[at]);
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t at = find(frozen, key[i], hash[i]);

		ret_place[i] = at == HASH_INDEX_NONE ? FROZEN_NONE : frozen->row[at].place;
	}
}
