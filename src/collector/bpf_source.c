/* SPDX-License-Identifier: MIT */
/*
 * The BPF source: the maps, their generations and the swap; which programs fill them is attachments.h.
 *
 * A swap points the programs at the other, empty generation and then updates an array of maps,
 * which the kernel finishes only when every program that could still write to the old generation
 * has ended. What is drained afterwards is quiet: nothing is read twice and nothing is missed.
 */
#include "bpf_source.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attachments.h"
#include "clock.h"
#include "flow.skel.h"
#include "fronts.h"
#include "programs.h"
#include "slots.h"
#include "store.h"
#include "tables.h"

struct bpf_source {
	struct flow_source base;
	struct programs programs;
	struct attachments attachments;
	struct ring_buffer *wakes;
	unsigned int cpus; /* possible ones */
	struct fronts fronts;
	struct tables tables;
	struct store store;
	uint32_t active;    /* generation */
	uint64_t active_ns; /* since when */
	bool detached;
	bool quiet; /* and no program runs any more */
	bool exit_on_loss;
	size_t max_flows;
	/* At the start: makes the maps. */
	pthread_t maker;
	bool making;
	int made; /* 0, or why not */
	int installed; /* the tables: the same */
	void (*on_loaded)(void *context); /* NULL: was called */
	void *context;
};

static struct bpf_source *bpf_source_of(struct flow_source *source)
{
	return (struct bpf_source *)source;
}

/* Points the programs at a generation; those that run may still write to the other one. */
static void activate(struct bpf_source *source, uint32_t next)
{
	struct flow_control *control = &source->programs.maps->bss->flow_control;
	uint64_t now_ns = clock_mono_ns();
	unsigned int cpu;

	tables_prepare(&source->tables, next, now_ns - source->active_ns, now_ns);
	for (cpu = 0; cpu < source->cpus; cpu++)
		fronts_set_wake(&source->fronts, cpu, next,
				store_entries(&source->store, cpu, next));
	__atomic_store_n(&control->generation, next, __ATOMIC_SEQ_CST);
	source->active = next;
	source->active_ns = clock_mono_ns();
}

/* Swaps generations; returns when the old one is quiet. */
static int swap_generations(struct bpf_source *source)
{
	activate(source, source->active ^ 1);
	return store_fence(&source->store);
}

/*
 * After the detach: returns when the programs that still ran have ended. Taking TCX programs off
 * waits for that itself, taking filters off does not.
 */
static int await_quiet(struct bpf_source *source)
{
	int err = 0;

	if (!source->quiet && source->attachments.mode != ATTACH_TCX)
		err = store_fence(&source->store);
	source->quiet = !err;
	return err;
}

/* Everything a CPU counted in a generation that is quiet. */
static void drain_cpu(struct bpf_source *source, unsigned int cpu, uint32_t generation,
		      struct batch *batch, struct source_reading *reading)
{
	uint64_t before = batch->flows, wide = batch->wide;
	bool filled = fronts_drain(&source->fronts, cpu, generation, batch, reading) > 0;
	int table_err = tables_drain(&source->tables, cpu, generation, batch), err;
	uint32_t flows;

	err = store_drain(&source->store, cpu, generation, filled, batch, reading->mono_ns, &flows);
	reading->map_used += (uint32_t)(batch->flows - before);
	tables_note(&source->tables, cpu, generation,
		    batch->flows - before + batch->wide - wide);
	if (err || table_err)
		reading->error = err ? err : table_err;
}

static void drain_cpus(struct bpf_source *source, uint32_t generation, struct batch *batch,
		       struct source_reading *reading)
{
	for (unsigned int cpu = 0; cpu < source->cpus; cpu++)
		drain_cpu(source, cpu, generation, batch, reading);
}

/* Programs that ran at the detach may have written to either generation. */
static void bpf_source_drain(struct flow_source *base, const struct flow_sink *sink,
			     struct source_reading *ret_reading)
{
	struct bpf_source *source = bpf_source_of(base);
	uint32_t old = source->active;
	struct batch batch;

