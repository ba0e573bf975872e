/* SPDX-License-Identifier: MIT */
/* Places are used in turn, and freed from the newest back to the oldest one in use; see waiting.h. */
#include "waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "sight_finding.h"

#define FILTER_WORDS ((1U << WAITING_FILTER_BITS) / 64)

int waiting_init(struct waiting_table *table)
{
	int err = hash_index_init(&table->index);

	if (!err)
		err = hash_index_reserve(&table->index, WAITING_MAX);
	table->place = calloc(WAITING_MAX, sizeof(*table->place));
	table->filter = calloc(FILTER_WORDS, sizeof(*table->filter));
	return err || !table->place || !table->filter ? -ENOMEM : 0;
}

void waiting_done(struct waiting_table *table)
{
	hash_index_done(&table->index);
	free(table->place);
	free(table->filter);
}

static bool is_waiting(const void *table, uint32_t place, const void *key)
{
	return flow_key_equal(&((const struct waiting_table *)table)->place[place].key, key);
}

static uint32_t place_of_key(const struct waiting_table *table, const struct flow_key *key,
			     uint32_t *ret_hash)
{
	*ret_hash = hash_index_hash(&table->index, key, sizeof(*key));
	return hash_index_find(&table->index, *ret_hash, is_waiting, table, key);
}

static void release(struct waiting_table *table, uint32_t place)
{
	struct waiting *waiting = &table->place[place];

	hash_index_remove(&table->index,
			  hash_index_hash(&table->index, &waiting->key, sizeof(waiting->key)),
			  place);
	waiting->looks = 0;
	table->count--;
}

struct waiting *waiting_put(struct waiting_table *table, const struct flow_key *key,
			    bool *ret_given_up)
{
	uint32_t hash, place = place_of_key(table, key, &hash);
	struct waiting *waiting;

	*ret_given_up = false;
	if (place == HASH_INDEX_NONE) {
		place = table->next;
		*ret_given_up = table->place[place].looks != 0;
		if (*ret_given_up)
			release(table, place);
		if (hash_index_add(&table->index, hash, place))
			return NULL; /* cannot be: there is room for all of them */
		table->next = (place + 1) % WAITING_MAX;
		table->count++;
	}
	waiting = &table->place[place];
	waiting->key = *key;
	waiting->looks = WAITING_LOOKS;
	return waiting;
}

/* The newest place before `place` that is in use; there is one. */
static struct waiting *place_before(const struct waiting_table *table, uint32_t *place)
{
	do
		*place = (*place ? *place : WAITING_MAX) - 1;
	while (!table->place[*place].looks);
	return &table->place[*place];
}

void waiting_begin_look(struct waiting_table *table)
{
	uint32_t place = table->next;

	memset(table->filter, 0, FILTER_WORDS * sizeof(*table->filter));
	for (uint32_t left = table->count; left; left--) {
		uint32_t bit = waiting_bit(&place_before(table, &place)->key);

		table->filter[bit / 64] |= 1ULL << (bit % 64);
	}
}

void waiting_add_row(const struct waiting_table *table, struct waiting_rows *rows, size_t row,
		     const struct flow_key *key)
{
	struct waiting_row *added = &rows->row[rows->count++];

	added->row = row;
	added->key = sight_key(key, &added->turned);
	added->hash = hash_index_hash(&table->index, &added->key, sizeof(added->key));
	hash_index_prefetch(&table->index, added->hash);
}

void waiting_look_up(const struct waiting_table *table, struct waiting_rows *rows)
{
	for (uint32_t i = 0; i < rows->count; i++) {
		uint32_t place = hash_index_peek(&table->index, rows->row[i].hash);

		if (place != HASH_INDEX_NONE)
			__builtin_prefetch(&table->place[place]);
	}
	for (uint32_t i = 0; i < rows->count; i++) {
		struct waiting_row *row = &rows->row[i];
		uint32_t place =
			hash_index_find(&table->index, row->hash, is_waiting, table, &row->key);

		row->waiting = place == HASH_INDEX_NONE ? NULL : &table->place[place];
	}
}

void waiting_end_look(struct waiting_table *table)
{
	uint32_t place = table->next;

	for (uint32_t left = table->count; left; left--) {
		struct waiting *waiting = place_before(table, &place);

		if (waiting->looks == 1)
			release(table, place);
		else
			waiting->looks--;
	}
}
