/* SPDX-License-Identifier: MIT */
/* The flows of one interval; see tally.h. */
#include "tally.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 1024
/* An index so many times larger than what it held is made small again. */
#define SPARSE 64

int tally_open(struct tally *tally)
{
	tally->flow = calloc(FIRST_ROOM, sizeof(*tally->flow));
	tally->left = calloc(FIRST_ROOM, sizeof(*tally->left));
	if (!tally->flow || !tally->left)
		return -ENOMEM;
	tally->room = FIRST_ROOM;
	return hash_index_init(&tally->index);
}

void tally_close(struct tally *tally)
{
	hash_index_done(&tally->index);
	free(tally->flow);
	free(tally->left);
	tally->flow = NULL;
	tally->left = NULL;
	tally->room = tally->count = 0;
}

static bool tally_is(const void *table, uint32_t entry, const void *key)
{
	return flow_key_equal(&((const struct tally *)table)->flow[entry].key, key);
}

static int grow_tally(struct tally *tally)
{
	struct flow_delta *flow;
	uint32_t *left;

	if (tally->count < tally->room)
		return 0;
	flow = realloc(tally->flow, 2 * (size_t)tally->room * sizeof(*flow));
	if (!flow)
		return -ENOMEM;
	tally->flow = flow;
	left = realloc(tally->left, 2 * (size_t)tally->room * sizeof(*left));
	if (!left)
		return -ENOMEM;
	tally->left = left;
	tally->room *= 2;
	tally->grown++;
	return 0;
}

static uint32_t *add_new(struct tally *tally, uint32_t hash, const struct flow_key *key,
			 const struct flow_counts *counts)
{
	struct flow_counts *full = &tally->full[key->where][flow_key_class(key)];

	if (grow_tally(tally) || hash_index_add(&tally->index, hash, tally->count)) {
		tally->failed++;
		tally->any_full = true;
		flow_counts_add(full, counts);
		return NULL;
	}
	tally->last = tally->count++;
	tally->flow[tally->last] = (struct flow_delta){*key, *counts};
	tally->left[tally->last] = tally->left_new;
	return &tally->left[tally->last];
}

uint32_t *tally_add(struct tally *tally, const struct flow_key *key,
		    const struct flow_counts *counts)
{
	uint32_t hash, at;

	if (tally->last < tally->count && flow_key_equal(&tally->flow[tally->last].key, key)) {
		flow_counts_add(&tally->flow[tally->last].counts, counts);
		return &tally->left[tally->last];
	}
	hash = hash_index_hash(&tally->index, key, sizeof(*key));
	at = hash_index_find(&tally->index, hash, tally_is, tally, key);
	if (at == HASH_INDEX_NONE)
		return add_new(tally, hash, key, counts);
	tally->last = at;
	flow_counts_add(&tally->flow[at].counts, counts);
	return &tally->left[at];
}

static void drain_full(struct tally *tally, const struct flow_sink *sink,
		       struct source_reading *reading)
{
	for (unsigned int i = 0; i < FLOW_WHERES * FLOW_CLASSES; i++) {
		unsigned int where = i / FLOW_CLASSES, class = i % FLOW_CLASSES;
		struct flow_delta sum = {.counts = tally->full[where][class]};

		if (!sum.counts.packets)
			continue;
		sum.key = flow_key_of_sum(FLOW_SUM_MAP_FULL, (uint16_t)class, 0, (uint8_t)where);
		sink->add(sink->arg, &sum, 1);
		flow_counts_add(&reading->map_full, &sum.counts);
		tally->full[where][class] = (struct flow_counts){0};
	}
	tally->any_full = false;
}

void tally_drain(struct tally *tally, const struct flow_sink *sink, struct source_reading *reading)
{
	if (tally->count)
		sink->add(sink->arg, tally->flow, tally->count);
	if (tally->any_full)
		drain_full(tally, sink, reading);
	reading->map_used += tally->count;
	if (tally->index.size > SPARSE * ((size_t)tally->count + FIRST_ROOM))
		hash_index_shrink(&tally->index);
	else
		hash_index_clear(&tally->index);
	tally->count = 0;
}