	memset(ret_reading, 0, sizeof(*ret_reading));
	ret_reading->mono_ns = clock_mono_ns();
	ret_reading->error = source->detached ? await_quiet(source) : swap_generations(source);
	/* Programs may still write: leave it all for a later drain, unless they are detached. */
	if (ret_reading->error && !source->detached) {
		slots_drained(&source->attachments, false);
		return;
	}
	batch_init(&batch, sink);
	drain_cpus(source, old, &batch, ret_reading);
	if (source->detached)
		drain_cpus(source, old ^ 1, &batch, ret_reading);
	batch_flush(&batch);
	slots_drained(&source->attachments, !ret_reading->error);
}

static void bpf_source_detach(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	attachments_detach(&source->attachments);
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
			    store_entries(&source->store, cpu, source->active) / STORE_WAKE_SHARE ||
		    tables_want_drain(&source->tables, cpu, source->active))
			return true;
	}
	return false;
}

static int bpf_source_links_fd(struct flow_source *base)
{
	return bpf_source_of(base)->attachments.links.watch.fd;
}

static bool bpf_source_on_links(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	attachments_follow(&source->attachments);
	return source->exit_on_loss && !source->attachments.ifaces->watched;
}

static bool bpf_source_on_deadline(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	attachments_look(&source->attachments);
	return source->exit_on_loss && !source->attachments.ifaces->watched;
}

static bool bpf_source_wants_slots(struct flow_source *base)
{
	return attachments_want_slots(&bpf_source_of(base)->attachments);
}

static bool bpf_source_give_up_slots(struct flow_source *base, bool ret_slot[FLOW_IFACES_MAX])
{
	return attachments_give_up_slots(&bpf_source_of(base)->attachments, ret_slot);
}

static struct ifaces *bpf_source_ifaces(const struct flow_source *base)
{
	return ifaces_ref(((const struct bpf_source *)base)->attachments.ifaces);
}

static void bpf_source_state(const struct flow_source *base, struct source_state *ret_state)
{
	const struct bpf_source *source = (const struct bpf_source *)base;

	*ret_state = source->store.state;
	ret_state->inspect = source->programs.inspect;
	ret_state->map_entries += tables_slots(&source->tables);
	ret_state->map_entries_max +=
		source->tables.bytes_max / FLOW_GENERATIONS / sizeof(struct flow_slot);
	ret_state->map_grown += source->tables.grown;
	ret_state->map_shrunk += source->tables.shrunk;
	ret_state->map_failed += source->tables.failed;
}

/* While there was no interface yet, as asked for. */
static const char *bpf_source_way(const struct flow_source *base)
{
	const struct attachments *attachments = &((const struct bpf_source *)base)->attachments;

	return attach_mode_name(attachments->mode != ATTACH_AUTO ? attachments->mode
								 : attachments->attach);
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
	.way = bpf_source_way,
};

void bpf_source_free(struct flow_source *base)
{
	struct bpf_source *source = bpf_source_of(base);

	if (!source)
		return;
	attachments_close(&source->attachments);
	ring_buffer__free(source->wakes);
	tables_close(&source->tables);
	fronts_close(&source->fronts);
	store_close(&source->store);
	programs_close(&source->programs);
	free(source);
}

static void *tables_main(void *arg)
{
	struct bpf_source *source = arg;

	source->installed = tables_install(&source->tables);
	return NULL;
}

/*
 * Puts tables and maps where the programs find them. Either waits for programs that run; at the same time,
 * both wait for the same ones.
 */
static int install_maps(struct bpf_source *source)
{
	pthread_t thread;
	int err;

	if (pthread_create(&thread, NULL, tables_main, source)) {
		err = tables_install(&source->tables);
		return err ? err : store_install(&source->store);
	}
	err = store_install(&source->store);
	pthread_join(thread, NULL);
	return err ? err : source->installed;
}

