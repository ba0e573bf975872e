/* SPDX-License-Identifier: MIT */
/*
 * What a drain costs by the number of CPUs, on a machine that has fewer: real maps for so many
 * possible CPUs, filled from here instead of by programs, drained into a ledger as the collector does
 * it. Each flow is on one CPU, as a network card spreads flows, or on four of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "blast_flows.h"
#include "flow_slots.h"
#include "fronts.h"
#include "ledger.h"
#include "store.h"
#include "tables.h"

#define ROUNDS	  8
#define MAX_FLOWS 4000000
#define SECOND_NS 1000000000ULL
/* A flow is counted in a random bucket; a multiplication by this is random enough for that. */
#define SPREAD 0x9e3779b97f4a7c15ULL

struct bed {
	unsigned int cpus;
	int fronts_fd, tables_fd, maps_fd;
	struct fronts fronts;
	struct tables tables;
	struct store store;
	struct ledger *ledger;
	uint64_t now_ns;
};

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void add(void *arg, const struct flow_delta *flows, size_t count)
{
	ledger_add_batch(arg, flows, count);
}

/* An array of maps like the one made of `inner_fd`, which is not needed afterwards. */
static int make_outer(int inner_fd, unsigned int entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = (__u32)inner_fd);
	int fd = inner_fd < 0 ? inner_fd
			      : bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "bench_outer",
					       sizeof(__u32), sizeof(__u32), entries, &opts);

	if (inner_fd >= 0)
		close(inner_fd);
	return fd;
}

static int open_maps(struct bed *bed)
{
	LIBBPF_OPTS(bpf_map_create_opts, mapped, .map_flags = BPF_F_MMAPABLE);
	unsigned int bits = fronts_bits(bed->cpus), places = bed->cpus * FLOW_GENERATIONS;
	struct flow_map inner = {.fd = -1};
	int table = -1;

	bed->fronts_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_fronts", sizeof(__u32),
					(__u32)fronts_stride(bits), places, &mapped);
	if (bed->fronts_fd < 0 || table_make(FLOW_BUCKET_BITS, &table) || flow_map_open(1, &inner))
		return -EPERM;
	bed->tables_fd = make_outer(table, places);
	bed->maps_fd = make_outer(inner.fd, places + 1);
	return bed->tables_fd < 0 || bed->maps_fd < 0 ? -EPERM : 0;
}

static int bed_open(struct bed *bed, unsigned int cpus)
{
	int err;

	*bed = (struct bed){.cpus = cpus, .fronts_fd = -1, .tables_fd = -1, .maps_fd = -1};
	bed->now_ns = 1000 * SECOND_NS;
	err = open_maps(bed);
	if (!err)
		err = fronts_open(&bed->fronts, bed->fronts_fd, cpus, fronts_bits(cpus));
	if (!err)
		err = tables_open(&bed->tables, bed->tables_fd, &bed->fronts, cpus, MAX_FLOWS,
				  false);
	if (!err)
		err = tables_install(&bed->tables);
	if (!err)
		err = store_open(&bed->store, bed->maps_fd, cpus, cpus, MAX_FLOWS, true);
	if (!err)
		err = store_install(&bed->store);
	return err ? err : ledger_new(MAX_FLOWS, LEDGER_KEEP_NS_DEFAULT, &bed->ledger);
}

static void bed_close(struct bed *bed)
{
	ledger_free(bed->ledger);
	store_close(&bed->store);
	tables_close(&bed->tables);
	fronts_close(&bed->fronts);
	close(bed->fronts_fd);
	close(bed->tables_fd);
	close(bed->maps_fd);
}

/* The slots that a CPU's programs would use now. */
static struct flow_bucket *slots_of(struct bed *bed, unsigned int cpu, unsigned int *ret_bits)
{
	struct flow_front *front = fronts_get(&bed->fronts, cpu, 0);
	struct table *table = &bed->tables.table[cpu * FLOW_GENERATIONS];

	*ret_bits = front->bits;
	if (front->bits <= bed->fronts.bits)
		return front->bucket;
	return table_map(table, table_bytes(front->bits)) ? NULL : table->memory;
}

/* One packet of a flow on a CPU, in the first free slot from a random one on. */
static int count(struct bed *bed, unsigned int cpu, uint32_t flow)
{
	static const struct blast_mix mix = {.tcp_percent = 50};
	struct flow_key key = blast_flow_key(&mix, flow, FLOW_IN);
	struct flow_counts *total = &fronts_get(&bed->fronts, cpu, 0)->total[key.where];
	unsigned int bits;
	struct flow_slot *slots = (struct flow_slot *)slots_of(bed, cpu, &bits), *slot;
	uint64_t at = flow * SPREAD >> (64 - bits), mask = (1ULL << bits) - 1;

	if (!slots)
		return -ENOMEM;
	do {
		slot = &slots[at++ & mask];
	} while (slot->packets && !flow_slot_holds(slot, flow_addresses(&key), key.word[4]));
	slot->addresses = flow_addresses(&key);
	slot->last = key.word[4];
	slot->packets++;
	slot->bytes += 60;
	total->packets++;
	total->bytes += 60;
	return 0;
}

