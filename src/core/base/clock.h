/* SPDX-License-Identifier: MIT */
/* The clocks, in nanoseconds. Any thread. */
#ifndef PKTSTAT_CLOCK_H
#define PKTSTAT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_mono_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/* Also runs while the machine sleeps, and is never set. */
static inline uint64_t clock_boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static inline int64_t clock_wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Rates from counts and measured time. Pure; any thread. */

/* Bits a second of `bytes` in `elapsed_ns`; 0 when no time has passed. */
static inline double rate_bps(uint64_t bytes, uint64_t elapsed_ns)
{
	return elapsed_ns ? (double)bytes * 8e9 / (double)elapsed_ns : 0.0;
}

/* Packets a second of `packets` in `elapsed_ns`; 0 when no time has passed. */
static inline double rate_pps(uint64_t packets, uint64_t elapsed_ns)
{
	return elapsed_ns ? (double)packets * 1e9 / (double)elapsed_ns : 0.0;
}

#endif
