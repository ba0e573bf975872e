/* SPDX-License-Identifier: MIT */
/*
 * The program's collector with generations swapped far more often than its command line allows:
 * every INTERVAL_MS. Runs until SIGINT or SIGTERM, then writes the JSON report to stdout; status 1
 * when there were fewer than SWAPS swaps or the sums did not close.
 *
 * usage: swap_monitor -i INTERFACE INTERVAL_MS SWAPS
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpf_source.h"
#include "collector.h"
#include "iface.h"
#include "ledger.h"
#include "report.h"
#include "ring.h"

struct monitor {
	struct iface iface;
	struct flow_source *source;
	struct ledger *ledger;
	struct ring *ring;
	uint64_t start_mono_ns;
	int64_t start_wall_ns;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int monitor_open(struct monitor *monitor, const char *name)
{
	struct bpf_source_options options = {.max_flows = LEDGER_FLOWS_DEFAULT};
	struct bpf_source_failure failure;
	char names[1][IF_NAMESIZE] = {""};
	int err = iface_find(name, &monitor->iface);

	memcpy(names[0], monitor->iface.name, sizeof(names[0]));
	options.name = names;
	options.names = 1;
	monitor->start_mono_ns = clock_ns(CLOCK_MONOTONIC);
	monitor->start_wall_ns = (int64_t)clock_ns(CLOCK_REALTIME);
	if (!err)
		err = ledger_new(LEDGER_FLOWS_DEFAULT, LEDGER_KEEP_NS_DEFAULT, &monitor->ledger);
	if (!err)
		err = ring_new(RING_BUDGET_DEFAULT, &monitor->ring);
	if (!err)
		err = bpf_source_open(&options, &monitor->source, &failure);
	return err;
}

/* Collects until a signal comes; all signals are blocked, so none comes anywhere else. */
static int monitor_run(struct monitor *monitor, uint64_t interval_ns)
{
	struct collector_options options = {
		.source = monitor->source,
		.ledger = monitor->ledger,
		.ring = monitor->ring,
		.interval_ns = interval_ns,
		.start_mono_ns = monitor->start_mono_ns,
		.start_wall_ns = monitor->start_wall_ns,
	};
	struct collector *collector;
	sigset_t set;
	int err, signal;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	err = collector_start(&options, &collector);
	if (err)
		return err;
	sigwait(&set, &signal);
	collector_stop(collector);
	return 0;
}

/* The report, and whether the last snapshot says what it should. */
static int monitor_report(struct monitor *monitor, uint64_t swaps)
{
	struct snapshot *last = ring_latest(monitor->ring);
	struct report report = {
		.ledger = monitor->ledger,
		.ifaces = last->ifaces,
		.attach = "tcx",
		.ended = "",
		.start_wall_ns = monitor->start_wall_ns,
		.running_ns = clock_ns(CLOCK_MONOTONIC) - monitor->start_mono_ns,
		.health = last->health,
	};
	struct flow_counts rows = ledger_total(monitor->ledger);
	int err = report_json(&report, stdout);

	if (!err && (last->seq < swaps || last->health.hook.packets != rows.packets ||
		     last->health.hook.bytes != rows.bytes)) {
		fprintf(stderr, "%" PRIu64 " swaps, hook %llu packets, rows %llu packets\n",
			last->seq, last->health.hook.packets, rows.packets);
		err = -ERANGE;
	}
	snapshot_unref(last);
	return err;
}

int main(int argc, char **argv)
{
	struct monitor monitor = {0};
	int err;

	if (argc != 5 || strcmp(argv[1], "-i") != 0) {
		fputs("usage: swap_monitor -i INTERFACE INTERVAL_MS SWAPS\n", stderr);
		return 2;
	}
	bpf_source_silence();
	err = monitor_open(&monitor, argv[2]);
	if (!err)
		err = monitor_run(&monitor, strtoull(argv[3], NULL, 10) * 1000000);
	if (!err)
		err = monitor_report(&monitor, strtoull(argv[4], NULL, 10));
	if (err)
		fprintf(stderr, "swap_monitor: %s: %s\n", argv[2], strerror(-err));
	bpf_source_free(monitor.source);
	ring_free(monitor.ring);
	ledger_free(monitor.ledger);
	return err ? 1 : 0;
}
