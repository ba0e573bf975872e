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
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach.h"
#include "clock.h"
#include "flow.skel.h"
#include "fronts.h"
#include "link.h"
#include "store.h"

struct bpf_source {
	struct flow_source base;
	struct flow_bpf *skeleton;
	struct ring_buffer *wakes;
	unsigned int cpus;       /* possible ones */
	unsigned int front_bits; /* slots of a front, a power of two */
	struct fronts fronts;
	struct store store;
	uint32_t active; /* generation */
	bool detached;
	struct attachment attachment;
	struct iface iface;
	int loss_fd;
	uint64_t start_ns;
};

static struct bpf_source *bpf_source_of(struct flow_source *source)
{
	return (struct bpf_source *)source;
}

/* Swaps generations; returns when the old one is quiet. */
static int swap_generations(struct bpf_source *source)
{
	struct flow_control *control = &source->skeleton->bss->flow_control;
	uint32_t next = source->active ^ 1;
	unsigned int cpu;

	for (cpu = 0; cpu < source->cpus; cpu++)
		fronts_set_wake(&source->fronts, cpu, next, store_entries(&source->store, cpu, next));
	control->clock_s = (uint32_t)((clock_mono_ns() - source->start_ns) / 1000000000ULL);
	__atomic_store_n(&control->generation, next, __ATOMIC_SEQ_CST);
	source->active = next;
	return store_fence(&source->store);
}

/* Everything a CPU counted in a generation that is quiet. */
static void drain_cpu(struct bpf_source *source, unsigned int cpu, uint32_t generation,
		      const struct flow_sink *sink, struct source_reading *reading)
{
	bool filled = fronts_drain(&source->fronts, cpu, generation, sink, reading) > 0;
	uint32_t flows;
	int err = store_drain(&source->store, cpu, generation, filled, sink, reading->mono_ns,
			      &flows);

	reading->map_used += flows;
	if (err)
		reading->error = err;
}

static void bpf_source_drain(struct flow_source *base, const struct flow_sink *sink,
			     struct source_reading *ret_reading)
{
	struct bpf_source *source = bpf_source_of(base);
	uint32_t old = source->active;
	unsigned int cpu;

	memset(ret_reading, 0, sizeof(*ret_reading));
	ret_reading->mono_ns = clock_mono_ns();
	ret_reading->error = swap_generations(source);
	/* Programs may still write: leave it all for a later drain, unless they are detached. */
	if (ret_reading->error && !source->detached)
		return;
	for (cpu = 0; cpu < source->cpus; cpu++)
		drain_cpu(source, cpu, old, sink, ret_reading);
}

static void bpf_source_detach(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	attach_close(&source->attachment);
	source->detached = true;
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
	const struct flow_front *front;
	unsigned int cpu;

	ring_buffer__consume(source->wakes);
	for (cpu = 0; cpu < source->cpus; cpu++) {
		front = fronts_get(&source->fronts, cpu, source->active);
		if (__atomic_load_n(&front->inserts, __ATOMIC_RELAXED) >=
		    store_entries(&source->store, cpu, source->active) / STORE_WAKE_SHARE)
			return true;
	}
	return false;
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

	*ret_state = source->store.state;
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
	ring_buffer__free(source->wakes);
	fronts_close(&source->fronts);
	store_close(&source->store);
	flow_bpf__destroy(source->skeleton);
	free(source);
}

static int size_maps(struct bpf_source *source)
{
	struct flow_bpf *skeleton = source->skeleton;
	unsigned int elements = source->cpus * FLOW_GENERATIONS;
	int err = bpf_map__set_max_entries(skeleton->maps.flow_fronts, elements);

	if (!err)
		err = bpf_map__set_value_size(skeleton->maps.flow_fronts,
					      (uint32_t)fronts_stride(source->front_bits));
	if (!err)
		err = bpf_map__set_max_entries(skeleton->maps.flow_maps, elements + 1);
	return err;
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
	source->front_bits = fronts_bits(source->cpus);
	skeleton->rodata->flow_raw_ip = raw_ip;
	skeleton->rodata->flow_no_arp = options->no_arp;
	skeleton->rodata->flow_can_wake = 1;
	skeleton->rodata->flow_front_bits = (uint8_t)source->front_bits;
	err = size_maps(source);
	return err ? err : flow_bpf__load(skeleton);
}

static int make_maps(struct bpf_source *source, size_t max_flows)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int err;

	err = fronts_open(&source->fronts, bpf_map__fd(source->skeleton->maps.flow_fronts),
			  source->cpus, source->front_bits);
	if (!err)
		err = store_open(&source->store, bpf_map__fd(source->skeleton->maps.flow_maps),
				 source->cpus, online > 0 ? (unsigned int)online : 0, max_flows);
	if (err)
		return err;
	source->wakes = ring_buffer__new(bpf_map__fd(source->skeleton->maps.flow_wakes),
					 ignore_wake, NULL, NULL);
	if (!source->wakes)
		return -errno;
	source->active = 1;
	return swap_generations(source);
}

static int attach_programs(struct bpf_source *source, enum attach_mode mode)
{
	const int programs[FLOW_DIRS] = {
		[FLOW_IN] = bpf_program__fd(source->skeleton->progs.flow_ingress),
		[FLOW_OUT] = bpf_program__fd(source->skeleton->progs.flow_egress),
	};

	source->loss_fd = link_watch_open();
	if (source->loss_fd < 0)
		return source->loss_fd;
	return attach_open(&source->attachment, programs, source->iface.index, mode);
}

static struct bpf_source *bpf_source_alloc(const struct bpf_source_options *options)
{
	struct bpf_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->base.ops = &bpf_source_ops;
	source->iface = options->iface;
	source->loss_fd = -1;
	attach_init(&source->attachment);
	source->start_ns = clock_mono_ns();
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
	err = attach_programs(source, options->attach);
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
	return attach_mode_name(((const struct bpf_source *)source)->attachment.mode);
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
