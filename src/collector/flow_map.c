/* SPDX-License-Identifier: MIT */
/* Flow maps: making and draining one. */
#include "flow_map.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* Flows read by one system call. */
#define READ_FLOWS 4096

size_t flow_map_bytes(uint32_t entries)
{
	/* Per entry in the kernel: a bucket (16), struct htab_elem (48), key and value. */
	return (size_t)entries * (16 + 48 + sizeof(struct flow_key) + sizeof(struct flow_counts));
}

int flow_map_open(uint32_t entries, struct flow_map *ret_map)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "flow_map", sizeof(struct flow_key),
				sizeof(struct flow_counts), entries, NULL);

	if (fd < 0)
		return fd;
	*ret_map = (struct flow_map){.fd = fd, .entries = entries};
	return 0;
}

void flow_map_close(struct flow_map *map)
{
	if (map->fd >= 0)
		close(map->fd);
	map->fd = -1;
}

static int drain_buffer_make(struct drain_buffer *buffer, uint32_t room)
{
	struct drain_buffer made = {
		.room = room,
		.keys = calloc(room, sizeof(*made.keys)),
		.counts = calloc(room, sizeof(*made.counts)),
	};

	if (!made.keys || !made.counts) {
		drain_buffer_done(&made);
		return -ENOMEM;
	}
	drain_buffer_done(buffer);
	*buffer = made;
	return 0;
}

int drain_buffer_init(struct drain_buffer *buffer)
{
	*buffer = (struct drain_buffer){0};
	return drain_buffer_make(buffer, READ_FLOWS);
}

void drain_buffer_done(struct drain_buffer *buffer)
{
	free(buffer->keys);
	free(buffer->counts);
	buffer->keys = NULL;
	buffer->counts = NULL;
}

static void drain_give(const struct drain_buffer *buffer, struct batch *batch, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		batch_add(batch, &buffer->keys[i], &buffer->counts[i]);
}

/* The slow way, flow by flow, for what a batch could not read. */
static int drain_one_by_one(const struct flow_map *map, struct drain_buffer *buffer,
			    struct batch *batch, uint32_t *flows)
{
	int err;

	while (!(err = bpf_map_get_next_key(map->fd, NULL, &buffer->keys[0]))) {
		err = bpf_map_lookup_elem(map->fd, &buffer->keys[0], buffer->counts);
		if (!err)
			err = bpf_map_delete_elem(map->fd, &buffer->keys[0]);
		if (err)
			return err;
		drain_give(buffer, batch, 1);
		++*flows;
	}
	return err == -ENOENT ? 0 : err;
}

int flow_map_drain(const struct flow_map *map, struct drain_buffer *buffer, struct batch *batch,
		   uint32_t *ret_flows)
{
	__u32 position, count, *from = NULL;
	int err;

	*ret_flows = 0;
	do {
		count = buffer->room;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it misses that the buffer is a new one */
		err = bpf_map_lookup_and_delete_batch(map->fd, from, &position, buffer->keys,
						      buffer->counts, &count, NULL);
		/* A bucket alone has more flows than the buffer room. */
		if (err == -ENOSPC && !drain_buffer_make(buffer, buffer->room * 2)) {
			err = 0;
			continue;
		}
		/*
		 * -ENOENT is the end, with data. The kernel may run out of memory behind buckets
		 * that it has read and emptied; any other error leaves `count` unset.
		 */
		if (err && err != -ENOENT && err != -ENOMEM)
			count = 0;
		drain_give(buffer, batch, count);
		*ret_flows += count;
		if (err && err != -ENOENT)
			return drain_one_by_one(map, buffer, batch, ret_flows);
		from = &position;
	} while (!err);
	return 0;
}
