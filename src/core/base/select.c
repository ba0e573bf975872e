/* SPDX-License-Identifier: MIT */
/*
 * Selection of a window of rows; see select.h. Works in place on the caller's array, keeps
 * nothing; any thread.
 */
#include "select.h"

#define SELECT_SMALL 24

struct select_run {
	const struct select_order *order;
	uint64_t random; /* of the pivots, so that no traffic can be made to sort slowly */
};

/* The level at which only the comparison is left. */
static unsigned int last_level(const struct select_run *run)
{
	return run->order->levels + 1;
}

/* Below 0 when `a` comes first, by what is known at this level. */
static inline int item_order(const struct select_run *run, unsigned int level,
			     const struct select_item *a, const struct select_item *b)
{
	if (a->key != b->key)
		return a->key > b->key ? -1 : 1;
	if (level < last_level(run))
		return 0;
	return run->order->compare(run->order->context, a->index, b->index);
}

static inline void item_swap(struct select_item *a, struct select_item *b)
{
	struct select_item swap = *a;

	*a = *b;
	*b = swap;
}

static void sort_small(const struct select_run *run, struct select_item *item, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct select_item moved = item[i];
		size_t at = i;

		while (at > 0 && item_order(run, last_level(run), &moved, &item[at - 1]) < 0) {
			item[at] = item[at - 1];
			at--;
		}
		item[at] = moved;
	}
}

static struct select_item pick_pivot(struct select_run *run, unsigned int level,
				     const struct select_item *item, size_t count)
{
	const struct select_item *of[3];

	for (int i = 0; i < 3; i++) {
		run->random = run->random * 6364136223846793005ULL + 1442695040888963407ULL;
		of[i] = &item[(run->random >> 33) % count];
	}
	if (item_order(run, level, of[0], of[1]) > 0) {
		const struct select_item *swap = of[0];

		of[0] = of[1];
		of[1] = swap;
	}
	if (item_order(run, level, of[1], of[2]) <= 0)
		return *of[1];
	return item_order(run, level, of[0], of[2]) > 0 ? *of[0] : *of[2];
}

/* Three parts: before the pivot, equal to it from *ret_equal, behind it from *ret_behind. */
static void partition(struct select_run *run, unsigned int level, struct select_item *item,
		      size_t count, size_t *ret_equal, size_t *ret_behind)
{
	struct select_item pivot = pick_pivot(run, level, item, count);
	size_t equal = 0, behind = count;

	for (size_t i = 0; i < behind;) {
		int order = item_order(run, level, &item[i], &pivot);

		if (order < 0)
			item_swap(&item[i++], &item[equal++]);
		else if (order > 0)
			item_swap(&item[i], &item[--behind]);
		else
			i++;
	}
	*ret_equal = equal;
	*ret_behind = behind;
}

static void refine_keys(const struct select_run *run, unsigned int level, struct select_item *item,
			size_t count)
{
	if (level < last_level(run)) {
		run->order->refine(run->order->context, level, item, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		item[i].key = 0;
}

static size_t clip(size_t at, size_t begin, size_t count)
{
	if (at <= begin)
		return 0;
	return at - begin < count ? at - begin : count;
}

static void select_part(struct select_run *run, unsigned int level, struct select_item *item,
			size_t count, size_t begin, size_t end)
{
	while (begin < end && count > SELECT_SMALL) {
		size_t equal, behind, equals;

		partition(run, level, item, count, &equal, &behind);
		equals = behind - equal;
		select_part(run, level, item, equal, begin, clip(end, 0, equal));
		if (level < last_level(run) && equals > 1 && begin < behind && end > equal) {
			refine_keys(run, level + 1, item + equal, equals);
			select_part(run, level + 1, item + equal, equals,
				    clip(begin, equal, equals), clip(end, equal, equals));
		}
		item += behind;
		count -= behind;
		begin = clip(begin, behind, count);
		end = clip(end, behind, count);
	}
	if (begin < end)
		sort_small(run, item, count);
}

void select_window(const struct select_order *order, struct select_item *item, size_t count,
		   size_t begin, size_t end)
{
	struct select_run run = {.order = order, .random = count};

	select_part(&run, 0, item, count, begin, end < count ? end : count);
}

size_t select_rank(const struct select_order *order, const struct select_item *item, size_t count,
		   const struct select_item *of)
{
	size_t rank = 0;

	for (size_t i = 0; i < count; i++) {
		if (item[i].key != of->key)
			rank += item[i].key > of->key;
		else if (item[i].index != of->index)
			rank += order->compare(order->context, item[i].index, of->index) < 0;
	}
	return rank;
}
