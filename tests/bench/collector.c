/* SPDX-License-Identifier: MIT */
/*
 * What one refresh costs the collector: swap and drain through the real source, ledger, snapshot,
 * ring, and the order of a screen of rows; against flows that were active and flows that are only
 * known, beside the kernel's batch read of a map with as many flows. Flows are made active by real
 * frames, sent into the watched interface from the other end of a veth pair.
 *
 * usage: bench_collector WATCHED OTHER_END [ROUNDS]
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "blast_flows.h"
#include "bpf_source.h"
#include "flow_map.h"
#include "iface.h"
#include "ledger.h"
#include "ring.h"
#include "view.h"

#define ROUNDS_MAX     31
#define ROUNDS_DEFAULT 7
#define WARM_UP	       6 /* rounds in which the kernel map grows */
#define MAX_FLOWS      4194304
#define SCREEN_ROWS    50
#define SECOND_NS      1000000000ULL
#define BATCH	       64

enum part {
	PART_DRAIN,    /* swap, read, ledger */
	PART_SNAPSHOT, /* snapshot and publication */
	PART_ORDER,    /* the rows of a screen */
	PARTS,
};

struct bench {
	struct flow_source *source;
	struct ledger *ledger;
	struct ring *ring;
	struct view *view;
	int fd;
	unsigned int rounds;
	uint64_t seq;
	int64_t now_ns; /* a clock of our own: a refresh is a second, whatever time it takes */
	double cpu_ms[PARTS + 1][ROUNDS_MAX]; /* the last one is the sum */
	struct mmsghdr message[BATCH];
	struct iovec io[BATCH];
	uint8_t frame[BATCH][BLAST_FRAME_MAX];
};

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void sink_add(void *arg, const struct flow_delta *flows, size_t count)
{
	ledger_add_batch(arg, flows, count);
}

/* One drain into the ledger; its CPU time. */
static double drain(struct bench *bench)
{
	struct flow_sink sink = {.add = sink_add, .arg = bench->ledger};
	double begin = cpu_ms();
	struct source_reading reading;

	ledger_begin(bench->ledger, bench->now_ns, bench->now_ns + (int64_t)SECOND_NS);
	bench->source->ops->drain(bench->source, &sink, &reading);
	return cpu_ms() - begin;
}

/* Ends the interval; CPU times to `cpu`, of which PART_DRAIN may hold some already. */
static int refresh(struct bench *bench, double cpu[PARTS])
{
	struct snapshot *snapshot;
	double begin;
	int err;

	cpu[PART_DRAIN] += drain(bench);
	begin = cpu_ms();
	bench->now_ns += (int64_t)SECOND_NS;
	err = ledger_snapshot(bench->ledger, (uint64_t)bench->now_ns, &snapshot);
	if (err)
		return err;
	snapshot->seq = ++bench->seq;
	snapshot->elapsed_ns = SECOND_NS;
	ring_publish(bench->ring, snapshot);
	cpu[PART_SNAPSHOT] = cpu_ms() - begin;
	begin = cpu_ms();
	snapshot = ring_latest(bench->ring);
	view_set_snapshot(bench->view, snapshot);
	snapshot_unref(snapshot);
	err = view_arrange(bench->view);
	cpu[PART_ORDER] = cpu_ms() - begin;
	return err;
}

static int send_batch(struct bench *bench, unsigned int count)
{
	unsigned int done = 0;
	int sent;

	while (done < count) {
		sent = sendmmsg(bench->fd, bench->message + done, count - done, 0);
		if (sent < 0 && errno != ENOBUFS && errno != EINTR)
			return -errno;
		done += sent > 0 ? (unsigned int)sent : 0;
	}
	return 0;
}

