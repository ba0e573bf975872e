/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds that it costs a packet to be handed over as a sample, by the length of its payload, and
 * to be refused: flow_ingress with the sampler beside the same without it, in turns, the smallest of
 * all turns. The datagrams are those of a name service, which have no budget.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include "blast_flows.h"
#include "sample.h"
#include "flow.skel.h"

#define TURNS	 300U
#define RUNS	 400 /* so many of the longest records fit into the ring */
#define DPORT_AT (ETH_HLEN + 20 + 2)
#define HEADERS	 (ETH_HLEN + 20 + 8)

struct side {
	struct flow_bpf *programs;
	struct flow_front *front; /* this CPU's */
	double least;
};

static int load_side(struct side *side, bool inspect)
{
	struct flow_bpf *programs = side->programs = flow_bpf__open();
	__u32 fronts = (__u32)libbpf_num_possible_cpus() * FLOW_GENERATIONS;
	struct flow_front *front;
	int err;

	if (!programs)
		return -errno;
	programs->rodata->flow_inspect = inspect;
	bpf_map__set_max_entries(programs->maps.flow_fronts, fronts);
	bpf_map__set_max_entries(programs->maps.flow_maps, fronts);
	bpf_map__set_max_entries(programs->maps.flow_tables, fronts);
	bpf_map__set_max_entries(programs->maps.flow_knowns, fronts);
	err = flow_bpf__load(programs);
	if (err)
		return err;
	front = mmap(NULL, fronts * sizeof(*front), PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(programs->maps.flow_fronts), 0);
	if (front == MAP_FAILED)
		return -errno;
	side->front = &front[(unsigned int)sched_getcpu() * FLOW_GENERATIONS];
	return 0;
}

static int run_side(struct side *side, uint8_t *frame, size_t size, uint64_t handed)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)size,
		    .repeat = RUNS);

	side->front->handed = handed;
	if (bpf_prog_test_run_opts(bpf_program__fd(side->programs->progs.flow_ingress), &opts))
		return -errno;
	if (!side->least || opts.duration < side->least)
		side->least = opts.duration;
	return 0;
}

static void ignore(void *arg, const struct flow_sample *sample, const uint8_t *payload)
{
	(void)arg;
	(void)sample;
	(void)payload;
}

static int run_turns(struct side side[2], struct sample_ring *ring, const char *what, size_t length,
		     uint64_t handed)
{
	static const struct blast_mix mix = {0};
	uint8_t frame[BLAST_FRAME_MAX] = {0};
	size_t size = blast_flow_frame(&mix, 0, HEADERS + length, frame);
	int err = 0;

	frame[DPORT_AT] = 0;
	frame[DPORT_AT + 1] = 53;
	side[0].least = side[1].least = 0;
	for (unsigned int turn = 0; turn < TURNS && !err; turn++) {
		err = run_side(&side[0], frame, size, 0);
		if (!err)
			err = run_side(&side[1], frame, size, handed);
		sample_ring_read(ring, SIZE_MAX);
	}
	if (!err)
		printf("%-12s %5zu bytes   %4.0f  %4.0f  %4.0f\n", what, length, side[0].least,
		       side[1].least, side[1].least - side[0].least);
	return err;
}

static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned int)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(void)
{
	static const size_t lengths[] = {40, 100, 512, 1200, 1400};
	struct side side[2] = {0};
	struct sample_ring *ring = NULL;
	int err;

	stay_here();
	libbpf_set_print(NULL);
	err = load_side(&side[0], false);
	if (!err)
		err = load_side(&side[1], true);
	if (!err)
		err = sample_ring_new(bpf_map__fd(side[1].programs->maps.flow_samples), ignore,
				      NULL, &ring);
	printf("ns a packet, least of %u turns     off    on  cost\n", TURNS);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]) && !err; i++)
		err = run_turns(side, ring, "handed over", lengths[i], 0);
	if (!err)
		err = run_turns(side, ring, "refused", 100, SAMPLE_LIMIT);
	if (err)
		fprintf(stderr, "bench_sample: %s\n", strerror(-err));
	sample_ring_free(ring);
	flow_bpf__destroy(side[0].programs);
	flow_bpf__destroy(side[1].programs);
	return err ? 1 : 0;
}
