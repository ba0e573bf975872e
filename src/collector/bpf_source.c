/* SPDX-License-Identifier: MIT */
/*
 * The BPF source: skeleton, generations and their swap.
 *
 * A swap points the programs at the other, empty generation and then updates an array of maps,
 * which the kernel finishes only when every program that could still write to the old generation
 * has ended. What is drained afterwards is quiet: nothing is read twice and nothing is missed.
 */
#include "bpf_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach.h"
#include "clock.h"
#include "flow.h"
#include "flow.skel.h"
#include "generation.h"
#include "link.h"
#include "maker.h"

/* The programs ask for a drain when so large a share of the flow map is used. */
#define WAKE_SHARE 8
/* A map is made smaller when it was less than an eighth full for so long. */
#define SHRINK_AFTER_NS 120000000000ULL
/* After the kernel refused a larger map it is not asked again for so long. */
#define REFUSED_NS 10000000000ULL

struct bpf_source {
	struct flow_source base;
	struct flow_bpf *skeleton;
	struct ring_buffer *wakes;
	struct flow_front *fronts; /* the memory of flow_fronts */
	size_t fronts_bytes;
	unsigned int cpus; /* possible ones */
	struct generation generation[FLOW_GENERATIONS];
	uint32_t active;
	struct drain_buffer buffer;
	struct attachment attachment[FLOW_DIRS];
	struct iface iface;
	int loss_fd;
	struct maker maker;
	uint32_t want;       /* entries that the next map made should have */
	uint64_t refused_ns; /* when the kernel had no memory for it; 0: never */
	uint64_t start_ns;
	uint64_t busy_ns; /* when a map was last more than an eighth full */
	struct source_state state;
};

static struct bpf_source *bpf_source_of(struct flow_source *source)
{
	return (struct bpf_source *)source;
}

static struct flow_front *front_of(const struct bpf_source *source, unsigned int cpu,
				   uint32_t generation)
{
	return &source->fronts[cpu * FLOW_GENERATIONS + generation];
}

/* Points `generation` of the programs at its map; returns when no program holds another. */
static int install_map(const struct bpf_source *source, uint32_t index, int map_fd)
{
	int outer = bpf_map__fd(source->skeleton->maps.flow_maps);

	return bpf_map_update_elem(outer, &index, &map_fd, BPF_ANY);
}

/* Lets each CPU wake us when it has put its share of an eighth of the map into it. */
static void set_wake_mask(struct bpf_source *source)
{
	uint64_t mask = 1;

	while (mask * 2 * WAKE_SHARE * source->cpus <= source->generation[source->active].entries)
		mask *= 2;
	source->skeleton->bss->flow_control.wake_mask = mask - 1;
}

/* Puts a map that was made into the place of an idle generation's. */
static void replace_map(struct bpf_source *source, uint32_t index, const struct generation *made)
{
	struct generation *old = &source->generation[index], gone = *old;

	if (install_map(source, index, made->map_fd)) {
		gone = *made;
		source->state.map_failed++;
	} else {
		source->state.map_grown += made->entries > old->entries;
		source->state.map_shrunk += made->entries < old->entries;
		*old = *made;
	}
	generation_close(&gone);
}

/*
 * Takes a map that is ready for an idle generation, and orders the next one. When the kernel has
 * no memory for a larger one, the size it has stays, and it is asked again only much later.
 */
static void resize_generation(struct bpf_source *source, uint32_t index, uint64_t now_ns)
{
	struct generation made;
	int err = maker_take(&source->maker, &made);

	if (!err) {
		replace_map(source, index, &made);
	} else if (err != -EAGAIN) {
		source->state.map_failed++;
		source->want = source->generation[index].entries;
		source->refused_ns = now_ns;
	}
	if (source->want != source->generation[index].entries)
		maker_order(&source->maker, source->want);
}

/* Decides on the size of maps to come from what the last one held. */
static void plan_size(struct bpf_source *source, uint32_t entries, uint32_t used, uint64_t now_ns)
{
	bool refused = source->refused_ns && now_ns - source->refused_ns < REFUSED_NS;

	if (used > entries / 8)
		source->busy_ns = now_ns;
	if (used > entries / 4 && source->want <= entries && !refused &&
	    entries < source->state.map_entries_max)
		source->want = entries * 2;
	if (now_ns - source->busy_ns > SHRINK_AFTER_NS && source->want > generation_entries_first(source->cpus)) {
		source->want /= 2;
		source->busy_ns = now_ns;
	}
}

/* Swaps generations; returns when the old one is quiet. */
static int swap_generations(struct bpf_source *source)
{
	uint32_t next = source->active ^ 1;
	struct flow_control *control = &source->skeleton->bss->flow_control;

	control->clock_s = (uint32_t)((clock_mono_ns() - source->start_ns) / 1000000000ULL);
	__atomic_store_n(&control->generation, next, __ATOMIC_SEQ_CST);
	source->active = next;
	set_wake_mask(source);
	return install_map(source, FLOW_MAPS_FENCE, source->generation[next].map_fd);
}

