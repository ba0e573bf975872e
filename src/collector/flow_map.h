/* SPDX-License-Identifier: MIT */
/*
 * One flow map: the flows that one CPU found no slot for during one generation. Only that
 * CPU's programs write to it, and only until the generation is swapped out. Owned by the store.
 */
#ifndef PKTSTAT_FLOW_MAP_H
#define PKTSTAT_FLOW_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* The least room of a flow map, also when the kernel is short of memory. */
#define FLOW_MAP_ENTRIES_LEAST 64

struct flow_map {
	int fd;
	uint32_t entries;
	bool left; /* a read failed: flows are still in the map */
};

/* Kernel memory of a map with room for so many flows, approximately. */
size_t flow_map_bytes(uint32_t entries);

/* Makes a map. 0, -ENOMEM, -EPERM, ... */
int flow_map_open(uint32_t entries, struct flow_map *ret_map);
void flow_map_close(struct flow_map *map);

/* Buffers of drains, for one batch; grows when a bucket of a map needs it. */
struct drain_buffer {
	uint32_t room; /* flows in a batch */
	struct flow_key *keys;
	struct flow_counts *counts;
};

/* 0 or -ENOMEM. */
int drain_buffer_init(struct drain_buffer *buffer);
void drain_buffer_done(struct drain_buffer *buffer);

/*
 * Takes all flows out of a map that no program writes to any more. 0, or the negative errno of a
 * call that failed; `ret_flows` says how many came out in any case.
 */
int flow_map_drain(const struct flow_map *map, struct drain_buffer *buffer, struct batch *batch,
		   uint32_t *ret_flows);

#endif
