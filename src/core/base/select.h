/* SPDX-License-Identifier: MIT */
/*
 * The rows of a window, in order, without sorting the rest: a quicksort that leaves out every part
 * that cannot be seen. Equal keys are told apart by finer keys made only where they are needed,
 * and in the end by a comparison, so that the order is total and rows never flicker. Pure.
 */
#ifndef PKTSTAT_SELECT_H
#define PKTSTAT_SELECT_H

#include <stddef.h>
#include <stdint.h>

struct select_item {
	uint64_t key; /* the largest is first */
	uint32_t index;
	uint32_t unused;
};

struct select_order {
	/* Sets the keys of items that are equal so far; `level` is 1 to `levels`. Largest first. */
	void (*refine)(const void *context, unsigned int level, struct select_item *item,
		       size_t count);
	unsigned int levels;
	/* The complete order, for items with equal keys: <0 when `a` is first. */
	int (*compare)(const void *context, uint32_t a, uint32_t b);
	const void *context;
};

/*
 * Moves items so that item[begin..end) are those that a full sort would put there, in order; all
 * others stand before or behind in no order. Keys are overwritten. Expected time is linear in
 * `count` for a small window.
 */
void select_window(const struct select_order *order, struct select_item *item, size_t count,
		   size_t begin, size_t end);

/* How many items come before `of` (which may be one of them); keys must not be overwritten yet. */
size_t select_rank(const struct select_order *order, const struct select_item *item, size_t count,
		   const struct select_item *of);

#endif
