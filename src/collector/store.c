/* SPDX-License-Identifier: MIT */
/* The flow maps of all CPUs and both generations. */
#include "store.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#include "outer.h"

/* A map is made smaller when it was less than an eighth full for so long. */
#define SHRINK_AFTER_NS 120000000000ULL
/* After the kernel refused a larger map it is not asked again for so long. */
#define REFUSED_NS 10000000000ULL

/* Largest power of two of entries within `bytes`, from `least` to `most`. */
static uint32_t entries_within(size_t bytes, uint32_t least, uint32_t most)
{
	uint32_t entries = least;

	while (entries < most && flow_map_bytes(entries * 2) <= bytes)
		entries *= 2;
	return entries;
}

static struct flow_map *map_of(const struct store *store, unsigned int cpu, uint32_t generation)
{
	return &store->map[cpu * FLOW_GENERATIONS + generation];
}

/* Puts a map where the programs find it; returns when no program holds the previous one. */
static int install(const struct store *store, uint32_t index, int map_fd)
{
	return bpf_map_update_elem(store->outer_fd, &index, &map_fd, BPF_ANY);
}

int store_install(const struct store *store)
{
	uint32_t i, count = store->cpus * FLOW_GENERATIONS;
	uint32_t *index = calloc(count, sizeof(*index));
	int *fds = calloc(count, sizeof(*fds)), *errs = calloc(count, sizeof(*errs));
	int err = -ENOMEM;

	if (!index || !fds || !errs)
		goto out_free;
	for (i = 0; i < count; i++) {
		index[i] = i;
		fds[i] = store->map[i].fd;
	}
	outer_put(store->outer_fd, index, fds, errs, count);
	for (i = 0, err = 0; i < count && !err; i++)
		err = errs[i];
out_free:
	free(index);
	free(fds);
	free(errs);
	return err;
}

/* The map a CPU starts with; a smaller one when memory is short. */
static int open_first(struct store *store, struct flow_map *map, uint32_t entries)
{
	int err = flow_map_open(entries, map);

	while (err == -ENOMEM && entries > FLOW_MAP_ENTRIES_LEAST) {
		store->state.map_failed++;
		entries /= 2;
		err = flow_map_open(entries, map);
	}
	if (!err)
		store->state.map_entries += map->entries;
	return err;
}

static int open_all(struct store *store, unsigned int online)
{
	uint32_t i, cpu;
	int err = 0;

	for (i = 0; i < store->cpus * FLOW_GENERATIONS && !err; i++) {
		cpu = i / FLOW_GENERATIONS;
		/* One that comes online later begins small and grows like any other. */
		err = open_first(store, &store->map[i],
				 cpu < online ? store->entries_first : FLOW_MAP_ENTRIES_LEAST);
		store->cpu[cpu].want = store->map[i].entries;
	}
	store->state.map_entries /= FLOW_GENERATIONS;
	return err;
}

int store_open(struct store *store, int outer_fd, unsigned int cpus, unsigned int online,
	       size_t max_flows, bool overflow)
{
	uint32_t i;
	int err;

	*store = (struct store){.outer_fd = outer_fd, .cpus = cpus};
	online = online && online <= cpus ? online : cpus;
	store->entries_first =
		entries_within(STORE_BYTES_FIRST / online, FLOW_MAP_ENTRIES_LEAST,
			       overflow ? STORE_ENTRIES_FIRST / 4 : STORE_ENTRIES_FIRST);
	store->entries_max =
		entries_within(STORE_BYTES_MAX / online, store->entries_first, STORE_ENTRIES_MAX);
	while (store->entries_max / 2 >= max_flows && store->entries_max > store->entries_first)
		store->entries_max /= 2;
	store->state.map_entries_max = store->entries_max * online;
	store->cpu = calloc(cpus, sizeof(*store->cpu));
	store->map = calloc((size_t)cpus * FLOW_GENERATIONS, sizeof(*store->map));
	for (i = 0; store->map && i < cpus * FLOW_GENERATIONS; i++)
		store->map[i].fd = -1;
	if (!store->cpu || !store->map)
		return -ENOMEM;
	err = drain_buffer_init(&store->buffer);
	return err ? err : open_all(store, online);
}

void store_close(struct store *store)
{
	uint32_t i;

	for (i = 0; store->map && i < store->cpus * FLOW_GENERATIONS; i++)
		flow_map_close(&store->map[i]);
	drain_buffer_done(&store->buffer);
	free(store->map);
	free(store->cpu);
	*store = (struct store){0};
}

int store_fence(const struct store *store)
{
	return install(store, store->cpus * FLOW_GENERATIONS, store->map[0].fd);
}

static bool was_refused(const struct store_cpu *sizing, uint64_t now_ns)
{
	return sizing->refused_ns && now_ns - sizing->refused_ns < REFUSED_NS;
}

/*
 * Gives an idle map the size its CPU should have. It happens at once, between two drains: making a
 * map takes the kernel a quarter of a microsecond an entry, in which the CPU's other map, at least
 * half as large, takes more new flows than a CPU can parse.
 */
static void resize(struct store *store, unsigned int cpu, uint32_t generation, uint64_t now_ns)
{
	struct flow_map *map = map_of(store, cpu, generation), made;
	struct store_cpu *sizing = &store->cpu[cpu];

	if (map->entries == sizing->want || was_refused(sizing, now_ns))
		return;
	if (flow_map_open(sizing->want, &made)) {
		store->state.map_failed++;
		sizing->refused_ns = now_ns;
		return;
	}
	if (install(store, cpu * FLOW_GENERATIONS + generation, made.fd)) {
		store->state.map_failed++;
		flow_map_close(&made);
		return;
	}
	store->state.map_grown += made.entries > map->entries;
	store->state.map_shrunk += made.entries < map->entries;
	if (generation == 0)
		store->state.map_entries += made.entries - map->entries;
	flow_map_close(map);
	*map = made;
}

/* Decides on the size of a CPU's maps from what the last one held. */
static void plan(struct store *store, unsigned int cpu, uint32_t entries, uint32_t used,
		 uint64_t now_ns)
{
	struct store_cpu *sizing = &store->cpu[cpu];
	if (used > entries / 8 || !sizing->busy_ns)
		sizing->busy_ns = now_ns;
	if (used > entries / STORE_WAKE_SHARE && sizing->want <= entries &&
	    !was_refused(sizing, now_ns) && entries < store->entries_max)
		sizing->want = entries * 2;
	if (now_ns - sizing->busy_ns > SHRINK_AFTER_NS && sizing->want > store->entries_first) {
		sizing->want /= 2;
		sizing->busy_ns = now_ns;
	}
}

int store_drain(struct store *store, unsigned int cpu, uint32_t generation, bool filled,
		struct batch *batch, uint64_t now_ns, uint32_t *ret_flows)
{
	struct flow_map *map = map_of(store, cpu, generation);
	int err = 0;

	*ret_flows = 0;
	if (filled || map->left)
		err = flow_map_drain(map, &store->buffer, batch, ret_flows);
	map->left = err != 0;
	plan(store, cpu, map->entries, *ret_flows, now_ns);
	if (!map->left) /* what could not be read must not go with its map */
		resize(store, cpu, generation, now_ns);
	return err;
}
