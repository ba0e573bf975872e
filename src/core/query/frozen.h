/* SPDX-License-Identifier: MIT */
/*
 * The order that rows had when it was frozen: their keys, and an index of them. Just the keys, for all rows
 * are looked up in each frame: 40 bytes a row, where a group would take five times as many. Owned by its
 * caller; one thread.
 */
#ifndef PKTSTAT_FROZEN_H
#define PKTSTAT_FROZEN_H

#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"

struct frozen;

/* Place of a row that is not there. */
#define FROZEN_NONE UINT32_MAX

/* Rows that are added or looked up at once. */
#define FROZEN_BATCH 32

/* An empty one with room for `rows`; 0 or -ENOMEM. */
int frozen_new(size_t rows, struct frozen **ret_frozen);
/* NULL is allowed. */
void frozen_free(struct frozen *frozen);
/*
 * Adds up to FROZEN_BATCH rows and their places, all in all no more than there is room for. One that is
 * there already keeps its place. Rows are found fastest in the order in which they were added.
 */
void frozen_add(struct frozen *frozen, const struct flow_key *const key[], const uint32_t place[],
		size_t count);
/* Places of up to FROZEN_BATCH rows, or FROZEN_NONE. */
void frozen_places(const struct frozen *frozen, const struct flow_key *const key[], size_t count,
		   uint32_t ret_place[]);

#endif
