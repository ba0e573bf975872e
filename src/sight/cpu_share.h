/* SPDX-License-Identifier: MIT */
/*
 * How much CPU time a thread or process may take: a part of the time that passes, and what it saved up.
 * For the one that takes it.
 */
#ifndef PKTSTAT_CPU_SHARE_H
#define PKTSTAT_CPU_SHARE_H

#include <stdint.h>
#include <time.h>

#include "clock.h"

struct cpu_share {
	clockid_t clock;   /* of the CPU time: CLOCK_THREAD_CPUTIME_ID or CLOCK_PROCESS_CPUTIME_ID */
	unsigned int part; /* one part in so many of the time that passes */
	int64_t saved_max_ns;
	int64_t allowed_ns; /* may be taken now; also what is saved up at the start */
	uint64_t mono_ns;   /* CLOCK_MONOTONIC when that was known; at first, of the start */
	uint64_t cpu_ns;    /* taken until then */
};

static inline uint64_t cpu_share_taken_ns(const struct cpu_share *share)
{
	struct timespec taken;

	clock_gettime(share->clock, &taken);
	return (uint64_t)taken.tv_sec * 1000000000ULL + (uint64_t)taken.tv_nsec;
}

/* Brings up to date how much may be taken. */
static inline void cpu_share_update(struct cpu_share *share)
{
	uint64_t mono_ns = clock_mono_ns(), cpu_ns = cpu_share_taken_ns(share);

	share->allowed_ns += (int64_t)((mono_ns - share->mono_ns) / share->part) -
			     (int64_t)(cpu_ns - share->cpu_ns);
	if (share->allowed_ns > share->saved_max_ns)
		share->allowed_ns = share->saved_max_ns;
	share->mono_ns = mono_ns;
	share->cpu_ns = cpu_ns;
}

/* Milliseconds until some may be taken again; 0 if it is so now, or in less than one. */
static inline int64_t cpu_share_wait_ms(const struct cpu_share *share)
{
	return share->allowed_ns > 0 ? 0 : -share->allowed_ns * share->part / 1000000;
}

#endif
