/* SPDX-License-Identifier: MIT */
/*
 * The flows of one interval with their counts, in user space: a growing array and a seeded index
 * over it. One thread; lives in its counter.
 */
#ifndef PKTSTAT_TALLY_H
#define PKTSTAT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "hash_index.h"
#include "source.h"

/* With so many flows, tally_is_full(): a drain should not wait for the end of the interval. */
#define TALLY_FLOWS 131072

struct tally {
	struct hash_index index;
	struct flow_delta *flow;
	uint32_t *left;	    /* beside each flow: what is left of its budget of samples */
	uint32_t left_new; /* of a flow that is new in the interval; 0: nothing is sampled */
	uint32_t count, room;
	uint32_t last; /* the flow of the packet before: the next one is often of the same */
	uint32_t grown;
	uint32_t failed; /* times there was no memory for more */
	struct flow_counts full[FLOW_WHERES][FLOW_CLASSES]; /* for which there was none */
	bool any_full;
};

/* 0 or -ENOMEM; then, and when zeroed, it can be closed. */
int tally_open(struct tally *tally);
void tally_close(struct tally *tally);

/*
 * Adds to a flow. Never fails: what finds no memory goes to a "flow map full" row. Returns what is left
 * of the flow's budget of samples (sample_abi.h), until the next call; NULL: there was no memory.
 */
uint32_t *tally_add(struct tally *tally, const struct flow_key *key,
		    const struct flow_counts *counts);

static inline bool tally_is_full(const struct tally *tally)
{
	return tally->count >= TALLY_FLOWS;
}

/* Hands all of it to the sink, says so in the reading, and is empty then. */
void tally_drain(struct tally *tally, const struct flow_sink *sink,
		 struct source_reading *reading);

#endif
