/* SPDX-License-Identifier: MIT */
/* hash_index.h: a random walk beside a plain array, memory, and seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "hash_index.h"

#define KEYS  512
#define STEPS 20000

static bool no_random, no_memory;

ssize_t __real_getrandom(void *buffer, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags)
{
	if (!no_random)
		return __real_getrandom(buffer, size, flags);
	errno = EAGAIN;
	return -1;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory ? NULL : __real_calloc(count, size);
}

/* The table: an entry's key, and the entry of a key plus 1. Few hashes, so that many keys share. */
struct table {
	uint32_t key[KEYS];
	uint32_t entry_of[KEYS];
	uint32_t count;
};

static bool is_key(const void *table, uint32_t entry, const void *key)
{
	return ((const struct table *)table)->key[entry] == *(const uint32_t *)key;
}

static uint32_t hash_of(uint32_t key)
{
	return key / 3 * 0x9e3779b9U;
}

static void add(struct hash_index *index, struct table *table, uint32_t key)
{
	assert_int_equal(hash_index_add(index, hash_of(key), table->count), 0);
	table->key[table->count] = key;
	table->entry_of[key] = ++table->count;
}

/* The last entry takes the place, as in the ledger. */
static void take_out(struct hash_index *index, struct table *table, uint32_t key)
{
	uint32_t place = table->entry_of[key] - 1, last = --table->count;
	uint32_t moved = table->key[last];

	hash_index_remove(index, hash_of(key), place);
	table->entry_of[key] = 0;
	if (place == last)
		return;
	hash_index_renumber(index, hash_of(moved), last, place);
	table->key[place] = moved;
	table->entry_of[moved] = place + 1;
}

static void expect_all(const struct hash_index *index, const struct table *table)
{
	for (uint32_t key = 0; key < KEYS; key++)
		assert_int_equal(hash_index_find(index, hash_of(key), is_key, table, &key),
				 table->entry_of[key] - 1);
}

static void test_walk(void **state)
{
	struct hash_index index;
	struct table table = {0};
	uint64_t random = 7;

	assert_int_equal(hash_index_init(&index), 0);
	for (int i = 0; i < STEPS; i++) {
		uint32_t key;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		key = (uint32_t)(random >> 33) % KEYS;
		if (table.entry_of[key])
			take_out(&index, &table, key);
		else
			add(&index, &table, key);
		assert_int_equal(index.count, table.count);
		if (i % 64 == 0)
			expect_all(&index, &table);
	}
	hash_index_clear(&index);
	assert_int_equal(hash_index_find(&index, hash_of(1), is_key, &table, &(uint32_t){1}),
			 HASH_INDEX_NONE);
	hash_index_done(&index);
}

static void test_memory(void **state)
{
	struct hash_index index;
	size_t least;

	assert_int_equal(hash_index_init(&index), 0);
	least = hash_index_bytes(&index);
	assert_int_equal(hash_index_reserve(&index, 1000), 0);
	assert_true(hash_index_bytes(&index) >= 2000 * sizeof(struct hash_slot));
	no_memory = true;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(hash_index_add(&index, i, i), 0);
	assert_int_equal(hash_index_reserve(&index, 100000), -ENOMEM);
	hash_index_shrink(&index); /* without memory it keeps what there is */
	assert_int_equal(index.count, 0);
	no_memory = false;
	hash_index_shrink(&index);
	assert_int_equal(hash_index_bytes(&index), least);
	hash_index_done(&index);
	hash_index_done(&index);
	no_memory = true;
	assert_int_equal(hash_index_init(&index), -ENOMEM);
	hash_index_done(&index);
	no_memory = false;
}

/* Also before the kernel has random numbers. */
static void test_seeds_differ(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct hash_index one, other;

		no_random = i == 1;
		assert_int_equal(hash_index_init(&one), 0);
		assert_int_equal(hash_index_init(&other), 0);
		no_random = false;
		assert_true(one.seed != other.seed);
		assert_true(hash_index_hash(&one, "key", 3) != hash_index_hash(&other, "key", 3));
		hash_index_done(&one);
		hash_index_done(&other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_seeds_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
