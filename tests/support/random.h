/* SPDX-License-Identifier: MIT */
/* Numbers that look random, and are the same in each run from the same state. */
#ifndef PKTSTAT_RANDOM_H
#define PKTSTAT_RANDOM_H

#include <stdint.h>

/* SplitMix64, public domain (Steele, Lea, Flood 2014). */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15ULL;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
	return mixed ^ mixed >> 31;
}

#endif
