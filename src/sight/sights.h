/* SPDX-License-Identifier: MIT */
/*
 * Brings findings to flows: a thread of its own that hears from the reader, keeps each finding until
 * the flows it is about have been in snapshots, and writes into their flow table entries what became
 * known. It never takes more than a hundredth of a CPU for that; no cost in the data path.
 *
 * For a capture file there is no thread. The one that counts waits for the reader itself, so that each
 * snapshot has, when it is published, all that its packets say: nothing depends on who is faster.
 */
#ifndef PKTSTAT_SIGHTS_H
#define PKTSTAT_SIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sight_reader.h"
#include "ring.h"
#include "shared_ring.h"
#include "sight.h"

struct sights;

/* Whether packets are read for names. */
enum sights_state {
	SIGHTS_READ,
	SIGHTS_SILENT,	   /* not now: the reader does not answer, it may be stopped */
	SIGHTS_ENDED,	   /* no more: it has ended, or was given up */
	SIGHTS_UNCONFINED, /* never: it could not be confined, and has ended */
};

/* After so long without an answer the reader counts as silent; it answers within milliseconds. */
#define SIGHTS_SILENT_NS 15000000000ULL

struct sights_options {
	struct ring *ring;		  /* these stay the caller's and outlive it */
	struct sight_table *table;	  /* the thread becomes its only writer */
	struct sight_reader *reader;	  /* the thread hears it alone */
	const struct shared_ring *samples; /* of a capture file: there is no thread; NULL: there is */
	void (*on_thread)(void *context); /* the thread's first act; NULL: none */
	/* Each change of the state, by whoever notices it: the thread, or the one that counts. NULL: none. */
	void (*on_state)(void *context, enum sights_state state);
	uint64_t silent_ns; /* 0: SIGHTS_SILENT_NS */
	void *context;
};

/* Allocates everything; before the ring's writer starts. 0 or a negative errno. */
int sights_open(const struct sights_options *options, struct sights **ret_sights);

/*
 * Starts the thread; signals stay blocked as they are in the caller. System calls it takes: poll,
 * recvfrom, sendto, read, write, clock_gettime, memory and futex. 0 or a negative errno.
 */
int sights_start(struct sights *sights);

/*
 * Instead of the thread, all in the one that counts. Some samples have gathered: tells the reader, and
 * hears it, without waiting.
 */
void sights_wake_reader(struct sights *sights);
/*
 * Waits until the reader has read all samples that were put so far. False: it has ended, or does not
 * answer.
 */
bool sights_await_reader(struct sights *sights);
/* The same, and brings what was found to the flows of a snapshot that is about to be published. */
void sights_settle(struct sights *sights, const struct snapshot *snapshot);

/*
 * After the last snapshot was published: waits, at most a second, until the reader has read what is in
 * the ring, brings that to the flows, and ends the thread.
 */
void sights_finish(struct sights *sights);
/* NULL is allowed. */
void sights_free(struct sights *sights);

/* Statistics; any thread. */
struct sights_health {
	uint64_t findings; /* heard and checked */
	uint64_t refused;  /* that could not have been made */
	uint64_t
		given_up; /* flows found in no snapshot while there was room, or no room for the sight */
	enum sights_state state;
};
void sights_health(const struct sights *sights, struct sights_health *ret_health);

#endif