/* `flows` flows, each on `copies` CPUs; tables as large as those need. */
static int fill(struct bed *bed, uint32_t flows, unsigned int copies)
{
	unsigned int cpu;
	int err = 0;

	copies = copies < bed->cpus ? copies : bed->cpus;
	for (cpu = 0; cpu < bed->cpus; cpu++)
		bed->tables.cpu[cpu].used = flows * copies / bed->cpus + 1;
	for (uint32_t generation = FLOW_GENERATIONS; generation-- > 0;)
		tables_prepare(&bed->tables, generation, SECOND_NS, bed->now_ns);
	for (uint32_t flow = 0; !err && flow < flows; flow++) {
		for (unsigned int copy = 0; !err && copy < copies; copy++)
			err = count(bed, (flow + copy) % bed->cpus, flow);
	}
	return err;
}

/* All of generation 0 into the ledger, as bpf_source.c drains it; its CPU time. */
static double drain(struct bed *bed)
{
	const struct flow_sink sink = {.add = add, .arg = bed->ledger};
	struct source_reading reading = {0};
	double begin = cpu_ms();
	struct batch batch;
	uint32_t flows;
	bool filled;

	batch_init(&batch, &sink);
	for (unsigned int cpu = 0; cpu < bed->cpus; cpu++) {
		filled = fronts_drain(&bed->fronts, cpu, 0, &batch, &reading) > 0;
		(void)!tables_drain(&bed->tables, cpu, 0, &batch);
		(void)!store_drain(&bed->store, cpu, 0, filled, &batch, bed->now_ns, &flows);
	}
	batch_flush(&batch);
	return cpu_ms() - begin;
}

/* The least of some drains of the same flows. */
static int measure(struct bed *bed, uint32_t flows, unsigned int copies, double *ret_ms)
{
	struct snapshot *snapshot;
	double ms;
	int err = 0;

	*ret_ms = 1e9;
	for (unsigned int round = 0; !err && round < ROUNDS; round++) {
		ledger_begin(bed->ledger, (int64_t)bed->now_ns, (int64_t)(bed->now_ns + SECOND_NS));
		err = fill(bed, flows, copies);
		ms = drain(bed);
		if (round && ms < *ret_ms)
			*ret_ms = ms;
		bed->now_ns += SECOND_NS;
		if (!err)
			err = ledger_snapshot(bed->ledger, bed->now_ns, &snapshot);
		if (!err)
			snapshot_unref(snapshot);
	}
	return err;
}

/* Kernel memory in MB: fronts, and tables of both generations as they are now. */
static double memory_mb(const struct bed *bed)
{
	size_t bytes = bed->fronts.stride * bed->cpus * FLOW_GENERATIONS;

	for (uint32_t i = 0; i < bed->cpus * FLOW_GENERATIONS; i++)
		bytes += table_bytes(bed->tables.table[i].bits);
	return (double)bytes / 1e6;
}

static int row(unsigned int cpus, uint32_t flows)
{
	double idle, one, four;
	struct bed bed;
	int err = bed_open(&bed, cpus);

	if (!err)
		err = measure(&bed, 0, 1, &idle);
	if (!err)
		err = measure(&bed, flows, 1, &one);
	if (!err)
		err = measure(&bed, flows, 4, &four);
	if (!err)
		printf("%5u %8u %9.3f %12.2f %12.2f %14.0f\n", cpus, flows, idle, one, four,
		       memory_mb(&bed));
	fflush(stdout);
	bed_close(&bed);
	return err;
}

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(void)
{
	static const unsigned int cpus[] = {1, 2, 4, 16, 64, 128};
	static const uint32_t flows[] = {1000, 65536};
	int err = 0;

	libbpf_set_print(silent);
	printf("CPU ms of one drain into the ledger, least of %d; memory: fronts and tables, both\n"
	       "generations, with each flow on four CPUs\n\n"
	       "%5s %8s %9s %12s %12s %14s\n",
	       ROUNDS - 1, "CPUs", "flows", "no flow", "on one CPU", "on four", "memory, MB");
	for (size_t i = 0; !err && i < sizeof(flows) / sizeof(flows[0]); i++) {
		for (size_t j = 0; !err && j < sizeof(cpus) / sizeof(cpus[0]); j++)
			err = row(cpus[j], flows[i]);
	}
	if (err)
		fprintf(stderr, "bench_cpus: %s\n", strerror(-err));
	return err ? 1 : 0;
}
