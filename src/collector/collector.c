/* SPDX-License-Identifier: MIT */
/* The collector thread: one wait for deadline, stop, wake-up and links. */
#include "collector.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "flow.h"
#include "timing.h"
#include "wait.h"

/* What happened to interfaces is published that soon; a burst of it in one snapshot. */
#define SOON_NS 100000000ULL

enum { WAIT_DEADLINE, WAIT_STOP, WAIT_STEER, WAIT_LINKS, WAIT_WAKE, WAITS };

struct collector {
	struct collector_options options;
	pthread_t thread;
	struct machine_timing machine; /* unless the options bring another */
	struct timing *timing;
	int stop_fd;
	int steer_fd; /* readable when interval_ns was changed */
	atomic_ullong interval_ns;
	uint64_t timer_ns;	/* the interval the timer runs with */
	uint64_t seq;		/* of the snapshot published last */
	uint64_t last_mono_ns;	/* end of the interval before */
	int64_t last_wall_ns;	/* time of the drain before */
	struct snapshot_totals dir[FLOW_DIRS];
	struct snapshot_sample sample; /* what there is of the next one */
	struct snapshot_health health;
	uint32_t map_used;	/* in this interval, early drains included */
	struct ifaces *told;	/* as published last */
	struct snapshot *spare; /* without rows, should there be no memory for the last one */
};

static void sink_add(void *arg, const struct flow_delta *flows, size_t count)
{
	struct collector *collector = arg;

	ledger_add_batch(collector->options.ledger, flows, count);
	for (size_t i = 0; i < count; i++) {
		collector->health.rows.packets += flows[i].counts.packets;
		collector->health.rows.bytes += flows[i].counts.bytes;
	}
}

static void take_reading(struct collector *collector, const struct source_reading *reading)
{
	struct snapshot_health *health = &collector->health;
	struct snapshot_totals *totals;
	unsigned int where;

	for (where = 0; where < FLOW_WHERES; where++) {
		totals = &collector->dir[FLOW_WHERE_DIR(where)];
		flow_counts_add(&totals->delta, &reading->total[where]);
		flow_counts_add(&totals->total, &reading->total[where]);
		flow_counts_add(&health->hook, &reading->total[where]);
	}
	flow_counts_add(&health->map_full, &reading->map_full);
	health->unseen += reading->unseen;
	health->samples.handed += reading->samples.handed;
	for (unsigned int i = 0; i < SAMPLE_REFUSALS; i++)
		health->samples.refused[i] += reading->samples.refused[i];
	collector->map_used += reading->map_used;
	if (reading->error) {
		health->read_errors++;
		health->last_error = reading->error;
	}
}

/* Kernel to ledger. Returns the time at which the counts end. */
static uint64_t drain(struct collector *collector)
{
	const struct flow_sink sink = {.add = sink_add, .arg = collector};
	const struct collector_options *options = &collector->options;
	struct flow_source *source = options->source;
	uint64_t begin_ns = clock_mono_ns();
	int64_t wall_ns = collector->timing->ops->seen_ns(collector->timing);
	struct source_reading reading;

	ledger_begin(options->ledger, collector->last_wall_ns, wall_ns);
	collector->last_wall_ns = wall_ns;
	source->ops->drain(source, &sink, &reading);
	take_reading(collector, &reading);
	collector->health.drain_ns = clock_mono_ns() - begin_ns;
	return reading.mono_ns;
}

static void fill_health(struct collector *collector, struct snapshot *snapshot)
{
	const struct snapshot_health from_ledger = snapshot->health;
	struct source_state state;

	collector->options.source->ops->state(collector->options.source, &state);
	snapshot->health = collector->health;
	snapshot->health.aged = from_ledger.aged;
	snapshot->health.flows_aged = from_ledger.flows_aged;
	snapshot->health.gone = from_ledger.gone;
	snapshot->health.flows_gone = from_ledger.flows_gone;
	snapshot->health.ledger_bytes = from_ledger.ledger_bytes;
	snapshot->health.inspect = state.inspect;
	snapshot->health.map_entries = state.map_entries;
	snapshot->health.map_entries_max = state.map_entries_max;
	snapshot->health.map_grown = state.map_grown;
	snapshot->health.map_shrunk = state.map_shrunk;
	snapshot->health.map_failed = state.map_failed;
	snapshot->health.map_used = collector->map_used;
	snapshot->health.ring_bytes = ring_bytes(collector->options.ring);
	snapshot->health.ring_budget = ring_budget(collector->options.ring);
}

static void raise_peak(struct snapshot_totals *totals, const struct flow_counts *counts,
		       uint64_t elapsed_ns)
{
	double bps = rate_bps(counts->bytes, elapsed_ns);
	double pps = rate_pps(counts->packets, elapsed_ns);

	if (bps > totals->peak_bps)
		totals->peak_bps = bps;
	if (pps > totals->peak_pps)
		totals->peak_pps = pps;
}

