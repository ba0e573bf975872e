/* SPDX-License-Identifier: MIT */
/*
 * Draws numbers below n, the same ones for the same seed: in turn, uniformly at random, or by
 * Zipf's law (number i as often as 1 / (i + 1)^s). A draw belongs to one thread.
 */
#ifndef PKTSTAT_DRAW_H
#define PKTSTAT_DRAW_H

#include <stdint.h>

enum draw_order {
	DRAW_SEQUENTIAL,
	DRAW_RANDOM,
	DRAW_ZIPF,
};

#define DRAW_ZIPF_EXPONENT 1.1

struct draw;

/* Order of a name ("sequential", "random", "zipf"), or -1. */
int draw_order_of_name(const char *name);
const char *draw_order_name(enum draw_order order);

/*
 * Numbers below `n` (1 to 2^32 - 1). In sequence the first is `first`, and each next one is
 * `step` further. 0, -EINVAL or -ENOMEM.
 */
int draw_new(enum draw_order order, uint32_t n, uint64_t seed, uint32_t first, uint32_t step,
	     struct draw **ret_draw);
void draw_free(struct draw *draw);
uint32_t draw_next(struct draw *draw);

#endif