/* One packet of each of `flows` flows; drains when the source asks for it. Adds CPU of drains. */
static int make_active(struct bench *bench, uint32_t flows, double *cpu)
{
	static const struct blast_mix mix = {.tcp_percent = 50};
	uint32_t next = 0;
	unsigned int count;
	int err = 0;

	while (!err && next < flows) {
		for (count = 0; count < BATCH && next < flows; count++, next++)
			bench->io[count].iov_len =
				blast_flow_frame(&mix, next, 60, bench->frame[count]);
		err = send_batch(bench, count);
		if (next / BATCH % 64 == 0 && bench->source->ops->wants_drain(bench->source))
			*cpu += drain(bench);
	}
	return err;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Rounds of `flows` active flows; the smallest of each part and of the sum, to `ret_least`. */
static int measure(struct bench *bench, uint32_t flows, double ret_least[PARTS + 1])
{
	double cpu[PARTS];
	int err;

	for (unsigned int round = 0; round < WARM_UP + bench->rounds; round++) {
		memset(cpu, 0, sizeof(cpu));
		err = make_active(bench, flows, &cpu[PART_DRAIN]);
		if (!err)
			err = refresh(bench, cpu);
		if (err)
			return err;
		if (round < WARM_UP)
			continue;
		bench->cpu_ms[PARTS][round - WARM_UP] = 0;
		for (int part = 0; part < PARTS; part++) {
			bench->cpu_ms[part][round - WARM_UP] = cpu[part];
			bench->cpu_ms[PARTS][round - WARM_UP] += cpu[part];
		}
	}
	for (int part = 0; part <= PARTS; part++) {
		qsort(bench->cpu_ms[part], bench->rounds, sizeof(double), ascending);
		ret_least[part] = bench->cpu_ms[part][0];
	}
	return 0;
}

/* A map like the shipped one, or one with values that are not per CPU, with `flows` flows in it. */
static int fill_map(int fd, uint32_t flows, void *value)
{
	static const struct blast_mix mix = {.tcp_percent = 50};

	for (uint32_t i = 0; i < flows; i++) {
		struct flow_key key = blast_flow_key(&mix, i, FLOW_IN);

		if (bpf_map_update_elem(fd, &key, value, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* CPU time of taking all flows out of a map by batches, and nothing else. */
static int batch_read(int fd, unsigned int values, double *ret_cpu)
{
	enum { ROOM = 4096 };
	struct flow_key *keys = calloc(ROOM, sizeof(*keys));
	struct flow_counts *counts = calloc((size_t)ROOM * values, sizeof(*counts));
	__u32 position, room, *from = NULL;
	double begin = cpu_ms();
	int err = keys && counts ? 0 : -ENOMEM;

	while (!err) {
		room = ROOM;
		err = bpf_map_lookup_and_delete_batch(fd, from, &position, keys, counts, &room,
						      NULL);
		from = &position;
	}
	*ret_cpu = cpu_ms() - begin;
	free(keys);
	free(counts);
	return err == -ENOENT ? 0 : err;
}

/* The smallest of some batch reads of a map of that type with `flows` flows. */
static int measure_batch(enum bpf_map_type type, unsigned int values, uint32_t flows,
			 unsigned int rounds, double *ret_least)
{
	void *value = calloc(values, sizeof(struct flow_counts));
	double cpu;
	int fd = bpf_map_create(type, "bench_map", sizeof(struct flow_key),
				sizeof(struct flow_counts), flows, NULL);
	int err = fd < 0 ? -errno : 0;

	*ret_least = 1e9;
	for (unsigned int round = 0; !err && round < rounds; round++) {
		err = fill_map(fd, flows, value);
		if (!err)
			err = batch_read(fd, values, &cpu);
		if (!err && cpu < *ret_least)
			*ret_least = cpu;
	}
	if (fd >= 0)
		close(fd);
	free(value);
	return err;
}

static int bench_active(struct bench *bench, uint32_t flows)
{
	unsigned int cpus = (unsigned int)libbpf_num_possible_cpus();
	double least[PARTS + 1], per_cpu, plain;
	int err = measure(bench, flows, least);

	if (!err)
		err = measure_batch(BPF_MAP_TYPE_PERCPU_HASH, cpus, flows, 3, &per_cpu);
	if (!err)
		err = measure_batch(BPF_MAP_TYPE_HASH, 1, flows, 3, &plain);
	if (err)
		return err;
	printf("%9u %9zu %9.2f %9.2f %9.2f %9.2f %11.2f %11.2f %9.2f %12.1f\n", flows,
	       ledger_count(bench->ledger), least[PART_DRAIN], least[PART_SNAPSHOT],
	       least[PART_ORDER], least[PARTS], per_cpu, plain, least[PARTS] / per_cpu,
	       plain + (per_cpu - plain) * 64 / cpus);
	fflush(stdout);
	return 0;
}

static int bench_open(struct bench *bench, const char *watched, const char *other)
{
	struct bpf_source_options options = {.max_flows = MAX_FLOWS};
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	struct bpf_source_failure failure;
	struct iface receiver, sender;
	char names[1][IF_NAMESIZE];
	int err;

	bench->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (bench->fd < 0)
		return -errno;
	err = iface_find(watched, &receiver);
	if (!err)
		err = iface_find(other, &sender);
	if (err)
		return err;
	address.sll_ifindex = (int)sender.index;
	if (bind(bench->fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	for (int i = 0; i < BATCH; i++) {
		bench->io[i].iov_base = bench->frame[i];
		bench->message[i].msg_hdr.msg_iov = &bench->io[i];
		bench->message[i].msg_hdr.msg_iovlen = 1;
	}
	memcpy(names[0], receiver.name, sizeof(names[0]));
	options.name = names;
	options.names = 1;
	err = bpf_source_open(&options, &bench->source, &failure);
	if (!err)
		err = ledger_new(MAX_FLOWS, LEDGER_KEEP_NS_DEFAULT, &bench->ledger);
	if (!err)
		err = ring_new(RING_BUDGET_DEFAULT, &bench->ring);
	if (!err)
		err = view_new(COLUMN_BPS, &bench->view);
	if (!err)
		view_set_height(bench->view, SCREEN_ROWS);
	return err;
}

static void print_heading(void)
{
	printf("CPU ms of one refresh, smallest of the rounds. batch: the kernel's batch read of a"
	       " map with as many\nflows, per-CPU and plain; ratio: the whole to the per-CPU batch;"
	       " 64 CPUs: that batch, computed\n\n");
	printf("%9s %9s %9s %9s %9s %9s %11s %11s %9s %12s\n", "active", "known", "drain",
	       "snapshot", "order", "whole", "per-CPU", "plain", "ratio", "64 CPUs");
}

int main(int argc, char **argv)
{
	static const uint32_t active[] = {1000, 10000, 65536, 100000, 1000000, 1000};
	struct bench *bench;
	int err;

	if (argc < 3) {
		fputs("usage: bench_collector WATCHED OTHER_END [ROUNDS [FLOWS]]\n", stderr);
		return 2;
	}
	bench = calloc(1, sizeof(*bench));
	if (!bench)
		return 1;
	bpf_source_silence();
	bench->rounds = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : ROUNDS_DEFAULT;
	if (!bench->rounds || bench->rounds > ROUNDS_MAX)
		bench->rounds = ROUNDS_DEFAULT;
	err = bench_open(bench, argv[1], argv[2]);
	if (!err)
		print_heading();
	if (!err && argc > 4)
		err = bench_active(bench, (uint32_t)strtoul(argv[4], NULL, 10));
	for (size_t i = 0; !err && argc <= 4 && i < sizeof(active) / sizeof(active[0]); i++)
		err = bench_active(bench, active[i]);
	if (err)
		fprintf(stderr, "bench_collector: %s\n", strerror(-err));
	bpf_source_free(bench->source);
	free(bench);
	return err ? 1 : 0;
}