/* Intervals cut short are added up until they are at least half a whole one. */
static void take_sample(struct collector *collector, struct snapshot *snapshot)
{
	struct snapshot_sample *sample = &collector->sample;

	if (!snapshot->elapsed_ns)
		return;
	sample->elapsed_ns += snapshot->elapsed_ns;
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		flow_counts_add(&sample->delta[dir], &collector->dir[dir].delta);
	if (2 * sample->elapsed_ns < collector->timer_ns)
		return;
	snapshot->sample = *sample;
	*sample = (struct snapshot_sample){0};
}

static void fill_totals(struct collector *collector, struct snapshot *snapshot)
{
	struct snapshot_totals *totals;
	int dir;

	take_sample(collector, snapshot);
	for (dir = 0; dir < FLOW_DIRS; dir++) {
		totals = &collector->dir[dir];
		if (snapshot->sample.elapsed_ns)
			raise_peak(totals, &snapshot->sample.delta[dir],
				   snapshot->sample.elapsed_ns);
		else if (snapshot->state != SNAPSHOT_LIVE) /* a short run may have no whole one */
			raise_peak(totals, &totals->total, snapshot->running_ns);
		snapshot->dir[dir] = *totals;
		totals->delta = (struct flow_counts){0};
	}
}

/*
 * Ends the interval at `now_ns` and publishes it. Without memory for a snapshot the interval goes
 * on: the next one has its counts. The last one of all must come: it is then one without rows, kept
 * for this.
 */
static void publish(struct collector *collector, uint64_t now_ns, enum snapshot_state state)
{
	uint64_t begin_ns = clock_mono_ns();
	struct snapshot *snapshot;

	if (ledger_snapshot(collector->options.ledger, now_ns, &snapshot)) {
		collector->health.read_errors++;
		collector->health.last_error = -ENOMEM;
		if (state == SNAPSHOT_LIVE)
			return;
		snapshot = collector->spare;
		collector->spare = NULL;
	}
	snapshot->seq = ++collector->seq;
	snapshot->wall_ns = collector->timing->ops->wall_ns(collector->timing);
	snapshot->wall_ahead_ns =
		snapshot->wall_ns - collector->timing->ops->seen_ns(collector->timing);
	snapshot->mono_ns = now_ns;
	snapshot->elapsed_ns = collector->seq == 1 ? 0 : now_ns - collector->last_mono_ns;
	snapshot->running_ns = now_ns - collector->options.start_mono_ns;
	snapshot->state = state;
	ifaces_unref(collector->told);
	collector->told = collector->options.source->ops->ifaces(collector->options.source);
	snapshot->ifaces = collector->told ? ifaces_ref(collector->told) : NULL;
	fill_totals(collector, snapshot);
	collector->health.build_ns = clock_mono_ns() - begin_ns;
	fill_health(collector, snapshot);
	collector->last_mono_ns = now_ns;
	collector->map_used = 0;
	if (collector->options.on_snapshot)
		collector->options.on_snapshot(collector->options.context, snapshot);
	ring_publish(collector->options.ring, snapshot);
}

/* Ends the interval that runs after `after_ns`, and those behind it after the usual time. */
static int arm_timer(struct collector *collector, uint64_t after_ns)
{
	uint64_t interval_ns = atomic_load(&collector->interval_ns);

	collector->timer_ns = interval_ns;
	return collector->timing->ops->arm(collector->timing, collector->last_mono_ns + after_ns,
					   interval_ns);
}

/*
 * When slots run short, those of interfaces that are gone become free, what they counted is folded
 * into sums, and the interfaces that wait for a slot get one; `ret_over` is then what on_links() says. False when there are
 * no such slots.
 */
static bool renew_slots(struct collector *collector, bool *ret_over)
{
	struct flow_source *source = collector->options.source;
	bool waiting = source->ops->wants_slots(source), slot[FLOW_IFACES_MAX];

	if (!source->ops->give_up_slots(source, slot))
		return false;
	ledger_retire(collector->options.ledger, slot);
	if (waiting)
		*ret_over = source->ops->on_links(source);
	return true;
}

/* True when counting is over. */
static bool on_deadline(struct collector *collector)
{
	struct flow_source *source = collector->options.source;
	uint64_t expirations = collector->timing->ops->take(collector->timing), end_ns;
	bool over;

	if (!expirations)
		return false;
	if (expirations > 1)
		collector->health.missed_deadlines += (uint32_t)(expirations - 1);
	end_ns = drain(collector);
	over = source->ops->on_deadline(source);
	publish(collector, end_ns, SNAPSHOT_LIVE);
	/* Now rather than in need: everything is drained, and no interval has to be shared. */
	renew_slots(collector, &over);
	return over;
}

static void on_steer(struct collector *collector)
{
	uint64_t changes;

	if (read(collector->steer_fd, &changes, sizeof(changes)) == sizeof(changes))
		arm_timer(collector, atomic_load(&collector->interval_ns));
}

