/* SPDX-License-Identifier: MIT */
/*
 * The flow maps of all CPUs, two generations of each: made, put where the programs find them, sized
 * by what they held. Main thread at start, collector thread afterwards.
 *
 * A CPU has maps of its own, so a flow costs no atomic operation, no lock between CPUs, and no room
 * for CPUs that never saw it; and a map grows where the flows are.
 */
#ifndef PKTSTAT_STORE_H
#define PKTSTAT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "flow_map.h"
#include "source.h"

/* Kernel memory of all maps of a generation: what they start with, and its bound. */
#define STORE_BYTES_FIRST (8UL << 20)
#define STORE_BYTES_MAX	  (128UL << 20)
/* Room of one CPU's map within that: at the start, and at most. */
#define STORE_ENTRIES_FIRST 32768
#define STORE_ENTRIES_MAX   262144
/* A drain is asked for when so large a share of a CPU's map is used. */
#define STORE_WAKE_SHARE 4

/* Sizing of one CPU's maps. */
struct store_cpu {
	uint32_t want;	     /* entries that its maps should have */
	uint64_t busy_ns;    /* when one was last more than an eighth full */
	uint64_t refused_ns; /* when the kernel had no memory for a larger one; 0: never */
};

struct store {
	int outer_fd; /* flow_maps; not owned */
	unsigned int cpus;
	struct store_cpu *cpu;
	struct flow_map *map;		     /* [cpu * FLOW_GENERATIONS + generation] */
	uint32_t entries_first, entries_max; /* of one CPU's map */
	struct drain_buffer buffer;
	struct source_state state; /* map_entries: of one generation, all CPUs */
};

/*
 * Makes the maps, to be put into the outer map `outer_fd`, which has room for `cpus` possible
 * CPUs; `online` of them get room to start with: less, when they hold only the `overflow` of flow
 * tables, or when memory is short. 0, -ENOMEM or another negative errno; then store_install() is due.
 */
int store_open(struct store *store, int outer_fd, unsigned int cpus, unsigned int online,
	       size_t max_flows, bool overflow);
/*
 * Puts all maps where the programs find them, and waits until running programs have ended: all at once,
 * so that the kernel waits only once. 0 or a negative errno.
 */
int store_install(const struct store *store);
/* Safe on a zeroed store. */
void store_close(struct store *store);

/* Room of a CPU's map. */
static inline uint32_t store_entries(const struct store *store, unsigned int cpu,
				     uint32_t generation)
{
	return store->map[cpu * FLOW_GENERATIONS + generation].entries;
}

/*
 * Returns when every program that began before has ended: the kernel finishes an update of an array
 * of maps only then. 0 or a negative errno.
 */
int store_fence(const struct store *store);

/*
 * Takes all flows out of a CPU's map of a generation that is quiet, if the CPU has `filled` it at
 * all, then gives the CPU a map of another size if that is due. 0, or the negative errno of a read
 * that failed: what it left is read next time. `ret_flows` says how many flows came out.
 */
int store_drain(struct store *store, unsigned int cpu, uint32_t generation, bool filled,
		struct batch *batch, uint64_t now_ns, uint32_t *ret_flows);

#endif