/* Fronts, flow tables, and the flow maps for what finds no slot in them. */
static int make_maps(struct bpf_source *source)
{
	const struct programs *programs = &source->programs;
	const struct flow_bpf *skeleton = programs->maps;
	long configured = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int online = configured > 0 && configured <= (long)source->cpus
				      ? (unsigned int)configured
				      : source->cpus;
	int err;

	err = fronts_open(&source->fronts, bpf_map__fd(skeleton->maps.flow_fronts), source->cpus,
			  programs->front_bits);
	if (!err) /* programs that interrupt each other count in the flow map */
		err = tables_open(&source->tables, bpf_map__fd(skeleton->maps.flow_tables),
				  &source->fronts, online, source->max_flows, programs->preempted);
	if (!err)
		err = store_open(&source->store, bpf_map__fd(skeleton->maps.flow_maps),
				 source->cpus, online, source->max_flows,
				 source->tables.bits_max > 0);
	if (!err)
		err = install_maps(source);
	if (err)
		return err;
	source->wakes =
		ring_buffer__new(bpf_map__fd(skeleton->maps.flow_wakes), ignore_wake, NULL, NULL);
	if (!source->wakes)
		return -errno;
	activate(source, 0); /* nothing runs yet that would have to end */
	return 0;
}

static void *maker_main(void *arg)
{
	struct bpf_source *source = arg;

	source->made = make_maps(source);
	return NULL;
}

static int await_maps(void *context)
{
	struct bpf_source *source = context;
	void (*on_loaded)(void *context) = source->on_loaded;

	source->on_loaded = NULL;
	if (on_loaded)
		on_loaded(source->context);
	if (source->making)
		pthread_join(source->maker, NULL);
	source->making = false;
	return source->made;
}

/*
 * Maps are made by a thread of its own: putting them in place mostly waits for the kernel, which can
 * verify the programs meanwhile. await_maps() is due.
 */
static void begin_maps(struct bpf_source *source)
{
	source->programs.await = await_maps;
	source->programs.context = source;
	source->making = !pthread_create(&source->maker, NULL, maker_main, source);
	if (!source->making)
		maker_main(source);
}

static int open_attachments(struct bpf_source *source, const struct bpf_source_options *options,
			    struct bpf_source_failure *ret_failure)
{
	static const enum bpf_source_step steps[] = {[ATTACHMENT_LINK_LAYER] =
							     BPF_SOURCE_LINK_LAYER,
						     [ATTACHMENT_LOAD] = BPF_SOURCE_LOAD,
						     [ATTACHMENT_ATTACH] = BPF_SOURCE_ATTACH};
	const struct attachments_options wanted = {
		.name = options->name,
		.names = options->names,
		.any = options->any,
		.dedup = options->dedup,
		.attach = options->attach,
	};
	enum attachment_step step;
	int err = attachments_open(&source->attachments, &wanted, &source->programs,
				   ret_failure->iface, &step);

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
	source->max_flows = options->max_flows;
	source->on_loaded = options->on_loaded;
	source->context = options->context;
	attachments_init(&source->attachments);
	return source;
}

int bpf_source_open(const struct bpf_source_options *options, struct flow_source **ret_source,
		    struct bpf_source_failure *ret_failure)
{
	struct bpf_source *source = bpf_source_alloc(options);
	int err, cpus = kernel_cpus();

	*ret_failure =
		(struct bpf_source_failure){.step = cpus < 0 ? BPF_SOURCE_CPUS : BPF_SOURCE_LOAD};
	if (!source)
		return -ENOMEM;
	source->cpus = cpus < 0 ? 0 : (unsigned int)cpus;
	err = cpus < 0 ? cpus : programs_open(&source->programs, source->cpus, options->no_arp,
						    options->inspect);
	if (err)
		goto out_free;
	begin_maps(source);
	err = open_attachments(source, options, ret_failure);
	if (await_maps(source)) {
		*ret_failure = (struct bpf_source_failure){.step = BPF_SOURCE_MAPS};
		err = source->made;
	}
	source->programs.at_once = false;
	if (err)
		goto out_free;
	*ret_source = &source->base;
	return 0;
out_free:
	bpf_source_free(&source->base);
	return err;
}

int bpf_source_samples_fd(const struct flow_source *source)
{
	const struct programs *programs = &((const struct bpf_source *)source)->programs;

	return programs->inspect ? bpf_map__fd(programs->maps->maps.flow_samples) : -1;
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