/* A CPU's sums beside the flows: the hook's totals, and what found no room in the flow map. */
static void drain_sums(struct flow_front *front, const struct flow_sink *sink,
		       struct source_reading *reading)
{
	struct flow_counts *counts;
	struct flow_key key;
	unsigned int where, class;

	for (where = 0; where < FLOW_WHERES; where++) {
		counts = &front->total[where];
		if (!counts->packets)
			continue;
		reading->total[where].packets += counts->packets;
		reading->total[where].bytes += counts->bytes;
		*counts = (struct flow_counts){0};
		for (class = 0; class < FLOW_CLASSES; class++) {
			counts = &front->full[where][class];
			if (!counts->packets)
				continue;
			key = flow_key_of_sum(FLOW_SUM_MAP_FULL, (uint16_t)class, 0,
					      (uint8_t)where);
			sink->add(sink->arg, &key, counts->packets, counts->bytes);
			reading->map_full.packets += counts->packets;
			reading->map_full.bytes += counts->bytes;
			*counts = (struct flow_counts){0};
		}
	}
}

/* A CPU's front cache. The keys stay: a flow that goes on finds its slot again. */
static void drain_slots(struct flow_front *front, const struct flow_sink *sink)
{
	struct flow_slot *slot;

	for (slot = front->slot; slot < front->slot + FLOW_FRONT_SLOTS; slot++) {
		if (!slot->pending.packets)
			continue;
		sink->add(sink->arg, &slot->key, slot->pending.packets, slot->pending.bytes);
		slot->pending = (struct flow_counts){0};
	}
}

/* Everything the CPUs wrote to their fronts. Returns the flows in the generation's map. */
static uint64_t drain_fronts(struct bpf_source *source, uint32_t index,
			     const struct flow_sink *sink, struct source_reading *reading)
{
	struct flow_front *front;
	uint64_t inserts = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < source->cpus; cpu++) {
		front = front_of(source, cpu, index);
		drain_sums(front, sink, reading);
		drain_slots(front, sink);
		inserts += front->inserts;
		front->inserts = 0;
	}
	return inserts;
}

static void bpf_source_drain(struct flow_source *base, const struct flow_sink *sink,
			     struct source_reading *ret_reading)
{
	struct bpf_source *source = bpf_source_of(base);
	uint32_t index = source->active;
	struct generation *old = &source->generation[index];
	int err;

	memset(ret_reading, 0, sizeof(*ret_reading));
	ret_reading->mono_ns = clock_mono_ns();
	ret_reading->error = swap_generations(source);
	if (drain_fronts(source, index, sink, ret_reading)) {
		err = generation_drain(old, &source->buffer, sink, &ret_reading->map_used);
		if (err)
			ret_reading->error = err;
	}
	plan_size(source, old->entries, ret_reading->map_used, ret_reading->mono_ns);
	resize_generation(source, index, ret_reading->mono_ns);
}

static void bpf_source_detach(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	attach_close(&source->attachment[FLOW_IN]);
	attach_close(&source->attachment[FLOW_OUT]);
}

static int bpf_source_wake_fd(struct flow_source *base)
{
	const struct bpf_source *source = bpf_source_of(base);

	return source->wakes ? ring_buffer__epoll_fd(source->wakes) : -1;
}

/* The wake-ups themselves say nothing that the fronts do not say better. */
static int ignore_wake(void *arg, void *data, size_t size)
{
	(void)arg;
	(void)data;
	(void)size;
	return 0;
}

static bool bpf_source_wants_drain(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);
	uint64_t inserts = 0;
	unsigned int cpu;

	ring_buffer__consume(source->wakes);
	for (cpu = 0; cpu < source->cpus; cpu++)
		inserts += __atomic_load_n(&front_of(source, cpu, source->active)->inserts,
					   __ATOMIC_RELAXED);
	return inserts > source->generation[source->active].entries / WAKE_SHARE;
}

static int bpf_source_loss_fd(struct flow_source *base)
{
	return bpf_source_of(base)->loss_fd;
}

static bool bpf_source_is_lost(struct flow_source *base)
{
	const struct bpf_source *source = bpf_source_of(base);

	return link_watch_removed(source->loss_fd, source->iface.index);
}

static void bpf_source_state(const struct flow_source *base, struct source_state *ret_state)
{
	const struct bpf_source *source = (const struct bpf_source *)base;

	*ret_state = source->state;
	ret_state->map_entries = source->generation[source->active].entries;
}

static const struct flow_source_ops bpf_source_ops = {
	.drain = bpf_source_drain,
	.detach = bpf_source_detach,
	.wake_fd = bpf_source_wake_fd,
	.wants_drain = bpf_source_wants_drain,
	.loss_fd = bpf_source_loss_fd,
	.is_lost = bpf_source_is_lost,
	.state = bpf_source_state,
};

void bpf_source_free(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	if (!source)
		return;
	bpf_source_detach(base);
	if (source->loss_fd >= 0)
		close(source->loss_fd);
	drain_buffer_done(&source->buffer);
	ring_buffer__free(source->wakes);
	if (source->fronts)
		munmap(source->fronts, source->fronts_bytes);
	maker_done(&source->maker);
	generation_close(&source->generation[0]);
	generation_close(&source->generation[1]);
	flow_bpf__destroy(source->skeleton);
	free(source);
}

