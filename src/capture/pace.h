/* SPDX-License-Identifier: MIT */
/*
 * How fast a capture is played: which of its moments belongs to which of CLOCK_MONOTONIC. Pure;
 * lives in its source.
 */
#ifndef PKTSTAT_PACE_H
#define PKTSTAT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Longer waits for a packet are shortened to PACE_SKIPPED_NS. */
#define PACE_WAIT_MAX_NS 60000000000ULL
#define PACE_SKIPPED_NS	 1000000000ULL

struct pace {
	double speed; /* times as fast as it was; 0: as fast as it can be read */
	int64_t base_ns; /* this moment of the capture */
	uint64_t base_mono_ns; /* belongs to this one here */
};

/* 145 years: nothing is further away, so that no sum is beyond 64 bits, with moments up to pcapng.c's last. */
#define PACE_FAR_NS 4.6e18

static inline bool pace_is_timed(const struct pace *pace)
{
	return pace->speed > 0;
}

/* The moment of the capture that is due at `mono_ns`. */
static inline int64_t pace_at(const struct pace *pace, uint64_t mono_ns)
{
	double passed = (double)(mono_ns - pace->base_mono_ns) * pace->speed;

	return pace->base_ns + (int64_t)(passed < PACE_FAR_NS ? passed : PACE_FAR_NS);
}

/* When a moment of the capture is due, at the earliest the base's. */
static inline uint64_t pace_due(const struct pace *pace, int64_t ns)
{
	double left;

	if (ns <= pace->base_ns)
		return pace->base_mono_ns;
	left = (double)(ns - pace->base_ns) / pace->speed;
	return pace->base_mono_ns + (uint64_t)(left < PACE_FAR_NS ? left : PACE_FAR_NS);
}

/* At `mono_ns` the next packet is that of the moment `ns`: it comes a second later, not in an hour. */
static inline void pace_skip(struct pace *pace, int64_t ns, uint64_t mono_ns)
{
	pace->base_ns = ns - (int64_t)((double)PACE_SKIPPED_NS * pace->speed);
	pace->base_mono_ns = mono_ns;
}

#endif
