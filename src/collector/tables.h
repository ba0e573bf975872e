/* SPDX-License-Identifier: MIT */
/*
 * The flow tables of all CPUs, two generations of each: array maps of buckets, made, put where the
 * programs find them, mapped, drained, and sized by the flows that they held. Main thread at start,
 * collector thread afterwards. See flow_abi.h for what is in them.
 *
 * How many slots a table has and how many of them a program uses are two things: the latter doubles
 * by itself while a generation is active, up to the former; a larger table is made when that is not
 * enough.
 */
#ifndef PKTSTAT_TABLES_H
#define PKTSTAT_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fronts.h"
#include "table.h"

/* Kernel memory of all tables, both generations: what they start with, and their bound. */
#define TABLES_BYTES_FIRST (16UL << 20)
#define TABLES_BYTES_MAX   (512UL << 20)
/* The bound is also this share of the machine's memory. */
#define TABLES_MEMORY_SHARE 8
/* Slots of one CPU's table, as powers of two: at the start, and at most. */
#define TABLES_BITS_FIRST 16
#define TABLES_BITS_MAX	  22
/* At the start they are so much smaller than the flows that may be remembered would need. */
#define TABLES_BITS_LESS 3
/* Slots there are for each that is taken, and slots that a flow takes at most. */
#define TABLES_SLOTS_PER_USED 2
#define TABLES_SLOTS_MOST     2

/* Sizing of one CPU's tables. */
struct table_cpu {
	unsigned int want;   /* bits that its tables should have; 0: none */
	uint32_t used;	     /* slots that the flows of the last drain take */
	uint64_t busy_ns;    /* when so many slots were last needed */
	uint64_t refused_ns; /* when the kernel had no memory for a larger one; 0: never */
};

struct tables {
	int outer_fd; /* flow_tables; not owned */
	const struct fronts *fronts;
	unsigned int cpus;
	struct table *table; /* [cpu * FLOW_GENERATIONS + generation] */
	struct table_cpu *cpu;
	unsigned int bits_first, bits_max; /* 0: no tables here */
	size_t bytes_max, bytes_wanted;
	uint32_t grown, shrunk, failed;
};

/*
 * Makes the first tables, for `online` of `cpus` possible CPUs, to be put into the outer map `outer_fd`;
 * `fronts` must outlive these. Where the kernel has no such tables or no memory for them, and where
 * `off`, there are none, and the fronts do alone. 0 or -ENOMEM; then tables_install() is due.
 */
int tables_open(struct tables *tables, int outer_fd, const struct fronts *fronts,
		unsigned int online, size_t max_flows, bool off);
/*
 * Puts the first tables where the programs find them, and waits until running programs have ended. Those
 * that the kernel refuses there are closed. 0 or -ENOMEM.
 */
int tables_install(struct tables *tables);
/* Safe on zeroed tables. */
void tables_close(struct tables *tables);

/*
 * Before a generation becomes active: gives its tables, which are empty, the size they should have,
 * by what the active one, `active_ns` old, has taken so far; then tells the programs how many slots
 * to begin with. May wait for running programs.
 */
void tables_prepare(struct tables *tables, uint32_t generation, uint64_t active_ns,
		    uint64_t now_ns);

/* True when the CPU's table of the active generation is too small and could be larger. */
bool tables_want_drain(const struct tables *tables, unsigned int cpu, uint32_t generation);

/*
 * Takes all flows out of a CPU's table of a generation that is quiet. 0, or the negative errno with
 * which it could not be mapped: the flows come with a later drain.
 */
int tables_drain(struct tables *tables, unsigned int cpu, uint32_t generation, struct batch *batch);

/*
 * Says how many slots the flows of a CPU's generation, which is drained now, took in all: sizes follow
 * that. Some flows had more than one, if slots became more meanwhile.
 */
void tables_note(struct tables *tables, unsigned int cpu, uint32_t generation, uint64_t slots);

/* Slots of all tables of one generation. */
uint32_t tables_slots(const struct tables *tables);

#endif
