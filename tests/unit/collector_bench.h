/* SPDX-License-Identifier: MIT */
/* A collector over a source fed by hand, with its ledger and ring. The test's thread; owned by it. */
#ifndef PKTSTAT_COLLECTOR_BENCH_H
#define PKTSTAT_COLLECTOR_BENCH_H

#include <stdint.h>

#include "collector.h"
#include "fake_source.h"

#define MS	 1000000ULL
#define NEVER	 COLLECTOR_INTERVAL_MAX_NS
#define LIMIT_NS 10000000000ULL /* of any wait */

struct bench {
	struct fake_source *fake;
	struct ledger *ledger;
	struct ring *ring;
	struct collector *collector; /* NULL: has ended */
	uint64_t start_mono_ns;
	int64_t start_wall_ns;
};

struct bench bench_start(uint64_t interval_ns);
/* Ends the collector; a reference to the last snapshot. */
struct snapshot *bench_stop(struct bench *bench);
void bench_done(struct bench *bench);
/* Waits until a snapshot with at least that number is published; a reference to it. */
struct snapshot *bench_wait(struct bench *bench, uint64_t seq);

#endif
