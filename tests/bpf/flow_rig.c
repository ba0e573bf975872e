/* SPDX-License-Identifier: MIT */
/* The real tc programs without an interface. See flow_rig.h; for the thread that made it. */
#include "flow_rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "flow_slots.h"
#include "flow.skel.h"

static size_t fronts_bytes(const struct rig *rig)
{
	return rig->cpus * FLOW_GENERATIONS * sizeof(struct flow_front);
}

static uint32_t map_count(const struct rig *rig)
{
	return rig->cpus * FLOW_GENERATIONS;
}

static int set_up_maps(struct rig *rig, uint32_t entries, bool map_fronts)
{
	int outer = bpf_map__fd(rig->skel->maps.flow_maps);

	for (uint32_t i = 0; entries && i < map_count(rig); i++) {
		rig->map[i] = bpf_map_create(BPF_MAP_TYPE_HASH, "rig", sizeof(struct flow_key),
					     sizeof(struct flow_counts), entries, NULL);
		if (rig->map[i] < 0)
			return rig->map[i];
		if (bpf_map_update_elem(outer, &i, &rig->map[i], BPF_ANY))
			return -errno;
	}
	if (!map_fronts)
		return 0;
	rig->front = mmap(NULL, fronts_bytes(rig), PROT_READ | PROT_WRITE, MAP_SHARED,
			  bpf_map__fd(rig->skel->maps.flow_fronts), 0);
	if (rig->front == MAP_FAILED) {
		rig->front = NULL;
		return -errno;
	}
	return 0;
}

static int push_copies(struct rig *rig, uint32_t copies)
{
	int r = 0;

	for (uint32_t copy = 0; copy < copies && !r; copy++)
		r = bpf_map_update_elem(bpf_map__fd(rig->skel->maps.flow_copies), NULL, &copy,
					BPF_ANY);
	return r;
}

/* Fronts with fewer slots, as on a machine with many CPUs. */
static int set_front_bits(const struct rig *rig, unsigned int bits)
{
	size_t size = offsetof(struct flow_front, bucket) +
		      sizeof(struct flow_slot) * ((size_t)1 << bits);

	rig->skel->rodata->flow_front_bits = (uint8_t)bits;
	return bpf_map__set_value_size(rig->skel->maps.flow_fronts, (uint32_t)size);
}

static int load(struct rig *rig, const struct rig_options *options)
{
	int r;

	rig->skel = flow_bpf__open();
	if (!rig->skel)
		return -errno;
	rig->skel->rodata->flow_slot = options->slot;
	rig->skel->rodata->flow_no_arp = options->no_arp;
	rig->skel->rodata->flow_link = (uint8_t)options->link;
	rig->skel->rodata->flow_can_wake = options->can_wake;
	rig->skel->rodata->flow_inspect = options->inspect;
	rig->skel->rodata->flow_preempted = options->preempted;
	if (options->fragment_ticks)
		rig->skel->rodata->flow_fragment_ticks = options->fragment_ticks;
	r = bpf_map__set_max_entries(rig->skel->maps.flow_fronts, map_count(rig));
	if (!r)
		r = bpf_map__set_max_entries(rig->skel->maps.flow_maps, map_count(rig) + 1);
	if (!r)
		r = bpf_map__set_max_entries(rig->skel->maps.flow_tables, map_count(rig));
	if (!r)
		r = bpf_map__set_max_entries(rig->skel->maps.flow_knowns, rig->cpus);
	if (!r && options->front_bits)
		r = set_front_bits(rig, options->front_bits);
	if (!r)
		r = flow_bpf__load(rig->skel);
	return r || !options->preempted ? r : push_copies(rig, options->copies);
}

int rig_new(const struct rig_options *options, struct rig **ret_rig)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int r;

	if (!rig)
		return -ENOMEM;
	r = libbpf_num_possible_cpus();
	if (r < 0)
		goto out_free;
	rig->map = malloc((size_t)r * FLOW_GENERATIONS * sizeof(*rig->map));
	if (!rig->map) {
		r = -ENOMEM;
		goto out_free;
	}
	rig->cpus = (unsigned int)r;
	memset(rig->map, -1, map_count(rig) * sizeof(*rig->map));
	r = load(rig, options);
	if (!r)
		r = set_up_maps(rig, options->map_entries, !options->front_bits);
	if (r)
		goto out_free;
	*ret_rig = rig;
	return 0;
out_free:
	rig_free(rig);
	return r;
}

bool rig_cannot_run(void)
{
	const struct rig_options options = {.map_entries = 1};
	struct rig *rig;
	int r;

	libbpf_set_print(NULL);
	r = rig_new(&options, &rig);
	if (!r)
		rig_free(rig);
	if (r != -EPERM && r != -EACCES && r != -ENOSYS)
		return false;
	printf("skipped: BPF programs cannot be loaded here: %s\n", strerror(-r));
	return true;
}

void rig_free(struct rig *rig)
{
	if (!rig)
		return;
	if (rig->front)
		munmap(rig->front, fronts_bytes(rig));
	for (uint32_t i = 0; i < map_count(rig); i++) {
		if (rig->map[i] >= 0)
			close(rig->map[i]);
	}
	free(rig->map);
	flow_bpf__destroy(rig->skel);
	free(rig);
}

