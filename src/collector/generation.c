/* SPDX-License-Identifier: MIT */
/* Flow maps: making and draining them. */
#include "generation.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* Flows read by one system call, within this much memory for their values. */
#define BATCH_FLOWS 4096
#define BATCH_BYTES (2UL << 20)

size_t generation_bytes(uint32_t entries, unsigned int cpus)
{
	/*
	 * Per entry in the kernel: a bucket (16), struct htab_elem (48), key, pointer to the
	 * per-CPU values; per CPU a value.
	 */
	return (size_t)entries * (16 + 48 + sizeof(struct flow_key) + sizeof(void *) +
				  cpus * sizeof(struct flow_counts));
}

uint32_t generation_entries_first(unsigned int cpus)
{
	uint32_t entries = GENERATION_ENTRIES_FIRST;

	while (entries > GENERATION_ENTRIES_LEAST &&
	       generation_bytes(entries, cpus) > GENERATION_BYTES_FIRST)
		entries /= 2;
	return entries;
}

uint32_t generation_entries_max(size_t max_flows, unsigned int cpus)
{
	uint32_t entries = generation_entries_first(cpus);

	while (entries < max_flows && generation_bytes(entries * 2, cpus) <= GENERATION_BYTES_MAX)
		entries *= 2;
	return entries;
}

int generation_open(uint32_t entries, struct generation *ret_generation)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_HASH, "flow_map", sizeof(struct flow_key),
				sizeof(struct flow_counts), entries, NULL);

	if (fd < 0)
		return fd;
	ret_generation->map_fd = fd;
	ret_generation->entries = entries;
	return 0;
}

void generation_close(struct generation *generation)
{
	if (generation->map_fd >= 0)
		close(generation->map_fd);
	generation->map_fd = -1;
}

int drain_buffer_init(struct drain_buffer *buffer, unsigned int cpus)
{
	size_t room = BATCH_BYTES / (cpus * sizeof(struct flow_counts));

	buffer->cpus = cpus;
	buffer->room = room < BATCH_FLOWS ? (uint32_t)room : BATCH_FLOWS;
	buffer->keys = calloc(buffer->room, sizeof(*buffer->keys));
	buffer->counts = calloc((size_t)buffer->room * cpus, sizeof(*buffer->counts));
	if (!buffer->keys || !buffer->counts) {
		drain_buffer_done(buffer);
		return -ENOMEM;
	}
	return 0;
}

void drain_buffer_done(struct drain_buffer *buffer)
{
	free(buffer->keys);
	free(buffer->counts);
	buffer->keys = NULL;
	buffer->counts = NULL;
}

static void drain_give(const struct drain_buffer *buffer, const struct flow_sink *sink,
		       uint32_t count)
{
	const struct flow_counts *counts = buffer->counts;
	struct flow_counts sum;
	unsigned int cpu;
	uint32_t i;

	for (i = 0; i < count; i++) {
		sum = (struct flow_counts){0};
		for (cpu = 0; cpu < buffer->cpus; cpu++, counts++) {
			sum.packets += counts->packets;
			sum.bytes += counts->bytes;
		}
		sink->add(sink->arg, &buffer->keys[i], sum.packets, sum.bytes);
	}
}

/* Twice the room, when a hash bucket alone has more flows than the buffer. */
static int drain_buffer_grow(struct drain_buffer *buffer)
{
	struct drain_buffer larger = {.cpus = buffer->cpus, .room = buffer->room * 2};

	larger.keys = calloc(larger.room, sizeof(*larger.keys));
	larger.counts = calloc((size_t)larger.room * larger.cpus, sizeof(*larger.counts));
	if (!larger.keys || !larger.counts) {
		drain_buffer_done(&larger);
		return -ENOMEM;
	}
	drain_buffer_done(buffer);
	*buffer = larger;
	return 0;
}

/* The slow way, flow by flow, for what a batch could not read. */
static int drain_one_by_one(const struct generation *generation, struct drain_buffer *buffer,
			    const struct flow_sink *sink, uint32_t *flows)
{
	int err;

	while (!(err = bpf_map_get_next_key(generation->map_fd, NULL, &buffer->keys[0]))) {
		err = bpf_map_lookup_elem(generation->map_fd, &buffer->keys[0], buffer->counts);
		if (!err)
			err = bpf_map_delete_elem(generation->map_fd, &buffer->keys[0]);
		if (err)
			return err;
		drain_give(buffer, sink, 1);
		++*flows;
	}
	return err == -ENOENT ? 0 : err;
}

int generation_drain(const struct generation *generation, struct drain_buffer *buffer,
		     const struct flow_sink *sink, uint32_t *ret_flows)
{
	__u32 position, count, *from = NULL;
	int err;

	*ret_flows = 0;
	do {
		count = buffer->room;
		err = bpf_map_lookup_and_delete_batch(generation->map_fd, from, &position,
						      buffer->keys, buffer->counts, &count, NULL);
		if (err == -ENOSPC && !drain_buffer_grow(buffer)) {
			err = 0;
			continue;
		}
		/* Any other error leaves `count` unset; -ENOENT is the end, with data. */
		if (err && err != -ENOENT)
			return drain_one_by_one(generation, buffer, sink, ret_flows);
		drain_give(buffer, sink, count);
		*ret_flows += count;
		from = &position;
	} while (!err);
	return 0;
}