/* True when counting is over. */
static bool on_links(struct collector *collector)
{
	struct flow_source *source = collector->options.source;
	bool over = source->ops->on_links(source);
	struct ifaces *ifaces;

	while (source->ops->wants_slots(source)) {
		/* What went a moment ago may have counted in either generation. */
		drain(collector);
		drain(collector);
		if (!renew_slots(collector, &over))
			break;
	}
	ifaces = source->ops->ifaces(source);
	if (!over && ifaces != collector->told && atomic_load(&collector->interval_ns) > SOON_NS)
		arm_timer(collector, SOON_NS);
	ifaces_unref(ifaces);
	return over;
}

/*
 * The last read. Programs that ran while we detached may have written to either generation, so
 * both are drained.
 */
static void finish(struct collector *collector, enum snapshot_state state)
{
	uint64_t end_ns;

	collector->options.source->ops->detach(collector->options.source);
	end_ns = drain(collector);
	drain(collector);
	publish(collector, end_ns, state);
}

static void *collector_main(void *arg)
{
	struct collector *collector = arg;
	struct flow_source *source = collector->options.source;
	struct pollfd waits[WAITS] = {
		[WAIT_DEADLINE] = {.fd = collector->timing->ops->fd(collector->timing),
				   .events = POLLIN},
		[WAIT_STOP] = {.fd = collector->stop_fd, .events = POLLIN},
		[WAIT_STEER] = {.fd = collector->steer_fd, .events = POLLIN},
		[WAIT_LINKS] = {.fd = source->ops->links_fd(source), .events = POLLIN},
		[WAIT_WAKE] = {.fd = source->ops->wake_fd(source), .events = POLLIN},
	};
	const enum snapshot_state over = source->ops->finite ? SNAPSHOT_ENDED : SNAPSHOT_LOST;
	int err;

	prctl(PR_SET_NAME, "collector");
	if (collector->options.on_thread)
		collector->options.on_thread(collector->options.context);
	/* Short work that must not come late on a loaded machine; without the right to that, at the usual priority. */
	if (!source->ops->finite)
		setpriority(PRIO_PROCESS, 0, COLLECTOR_NICE);
	for (;;) {
		err = wait_ready(waits, WAITS, -1);
		if (err < 0 && err != -EINTR) {
			collector->health.read_errors++;
			collector->health.last_error = err;
		}
		if ((err < 0 || waits[WAIT_STOP].revents) && wait_take_event(collector->stop_fd)) {
			finish(collector, SNAPSHOT_FINAL);
			return NULL;
		}
		if (waits[WAIT_LINKS].revents && on_links(collector)) {
			finish(collector, over);
			return NULL;
		}
		if (waits[WAIT_STEER].revents)
			on_steer(collector);
		if (waits[WAIT_DEADLINE].revents) {
			if (on_deadline(collector)) {
				finish(collector, over);
				return NULL;
			}
		} else if (waits[WAIT_WAKE].revents && source->ops->wants_drain(source)) {
			collector->health.early_drains++;
			drain(collector);
		}
	}
}

static void collector_free(struct collector *collector)
{
	snapshot_unref(collector->spare);
	ifaces_unref(collector->told);
	machine_timing_close(&collector->machine);
	if (collector->stop_fd >= 0)
		close(collector->stop_fd);
	if (collector->steer_fd >= 0)
		close(collector->steer_fd);
	free(collector);
}

int collector_start(const struct collector_options *options, struct collector **ret_collector)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int err;

	if (!collector)
		return -ENOMEM;
	collector->options = *options;
	atomic_init(&collector->interval_ns, options->interval_ns);
	collector->last_mono_ns = options->start_mono_ns;
	collector->last_wall_ns = options->start_wall_ns;
	collector->stop_fd = wait_new_event();
	collector->steer_fd = wait_new_event();
	err = machine_timing_open(&collector->machine, options->start_mono_ns,
				  options->start_wall_ns);
	collector->timing = options->timing ? options->timing : &collector->machine.base;
	if (!err && (collector->stop_fd < 0 || collector->steer_fd < 0))
		err = collector->stop_fd < 0 ? collector->stop_fd : collector->steer_fd;
	if (!err)
		err = arm_timer(collector, options->interval_ns);
	if (!err)
		err = snapshot_new(0, &collector->spare);
	if (err)
		goto out_free;
	publish(collector, options->start_mono_ns, SNAPSHOT_LIVE);
	err = -pthread_create(&collector->thread, NULL, collector_main, collector);
	if (err)
		goto out_free;
	*ret_collector = collector;
	return 0;
out_free:
	collector_free(collector);
	return err;
}

void collector_set_interval(struct collector *collector, uint64_t interval_ns)
{
	atomic_store(&collector->interval_ns, interval_ns);
	wait_signal_event(collector->steer_fd);
}

void collector_stop(struct collector *collector)
{
	wait_signal_event(collector->stop_fd);
	pthread_join(collector->thread, NULL);
	collector_free(collector);
}
