/* SPDX-License-Identifier: MIT */
/*
 * The seeded hash index of every table here: from the hash of a key to the number of an entry, which
 * stands in an array of the table's own. Open addressing, at most half full. Each index draws its
 * own seed from the kernel, so senders who choose keys (addresses, ports, names) cannot provoke
 * collisions. An index lives inside its table and has the table's owner and thread;
 * finding changes nothing.
 *
 * Hash: XXH3 with a 64-bit seed, xxhash.com.
 */
#ifndef PKTSTAT_HASH_INDEX_H
#define PKTSTAT_HASH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <xxhash.h>

#define HASH_INDEX_NONE UINT32_MAX

struct hash_slot {
	uint32_t hash;
	uint32_t entry; /* plus 1; 0: free */
};

struct hash_index {
	struct hash_slot *slot;
	size_t size; /* slots, a power of two */
	size_t count;
	uint64_t seed;
};

/* An empty index with a seed of its own; 0 or -ENOMEM. Then, and when zeroed, it can be freed. */
int hash_index_init(struct hash_index *index);
void hash_index_done(struct hash_index *index);

/* Room for `entries` in all, so that as many can be added without an error; 0 or -ENOMEM. */
int hash_index_reserve(struct hash_index *index, size_t entries);
/* Adds an entry with a new key; 0 or -ENOMEM. */
int hash_index_add(struct hash_index *index, uint32_t hash, uint32_t entry);
/* Removes an existing entry. */
void hash_index_remove(struct hash_index *index, uint32_t hash, uint32_t entry);
/* The existing entry `from` now has the number `to`. */
void hash_index_renumber(struct hash_index *index, uint32_t hash, uint32_t from, uint32_t to);
/* Removes all entries and keeps the memory. */
void hash_index_clear(struct hash_index *index);
/* Removes all entries and frees the memory. */
void hash_index_shrink(struct hash_index *index);
/* Bytes of memory held. */
size_t hash_index_bytes(const struct hash_index *index);

/* Hash of a key that is `size` bytes at `data`; of several parts, hash their hashes. */
static inline uint32_t hash_index_hash(const struct hash_index *index, const void *data,
				       size_t size)
{
	return (uint32_t)XXH3_64bits_withSeed(data, size, index->seed);
}

/* Fetches the memory where a hash belongs; later, the entry that is there is a good guess. */
static inline void hash_index_prefetch(const struct hash_index *index, uint32_t hash)
{
	__builtin_prefetch(&index->slot[hash & (index->size - 1)]);
}

/*
 * The first entry with that hash, or HASH_INDEX_NONE: to fetch its memory in time. It is nearly always
 * the one that is looked for, if that is there at all.
 */
static inline uint32_t hash_index_peek(const struct hash_index *index, uint32_t hash)
{
	size_t mask = index->size - 1, at = hash & mask;

	while (index->slot[at].entry && index->slot[at].hash != hash)
		at = (at + 1) & mask;
	return index->slot[at].entry - 1;
}

/*
 * The entry with that hash for which `is` says that it has the key, or HASH_INDEX_NONE. `is` is
 * inlined too.
 */
__attribute__((always_inline)) static inline uint32_t
hash_index_find(const struct hash_index *index, uint32_t hash,
		bool (*is)(const void *table, uint32_t entry, const void *key), const void *table,
		const void *key)
{
	size_t mask = index->size - 1;

	for (size_t at = hash & mask;; at = (at + 1) & mask) {
		const struct hash_slot *slot = &index->slot[at];

		if (!slot->entry)
			return HASH_INDEX_NONE;
		if (slot->hash == hash && is(table, slot->entry - 1, key))
			return slot->entry - 1;
	}
}

/* Large tables that are reached in random order, from memory in large pages. */

#define LARGE_PAGE (2UL << 20)

/*
 * Asks the kernel to back memory that was just allocated, and is not used yet, by large pages: a
 * tenth of the page faults, and fewer misses of the TLB. Advice only; small memory is left alone.
 */
static inline void large_advise(void *memory, size_t size)
{
	uintptr_t begin = ((uintptr_t)memory + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(LARGE_PAGE - 1);

	if (memory && begin < end)
		(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

#endif
