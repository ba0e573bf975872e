/* SPDX-License-Identifier: MIT */
/* The slots of a hash index: adding, taking out, growing; see hash_index.h. */
#include "hash_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "seed.h"

#define SLOTS_MIN 64 /* a power of two */

int hash_index_init(struct hash_index *index)
{
	*index = (struct hash_index){.size = SLOTS_MIN};
	index->slot = calloc(SLOTS_MIN, sizeof(*index->slot));
	if (!index->slot)
		return -ENOMEM;
	seed_draw(&index->seed, 1);
	return 0;
}

void hash_index_done(struct hash_index *index)
{
	free(index->slot);
	*index = (struct hash_index){0};
}

/* There is a free slot. */
static void put_slot(struct hash_slot *slots, size_t size, struct hash_slot slot)
{
	size_t mask = size - 1, at = slot.hash & mask;

	while (slots[at].entry)
		at = (at + 1) & mask;
	slots[at] = slot;
}

int hash_index_reserve(struct hash_index *index, size_t entries)
{
	size_t size = index->size;
	struct hash_slot *slots;

	while (size < 2 * entries)
		size *= 2;
	if (size == index->size)
		return 0;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	large_advise(slots, size * sizeof(*slots));
	for (size_t i = 0; i < index->size; i++) {
		if (index->slot[i].entry)
			put_slot(slots, size, index->slot[i]);
	}
	free(index->slot);
	index->slot = slots;
	index->size = size;
	return 0;
}

int hash_index_add(struct hash_index *index, uint32_t hash, uint32_t entry)
{
	int err = hash_index_reserve(index, index->count + 1);

	if (err)
		return err;
	put_slot(index->slot, index->size, (struct hash_slot){hash, entry + 1});
	index->count++;
	return 0;
}

static size_t slot_of(const struct hash_index *index, uint32_t hash, uint32_t entry)
{
	size_t mask = index->size - 1, at = hash & mask;

	while (index->slot[at].entry != entry + 1)
		at = (at + 1) & mask;
	return at;
}

/* Closes the gap, so that every search from an entry's own place still reaches it. */
void hash_index_remove(struct hash_index *index, uint32_t hash, uint32_t entry)
{
	size_t mask = index->size - 1, gap = slot_of(index, hash, entry), at = gap, home;

	for (;;) {
		at = (at + 1) & mask;
		if (!index->slot[at].entry)
			break;
		home = index->slot[at].hash & mask;
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		index->slot[gap] = index->slot[at];
		gap = at;
	}
	index->slot[gap] = (struct hash_slot){0};
	index->count--;
}

void hash_index_renumber(struct hash_index *index, uint32_t hash, uint32_t from, uint32_t to)
{
	index->slot[slot_of(index, hash, from)].entry = to + 1;
}

void hash_index_clear(struct hash_index *index)
{
	memset(index->slot, 0, index->size * sizeof(*index->slot));
	index->count = 0;
}

void hash_index_shrink(struct hash_index *index)
{
	struct hash_slot *slots =
		index->size > SLOTS_MIN ? calloc(SLOTS_MIN, sizeof(*slots)) : NULL;

	if (slots) {
		free(index->slot);
		index->slot = slots;
		index->size = SLOTS_MIN;
	}
	/* Without memory for the few slots the many stay. */
	hash_index_clear(index);
}

size_t hash_index_bytes(const struct hash_index *index)
{
	return index->size * sizeof(*index->slot);
}
