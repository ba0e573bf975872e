/* SPDX-License-Identifier: MIT */
/*
 * The fronts of all CPUs as user space sees them: the memory of the map flow_fronts. A front that
 * is active is only looked at; one that was swapped out and is quiet is drained and left zeroed.
 */
#ifndef PKTSTAT_FRONTS_H
#define PKTSTAT_FRONTS_H

#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* Memory of all fronts; with many possible CPUs each gets fewer slots. */
#define FRONTS_BYTES_MAX (32UL << 20)
#define FRONTS_BITS_MIN	 6
/* Memory of all tables of known flows, and cells of the smallest, as a power of two. */
#define KNOWNS_BYTES_MAX (8UL << 20)
#define KNOWNS_BITS_MIN	 6

struct fronts {
	void *memory;
	size_t bytes;
	size_t stride; /* from one front to the next */
	unsigned int cpus;
	unsigned int bits; /* slots of each, as a power of two */
};

/* Slots of a front for so many possible CPUs, as a power of two: at most FLOW_FRONT_BITS. */
unsigned int fronts_bits(unsigned int cpus);
/* Bytes of a front with 1 << `bits` slots: the map's value size. */
size_t fronts_stride(unsigned int bits);

/* Maps the memory of flow_fronts. 0 or a negative errno. */
int fronts_open(struct fronts *fronts, int map_fd, unsigned int cpus, unsigned int bits);
/* Cells of a CPU's known flows for so many possible CPUs, as a power of two. */
unsigned int knowns_bits(unsigned int cpus);
/* Bytes of 1 << `bits` cells: the value size of flow_knowns. */
size_t knowns_stride(unsigned int bits);
/* Safe on zeroed fronts. */
void fronts_close(struct fronts *fronts);

static inline struct flow_front *fronts_get(const struct fronts *fronts, unsigned int cpu,
					    uint32_t generation)
{
	return (struct flow_front *)((char *)fronts->memory +
				     (cpu * FLOW_GENERATIONS + generation) * fronts->stride);
}

/* Lets the CPU ask for a drain whenever it has put a quarter of `entries` flows into its map. */
void fronts_set_wake(const struct fronts *fronts, unsigned int cpu, uint32_t generation,
		     uint32_t entries);

/*
 * Takes everything out of a quiet front: flows and sums to the batch, the hook's totals to the
 * reading. Returns how many flows the CPU put into its flow map.
 */
uint64_t fronts_drain(const struct fronts *fronts, unsigned int cpu, uint32_t generation,
		      struct batch *batch, struct source_reading *reading);

/*
 * Takes the counts out of so many slots of a front or a table. Their keys stay: a flow that goes on finds
 * its slot again.
 */
void slots_drain(struct flow_bucket *buckets, size_t slots, struct batch *batch);

#endif
