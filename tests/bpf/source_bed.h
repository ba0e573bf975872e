/* SPDX-License-Identifier: MIT */
/*
 * A BPF source on an interface of a network namespace of the test's own, datagrams over its
 * loopback, sums of what is drained, and kernel calls that can be made to fail. One thread.
 */
#ifndef PKTSTAT_SOURCE_BED_H
#define PKTSTAT_SOURCE_BED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf_source.h"
#include "flow_map.h"

struct bed {
	struct flow_source *source;
	int socket_fd;
	uint32_t all_entries;   /* of the maps of one generation at the start */
	uint32_t first_entries; /* of one CPU's map */
	/* Sums over all drains: */
	struct flow_counts row;             /* rows handed to the sink */
	struct flow_counts hook;            /* the readings' totals */
	struct flow_counts dir[FLOW_DIRS];  /* rows by direction */
	uint64_t rows;                      /* calls of the sink */
	uint64_t map_full;
	unsigned int errors;
	struct source_state state; /* as of the last drain */
};

/* What the wrapped calls refuse. Each counts down; UINT32_MAX is for ever. */
struct refuse {
	atomic_uint after;        /* maps that are still made first */
	atomic_uint maps;         /* flow_map_open(): -ENOMEM */
	atomic_uint good_tables;  /* tables that are still made first */
	atomic_uint tables;       /* table_make(): -ENOMEM */
	atomic_uint good_batches; /* batch reads that still work first */
	atomic_uint batches;      /* batch reads: -EINVAL */
	atomic_uint lookups;      /* reads of one flow: -EINVAL */
};

extern struct refuse refuse;

/*
 * True, and says why, when there is no way to run here. Enters the network namespace, and stays on
 * the CPU it is on.
 */
bool bed_cannot_run(void);
/* Setup of each test: nothing is refused. The reset leaves flow tables as they are. */
int bed_setup(void **state);
void bed_reset(void);
/* The same where the kernel has no flow tables: all is in fronts and maps. */
int bed_setup_maps(void **state);

void bed_open(struct bed *bed, const char *iface);
void bed_close(struct bed *bed);

/* `count` datagrams with so much payload to each of `flows` addresses of the loopback. */
void bed_send(struct bed *bed, unsigned int flows, unsigned int count, size_t payload);
void bed_drain(struct bed *bed);
/* Rows and totals so far are just these. */
void bed_expect(const struct bed *bed, uint64_t packets, uint64_t bytes);

/* Options that watch one interface of that name. */
struct bpf_source_options bed_options(const char (*name)[IF_NAMESIZE]);

/* Runs ip(8) with these words; its status. */
int bed_ip(const char *words);

#endif
