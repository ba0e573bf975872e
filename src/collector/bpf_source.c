/* SPDX-License-Identifier: MIT */
/*
 * The BPF source: the maps, their generations and the swap; which programs fill them is ports.h.
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

#include "clock.h"
#include "flow.skel.h"
#include "fronts.h"
#include "ports.h"
#include "programs.h"
#include "slots.h"
#include "store.h"

struct bpf_source {
	struct flow_source base;
	struct programs programs;
	struct ports ports;
	struct ring_buffer *wakes;
	unsigned int cpus; /* possible ones */
	struct fronts fronts;
	struct store store;
	uint32_t active; /* generation */
	bool detached;
	bool exit_on_loss;
};

static struct bpf_source *bpf_source_of(struct flow_source *source)
{
	return (struct bpf_source *)source;
}

/* Points the programs at a generation; those that run may still write to the other one. */
static void activate(struct bpf_source *source, uint32_t next)
{
	struct flow_control *control = &source->programs.maps->bss->flow_control;
	unsigned int cpu;

	for (cpu = 0; cpu < source->cpus; cpu++)
		fronts_set_wake(&source->fronts, cpu, next, store_entries(&source->store, cpu, next));
	__atomic_store_n(&control->generation, next, __ATOMIC_SEQ_CST);
	source->active = next;
}

/* Swaps generations; returns when the old one is quiet. */
static int swap_generations(struct bpf_source *source)
{
	activate(source, source->active ^ 1);
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
	if (ret_reading->error && !source->detached) {
		slots_drained(&source->ports, false);
		return;
	}
	for (cpu = 0; cpu < source->cpus; cpu++)
		drain_cpu(source, cpu, old, sink, ret_reading);
	slots_drained(&source->ports, !ret_reading->error);
}

static void bpf_source_detach(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	ports_detach(&source->ports);
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

static int bpf_source_links_fd(struct flow_source *base)
{
	return bpf_source_of(base)->ports.links.watch.fd;
}

static bool bpf_source_on_links(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	ports_follow(&source->ports);
	return source->exit_on_loss && !source->ports.ifaces->watched;
}

static bool bpf_source_on_deadline(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	ports_look(&source->ports);
	return source->exit_on_loss && !source->ports.ifaces->watched;
}

static bool bpf_source_wants_slots(struct flow_source *base)
{
	return ports_want_slots(&bpf_source_of(base)->ports);
}

static bool bpf_source_give_up_slots(struct flow_source *base, bool ret_slot[FLOW_IFACES_MAX])
{
	return ports_give_up_slots(&bpf_source_of(base)->ports, ret_slot);
}

static struct ifaces *bpf_source_ifaces(const struct flow_source *base)
{
	return ifaces_ref(((const struct bpf_source *)base)->ports.ifaces);
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
	.links_fd = bpf_source_links_fd,
	.on_links = bpf_source_on_links,
	.on_deadline = bpf_source_on_deadline,
	.wants_slots = bpf_source_wants_slots,
	.give_up_slots = bpf_source_give_up_slots,
	.ifaces = bpf_source_ifaces,
	.state = bpf_source_state,
};

void bpf_source_free(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	if (!source)
		return;
	ports_close(&source->ports);
	ring_buffer__free(source->wakes);
	fronts_close(&source->fronts);
	store_close(&source->store);
	programs_close(&source->programs);
	free(source);
}

static int make_maps(struct bpf_source *source, size_t max_flows)
{
	const struct flow_bpf *skeleton = source->programs.maps;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int err;

	err = fronts_open(&source->fronts, bpf_map__fd(skeleton->maps.flow_fronts), source->cpus,
			  source->programs.front_bits);
	if (!err)
		err = store_open(&source->store, bpf_map__fd(skeleton->maps.flow_maps), source->cpus,
				 online > 0 ? (unsigned int)online : 0, max_flows);
	if (err)
		return err;
	source->wakes = ring_buffer__new(bpf_map__fd(skeleton->maps.flow_wakes), ignore_wake, NULL,
					 NULL);
	if (!source->wakes)
		return -errno;
	activate(source, 0); /* nothing runs yet that would have to end */
	return 0;
}

static int open_ports(struct bpf_source *source, const struct bpf_source_options *options,
		      struct bpf_source_failure *ret_failure)
{
	static const enum bpf_source_step steps[] = {[PORT_LINK_LAYER] = BPF_SOURCE_LINK_LAYER,
						     [PORT_LOAD] = BPF_SOURCE_LOAD,
						     [PORT_ATTACH] = BPF_SOURCE_ATTACH};
	const struct ports_options wanted = {
		.name = options->name,
		.names = options->names,
		.any = options->any,
		.dedup = options->dedup,
		.attach = options->attach,
	};
	enum port_step step;
	int err = ports_open(&source->ports, &wanted, &source->programs, ret_failure->iface, &step);

	ret_failure->step = steps[step];
	return err;
}

static struct bpf_source *bpf_source_alloc(const struct bpf_source_options *options)
{
	struct bpf_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->base.ops = &bpf_source_ops;
	source->exit_on_loss = options->exit_on_loss;
	ports_init(&source->ports);
	return source;
}

int bpf_source_open(const struct bpf_source_options *options, struct flow_source **ret_source,
		    struct bpf_source_failure *ret_failure)
{
	struct bpf_source *source = bpf_source_alloc(options);
	int err, cpus = libbpf_num_possible_cpus();

	*ret_failure =
		(struct bpf_source_failure){.step = cpus < 0 ? BPF_SOURCE_CPUS : BPF_SOURCE_LOAD};
	if (!source)
		return -ENOMEM;
	source->cpus = cpus < 0 ? 0 : (unsigned int)cpus;
	err = cpus < 0 ? cpus : programs_open(&source->programs, source->cpus, options->no_arp);
	if (err)
		goto out_free;
	ret_failure->step = BPF_SOURCE_MAPS;
	err = make_maps(source, options->max_flows);
	if (!err)
		err = open_ports(source, options, ret_failure);
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
	const struct ports *ports = &((const struct bpf_source *)source)->ports;

	return attach_mode_name(ports->mode != ATTACH_AUTO ? ports->mode : ports->attach);
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
