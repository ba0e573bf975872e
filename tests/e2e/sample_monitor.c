/* SPDX-License-Identifier: MIT */
/*
 * Prints what the sampler hands over, a line each: direction, protocol, ports, flags of TCP, length of
 * the payload, and the payload with a dot for each byte that cannot be printed. At SIGTERM or SIGINT a
 * last line with sums: packets of the hook and of rows, samples handed over, refused, and read.
 *
 * usage: sample_monitor -i INTERFACE [deaf]       deaf: reads nothing before the end
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "bpf_source.h"
#include "sample.h"

#define MAX_FLOWS  1000000
#define DRAIN_LOOKS 4 /* drained once in so many looks at the ring */

struct monitor {
	struct flow_source *source;
	struct sample_ring *ring;
	uint64_t rows, hook, read;
	struct sample_counts samples;
};

static void print_record(void *arg, const struct flow_sample *sample, const uint8_t *payload)
{
	const struct flow_key *key = &sample->key;
	struct monitor *monitor = arg;

	monitor->read++;
	printf("%s %s %u %u flags %02x length %u ",
	       FLOW_WHERE_DIR(key->where) == FLOW_IN ? "in" : "out",
	       key->ipproto == IPPROTO_TCP ? "tcp" : "udp", key->sport, key->dport,
	       sample->tcp_flags, sample->length);
	for (unsigned int i = 0; i < sample->captured; i++)
		putchar(isgraph(payload[i]) ? payload[i] : '.');
	putchar('\n');
}

static void add_rows(void *arg, const struct flow_delta *flows, size_t count)
{
	struct monitor *monitor = arg;

	for (size_t i = 0; i < count; i++)
		monitor->rows += flows[i].counts.packets;
}

static void drain(struct monitor *monitor)
{
	const struct flow_sink sink = {.add = add_rows, .arg = monitor};
	struct source_reading reading;

	monitor->source->ops->drain(monitor->source, &sink, &reading);
	for (unsigned int where = 0; where < FLOW_WHERES; where++)
		monitor->hook += reading.total[where].packets;
	monitor->samples.handed += reading.samples.handed;
	for (unsigned int i = 0; i < SAMPLE_REFUSALS; i++)
		monitor->samples.refused[i] += reading.samples.refused[i];
}

static int monitor_open(struct monitor *monitor, const char *iface)
{
	struct bpf_source_options options = {.max_flows = MAX_FLOWS, .names = 1, .inspect = true};
	struct bpf_source_failure failure;
	char name[1][IF_NAMESIZE] = {""};
	int err;

	snprintf(name[0], sizeof(name[0]), "%s", iface);
	options.name = name;
	err = bpf_source_open(&options, &monitor->source, &failure);
	return err ? err
		   : sample_ring_new(bpf_source_samples_fd(monitor->source), print_record, monitor,
				     &monitor->ring);
}

/* Until a signal comes. */
static void monitor_run(struct monitor *monitor, int signals, bool deaf)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
			       {.fd = deaf ? -1 : sample_ring_fd(monitor->ring), .events = POLLIN}};

	for (unsigned int look = 1; !(fds[0].revents & POLLIN); look++) {
		if (poll(fds, 2, SAMPLE_POLL_MS) < 0)
			return;
		if (!deaf)
			sample_ring_read(monitor->ring, SIZE_MAX);
		fflush(stdout);
		if (look % DRAIN_LOOKS == 0)
			drain(monitor);
	}
}

static void monitor_end(struct monitor *monitor)
{
	const uint64_t *refused = monitor->samples.refused;

	monitor->source->ops->detach(monitor->source);
	drain(monitor);
	drain(monitor);
	sample_ring_read(monitor->ring, SIZE_MAX);
	printf("hook %llu rows %llu handed %llu refused %llu %llu %llu read %llu\n",
	       (unsigned long long)monitor->hook, (unsigned long long)monitor->rows,
	       (unsigned long long)monitor->samples.handed,
	       (unsigned long long)refused[SAMPLE_REFUSED_LIMIT],
	       (unsigned long long)refused[SAMPLE_REFUSED_FULL],
	       (unsigned long long)refused[SAMPLE_REFUSED_UNREADABLE],
	       (unsigned long long)monitor->read);
}

int main(int argc, char **argv)
{
	struct monitor monitor = {0};
	sigset_t set;
	int err, signals;

	if (argc < 3 || strcmp(argv[1], "-i") != 0) {
		fputs("usage: sample_monitor -i INTERFACE [deaf]\n", stderr);
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	bpf_source_silence();
	err = signals < 0 ? -errno : monitor_open(&monitor, argv[2]);
	if (!err) {
		monitor_run(&monitor, signals, argc > 3);
		monitor_end(&monitor);
	} else {
		fprintf(stderr, "sample_monitor: %s: %s\n", argv[2], strerror(-err));
	}
	sample_ring_free(monitor.ring);
	bpf_source_free(monitor.source);
	return err ? 1 : 0;
}
