/* SPDX-License-Identifier: MIT */
/*
 * The sampler of bpf/ for packets that are counted in user space: the same rule decides which packets
 * of a flow are handed over, and the same records leave by a ring. No count depends on it. One
 * thread; lives in its counter.
 */
#ifndef PKTSTAT_SAMPLER_H
#define PKTSTAT_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "captured.h"
#include "flow_abi.h"
#include "sample_abi.h"
#include "shared_ring.h"
#include "snapshot.h"

/* Where samples go. Borrowed: it outlives the sampler. */
struct sampler_outlet {
	struct shared_ring *ring; /* NULL: nowhere, nothing is sampled */
	/* Tells the reader that some have gathered. Never waits. */
	void (*wake)(void *context);
	/*
	 * Waits until the ring has room: then nothing is refused, and samples do not depend on chance.
	 * False: it never will again. NULL: a packet that finds no room is refused, and counted.
	 */
	bool (*await)(void *context);
	void *context;
};

struct sampler {
	struct sampler_outlet outlet;
	__u64 seed[FLOW_SEEDS];
	uint64_t *sieve;	     /* SAMPLE_SIEVE_CELLS */
	uint64_t unwoken;	     /* bytes handed over since the reader was woken */
	bool dead;		     /* await() has said so */
	struct sample_counts counts; /* since the last drain */
};

/* 0 or a negative errno; then, and when zeroed, it can be closed. */
int sampler_open(struct sampler *sampler, const struct sampler_outlet *outlet);
void sampler_close(struct sampler *sampler);

/*
 * Looks at a packet, seen at `now_ns`, of a flow that has `*left` of its budget left, and hands it over
 * if it is one of those that are wanted.
 */
void sampler_look(struct sampler *sampler, const struct captured *captured,
		  const struct frame_read *read, int64_t now_ns, uint32_t *left);

/* Adds to `counts` what became of packets since the last call. A new interval begins. */
void sampler_drain(struct sampler *sampler, struct sample_counts *counts);

#endif
