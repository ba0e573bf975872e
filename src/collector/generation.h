/* SPDX-License-Identifier: MIT */
/*
 * The kernel flow map of one generation: as large as the flows of an interval ask for. Owned by
 * the BPF source; main thread at start, collector thread afterwards.
 */
#ifndef PKTSTAT_GENERATION_H
#define PKTSTAT_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* Room of a first flow map, within so much memory: quickly made, and enough for most. */
#define GENERATION_ENTRIES_FIRST 32768
#define GENERATION_BYTES_FIRST (8UL << 20)
/* The least a flow map may have when the kernel is short of memory. */
#define GENERATION_ENTRIES_LEAST 1024
/* Bound of the kernel memory of one generation's map. */
#define GENERATION_BYTES_MAX (128UL << 20)

struct generation {
	int map_fd;
	uint32_t entries;
};

/* Kernel memory of a per-CPU hash map with room for so many flows, approximately. */
size_t generation_bytes(uint32_t entries, unsigned int cpus);

/* Entries a map starts with, and shrinks back to: a power of two. */
uint32_t generation_entries_first(unsigned int cpus);

/* Most entries a map may have: a power of two within `max_flows` and GENERATION_BYTES_MAX. */
uint32_t generation_entries_max(size_t max_flows, unsigned int cpus);

/* Makes the map. 0, -ENOMEM, -EPERM, ... */
int generation_open(uint32_t entries, struct generation *ret_generation);
void generation_close(struct generation *generation);

/* Buffers of drains, for one batch. */
struct drain_buffer {
	unsigned int cpus;
	uint32_t room; /* flows in a batch */
	struct flow_key *keys;
	struct flow_counts *counts; /* room * cpus, per flow */
};

/* 0 or -ENOMEM. */
int drain_buffer_init(struct drain_buffer *buffer, unsigned int cpus);
void drain_buffer_done(struct drain_buffer *buffer);

/*
 * Takes all flows out of a map that no program writes to any more, summed over CPUs. 0, or the
 * negative errno of a call that failed; `ret_flows` says how many came out in any case.
 */
int generation_drain(const struct generation *generation, struct drain_buffer *buffer,
		     const struct flow_sink *sink, uint32_t *ret_flows);

#endif
