/* SPDX-License-Identifier: MIT */
/*
 * The collector thread: drains the source on absolute deadlines into the ledger and publishes a
 * snapshot an interval. Started, steered and stopped by the main thread; ledger and source are the
 * thread's alone in between.
 */
#ifndef PKTSTAT_COLLECTOR_H
#define PKTSTAT_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"
#include "ring.h"
#include "source.h"
#include "timing.h"

#define COLLECTOR_INTERVAL_MIN_NS     10000000ULL
#define COLLECTOR_INTERVAL_DEFAULT_NS 1000000000ULL
#define COLLECTOR_INTERVAL_MAX_NS     60000000000ULL

struct collector;

/* The thread's nice value, where it may have it: short work that must not come late. */
#define COLLECTOR_NICE (-10)

struct collector_options {
	struct flow_source *source; /* these three stay the caller's and outlive the collector */
	struct ledger *ledger;
	struct ring *ring;
	struct timing *timing; /* as the three above; NULL: the machine's */
	uint64_t interval_ns; /* COLLECTOR_INTERVAL_MIN_NS to _MAX_NS */
	uint64_t start_mono_ns; /* when counting began, as `timing` has it */
	int64_t start_wall_ns;
	void (*on_thread)(void *context); /* the thread's first act; NULL: none */
	/* A snapshot is about to be published; NULL: nobody wants to know. */
	void (*on_snapshot)(void *context, const struct snapshot *snapshot);
	void *context;
};

/*
 * Publishes a first snapshot, which has no rows and no rate, and starts the thread. The calling
 * thread's signal mask is inherited: block what the thread must not get. 0 or a negative errno.
 */
int collector_start(const struct collector_options *options, struct collector **ret_collector);

/* Changes the interval at once: the one that runs is cut short or made longer. */
void collector_set_interval(struct collector *collector, uint64_t interval_ns);

/*
 * Ends the thread: it detaches the source, drains what is left and publishes a last snapshot with
 * state SNAPSHOT_FINAL (the same happens by itself when the source is lost, with SNAPSHOT_LOST, or
 * at its end, with SNAPSHOT_ENDED).
 * Frees the collector. Afterwards ledger and source are the caller's again.
 */
void collector_stop(struct collector *collector);

#endif