int rig_run(struct rig *rig, enum flow_dir dir, const uint8_t *frame, size_t size,
	    uint32_t gso_size, uint32_t repeat, uint32_t *ret_verdict)
{
	const struct bpf_program *prog =
		dir == FLOW_IN ? rig->skel->progs.flow_ingress : rig->skel->progs.flow_egress;
	struct __sk_buff ctx = {.gso_size = gso_size};
	uint8_t *after = malloc(size);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (uint32_t)size,
		    .data_out = after, .data_size_out = (uint32_t)size, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = (int)repeat);
	int r;

	if (!after)
		return -ENOMEM;
	r = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts) ? -errno : 0;
	if (!r && (opts.data_size_out != size || memcmp(after, frame, size) != 0))
		r = -EBADMSG;
	if (!r)
		*ret_verdict = opts.retval;
	free(after);
	return r;
}

static void add(struct flow_counts *to, const struct flow_counts *counts)
{
	to->packets += counts->packets;
	to->bytes += counts->bytes;
}

/* Room for the row is the caller's affair: it counts first. */
static long add_row(struct rig_row *rows, long count, size_t max, const struct flow_key *key,
		    const struct flow_counts *counts)
{
	if (count < 0 || (size_t)count >= max)
		return -ENOSPC;
	rows[count].key = *key;
	rows[count].counts = *counts;
	return count + 1;
}

static long map_rows(int map, struct rig_row *rows, long count, size_t max)
{
	struct flow_key key, *previous = NULL;
	struct flow_counts counts;

	while (count >= 0 && map >= 0 && !bpf_map_get_next_key(map, previous, &key)) {
		previous = &key;
		if (bpf_map_lookup_elem(map, &key, &counts))
			return -errno;
		count = add_row(rows, count, max, &key, &counts);
	}
	return count;
}

static int compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flow_key));
}

static long merge_rows(struct rig_row *rows, long count)
{
	long kept = 0;

	if (count <= 0)
		return count;
	qsort(rows, (size_t)count, sizeof(*rows), compare_rows);
	for (long i = 1; i < count; i++) {
		if (compare_rows(&rows[kept], &rows[i]) == 0)
			add(&rows[kept].counts, &rows[i].counts);
		else
			rows[++kept] = rows[i];
	}
	return kept + 1;
}

static const struct flow_front *front_of(const struct rig *rig, unsigned int cpu,
					 unsigned int generation)
{
	return &rig->front[cpu * FLOW_GENERATIONS + generation];
}

static long bucket_rows(const struct flow_bucket *bucket, struct rig_row *rows, long count,
			size_t max)
{
	struct flow_counts counts;
	struct flow_key key;

	for (int i = 0; i < FLOW_BUCKET; i++) {
		const struct flow_pair *pair = &bucket->pair[i / 2];
		const struct flow_slot *slot = &pair->slot[i % 2];

		if (i % 2 && flow_is_wide_pair(pair))
			continue;
		if (flow_is_wide_pair(pair))
			flow_wide_key(&pair->wide, &key);
		else
			flow_slot_key(slot, &key);
		counts = (struct flow_counts){.packets = slot->packets & FLOW_PACKETS_MASK,
					      .bytes = slot->bytes};
		if (counts.packets)
			count = add_row(rows, count, max, &key, &counts);
	}
	return count;
}

long rig_rows(const struct rig *rig, unsigned int generation, struct rig_row *rows, size_t max)
{
	long count = 0;

	for (unsigned int cpu = 0; cpu < rig->cpus; cpu++) {
		const struct flow_front *front = front_of(rig, cpu, generation);
		struct flow_counts counts;

		for (int i = 0; i < FLOW_FRONT_SLOTS / FLOW_BUCKET; i++)
			count = bucket_rows(&front->bucket[i], rows, count, max);
		if (front->late.packets) {
			counts = (struct flow_counts){.packets = front->late.packets,
						      .bytes = front->late.bytes};
			count = add_row(rows, count, max, &front->late.key, &counts);
		}
		count = map_rows(rig->map[cpu * FLOW_GENERATIONS + generation], rows, count, max);
	}
	return merge_rows(rows, count);
}

struct flow_counts rig_total(const struct rig *rig, unsigned int generation, uint8_t where)
{
	struct flow_counts sum = {};

	for (unsigned int cpu = 0; cpu < rig->cpus; cpu++)
		add(&sum, &front_of(rig, cpu, generation)->total[where]);
	return sum;
}

struct flow_counts rig_full(const struct rig *rig, unsigned int generation, uint8_t where,
			    enum flow_class class)
{
	struct flow_counts sum = {};

	for (unsigned int cpu = 0; cpu < rig->cpus; cpu++)
		add(&sum, &front_of(rig, cpu, generation)->full[where][class]);
	return sum;
}

int rig_clear(struct rig *rig)
{
	struct flow_key key;

	memset(rig->front, 0, fronts_bytes(rig));
	for (uint32_t i = 0; i < map_count(rig); i++) {
		while (rig->map[i] >= 0 && !bpf_map_get_next_key(rig->map[i], NULL, &key)) {
			if (bpf_map_delete_elem(rig->map[i], &key))
				return -errno;
		}
	}
	return 0;
}
