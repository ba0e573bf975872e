/* SPDX-License-Identifier: MIT */
/* Rates from counts and measured time. Pure; any thread. */
#ifndef PKTSTAT_RATE_H
#define PKTSTAT_RATE_H

#include <stdint.h>

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