/* Programs and maps into the kernel, for this interface. */
static int load_programs(struct bpf_source *source, const struct bpf_source_options *options,
			 bool raw_ip)
{
	struct flow_bpf *skeleton = flow_bpf__open();
	int err;

	if (!skeleton)
		return -errno;
	source->skeleton = skeleton;
	skeleton->rodata->flow_raw_ip = raw_ip;
	skeleton->rodata->flow_no_arp = options->no_arp;
	skeleton->rodata->flow_can_wake = 1;
	err = bpf_map__set_max_entries(skeleton->maps.flow_fronts,
				       source->cpus * FLOW_GENERATIONS);
	return err ? err : flow_bpf__load(skeleton);
}

static int map_fronts(struct bpf_source *source)
{
	long page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)source->cpus * FLOW_GENERATIONS * sizeof(struct flow_front);
	void *memory;

	bytes = (bytes + (size_t)page - 1) / (size_t)page * (size_t)page;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(source->skeleton->maps.flow_fronts), 0);
	if (memory == MAP_FAILED)
		return -errno;
	source->fronts = memory;
	source->fronts_bytes = bytes;
	return 0;
}

/* The map a generation starts with; a smaller one when memory is short. */
static int make_first_map(struct bpf_source *source, uint32_t index)
{
	struct generation *generation = &source->generation[index];
	uint32_t entries = generation_entries_first(source->cpus);
	int err = generation_open(entries, generation);

	while (err == -ENOMEM && entries > GENERATION_ENTRIES_LEAST) {
		source->state.map_failed++;
		entries /= 2;
		err = generation_open(entries, generation);
	}
	return err ? err : install_map(source, index, generation->map_fd);
}

static int make_maps(struct bpf_source *source, size_t max_flows)
{
	uint32_t i;
	int err = map_fronts(source);

	if (!err)
		err = drain_buffer_init(&source->buffer, source->cpus);
	if (err)
		return err;
	source->state.map_entries_max = generation_entries_max(max_flows, source->cpus);
	for (i = 0; i < FLOW_GENERATIONS && !err; i++)
		err = make_first_map(source, i);
	if (err)
		return err;
	source->want = source->generation[0].entries;
	set_wake_mask(source);
	source->wakes = ring_buffer__new(bpf_map__fd(source->skeleton->maps.flow_wakes),
					 ignore_wake, NULL, NULL);
	return source->wakes ? 0 : -errno;
}

static int attach_programs(struct bpf_source *source)
{
	int err;

	source->loss_fd = link_watch_open();
	if (source->loss_fd < 0)
		return source->loss_fd;
	err = attach_tcx(bpf_program__fd(source->skeleton->progs.flow_ingress),
			 source->iface.index, FLOW_IN, &source->attachment[FLOW_IN]);
	if (err)
		return err;
	return attach_tcx(bpf_program__fd(source->skeleton->progs.flow_egress),
			  source->iface.index, FLOW_OUT, &source->attachment[FLOW_OUT]);
}

static struct bpf_source *bpf_source_alloc(const struct bpf_source_options *options)
{
	struct bpf_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->base.ops = &bpf_source_ops;
	source->iface = options->iface;
	source->loss_fd = -1;
	source->generation[0].map_fd = source->generation[1].map_fd = -1;
	source->attachment[FLOW_IN].link_fd = source->attachment[FLOW_OUT].link_fd = -1;
	maker_init(&source->maker);
	source->start_ns = source->busy_ns = clock_mono_ns();
	return source;
}

int bpf_source_open(const struct bpf_source_options *options, struct flow_source **ret_source,
		    enum bpf_source_step *ret_step)
{
	struct bpf_source *source = bpf_source_alloc(options);
	int cpus = libbpf_num_possible_cpus();
	bool raw_ip = false;
	int err;

	*ret_step = BPF_SOURCE_LOAD;
	if (!source)
		return -ENOMEM;
	if (cpus < 0) {
		err = cpus;
		goto out_free;
	}
	source->cpus = (unsigned int)cpus;
	*ret_step = BPF_SOURCE_LINK_LAYER;
	err = iface_link_layer(&options->iface, &raw_ip);
	if (err)
		goto out_free;
	*ret_step = BPF_SOURCE_LOAD;
	err = load_programs(source, options, raw_ip);
	if (err)
		goto out_free;
	*ret_step = BPF_SOURCE_MAPS;
	err = make_maps(source, options->max_flows);
	if (err)
		goto out_free;
	*ret_step = BPF_SOURCE_ATTACH;
	err = attach_programs(source);
	if (err)
		goto out_free;
	*ret_source = &source->base;
	return 0;
out_free:
	bpf_source_free(&source->base);
	return err;
}

const char *bpf_source_attach_mode(const struct flow_source *source)
{
	(void)source;
	return "tcx";
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

void bpf_source_silence(void)
{
	libbpf_set_print(print_nothing);
}
