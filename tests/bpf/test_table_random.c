/* SPDX-License-Identifier: MIT */
/*
 * The real programs and all memory behind them against plain sums by key, with random flows, sizes,
 * swaps and drains. Fronts and tables are as small as they can be, so that flows of IPv4, of IPv6 and
 * sums without addresses fight for the pairs of full buckets; some flows are chosen, with the seeds
 * known, to meet in few of them. Whatever happens, each flow has the packets and bytes that were sent,
 * or its class has a sum of what found no room. SEED=N in the environment plays another game.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <cmocka.h>
#include <linux/if_ether.h>

#include "array.h"
#include "blast_flows.h"
#include "flow_hash.h"
#include "flow_rig.h"
#include "random.h"
#include "store.h"
#include "tables.h"

#include "flow.skel.h"

#define SECOND_NS 1000000000ULL
/* Tables begin with 512 slots and grow to 4,096. */
#define MAX_FLOWS 1024
#define FLOWS	  20000U
/* The first of them meet in a sixteenth of the buckets. */
#define CHOSEN	1000U
#define ROUNDS	100U
#define PACKETS 1000U
/* Packets of the sender on another CPU. */
#define BESIDE 150000U

/* A flow, what was sent of it and what was drained. */
struct sum {
	struct flow_key key;
	uint32_t number; /* of make_frame() */
	struct flow_counts sent, got;
};

struct bed {
	struct rig *rig;
	struct fronts fronts;
	struct tables tables;
	struct store store;
	uint32_t active;
	uint64_t now_ns;
	uint64_t random;
	struct source_reading reading;
	struct flow_counts full[FLOW_DIRS][FLOW_CLASSES];
	struct sum *sum;	  /* sorted by key */
	struct sum *order[FLOWS]; /* the chosen ones first */
	/* Shows that all of it happened: */
	uint64_t late, mapped, wide, narrow;
};

static const struct blast_mix mix = {.ipv6_percent = 40, .tcp_percent = 50};

static enum flow_dir dir_of(uint32_t number)
{
	return number % 3 ? FLOW_IN : FLOW_OUT;
}

/* Numbers 0 and 1 are not valid, each sixteenth is not IP: these are counted in sums. */
static size_t make_frame(uint32_t number, size_t size, uint8_t *frame)
{
	static const struct blast_mix ipv4 = {0};

	size = blast_flow_frame(number < 2 ? &ipv4 : &mix, number, size, frame);
	if (number < 2)
		frame[ETH_HLEN] = 0x55;
	if (number % 16 == 15) {
		frame[12] = (uint8_t)(0xa0 + (number >> 12));
		frame[13] = (uint8_t)(number >> 4);
	}
	return size;
}

static struct flow_key key_of(uint32_t number)
{
	uint8_t where = FLOW_WHERE(0, dir_of(number));

	if (number < 2)
		return flow_key_of_sum(FLOW_SUM_MALFORMED, 0, ETH_P_IP, where);
	if (number % 16 == 15)
		return flow_key_of_sum(FLOW_SUM_ETHERTYPE, 0, (uint16_t)(0xa000 + (number >> 4)),
				       where);
	return blast_flow_key(&mix, number, dir_of(number));
}

static int compare_sums(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flow_key));
}

static struct sum *find(const struct bed *bed, const struct flow_key *key)
{
	struct sum *sum = bsearch(key, bed->sum, FLOWS, sizeof(*bed->sum), compare_sums);

	assert_non_null(sum);
	return sum;
}

static void choose_flows(struct bed *bed)
{
	static uint32_t number[FLOWS];
	const volatile __u64 *seed = bed->rig->skel->rodata->flow_seed;
	struct flow_key key;
	uint32_t i = 0;

	for (uint32_t next = 0; i < FLOWS; next++) {
		assert_true(next < 65536);
		key = key_of(next);
		if (i >= CHOSEN || next < 2 || flow_hash(&key, seed) >> 60 == 0)
			number[i++] = next;
	}
	bed->sum = calloc(FLOWS, sizeof(*bed->sum));
	assert_non_null(bed->sum);
	for (i = 0; i < FLOWS; i++)
		bed->sum[i] = (struct sum){.key = key_of(number[i]), .number = number[i]};
	qsort(bed->sum, FLOWS, sizeof(*bed->sum), compare_sums);
	for (i = 0; i < FLOWS; i++) {
		key = key_of(number[i]);
		bed->order[i] = find(bed, &key);
	}
}

static void activate(struct bed *bed, uint32_t generation, uint64_t active_ns)
{
	bed->now_ns += active_ns;
	tables_prepare(&bed->tables, generation, active_ns, bed->now_ns);
	for (unsigned int cpu = 0; cpu < bed->rig->cpus; cpu++)
		fronts_set_wake(&bed->fronts, cpu, generation,
				store_entries(&bed->store, cpu, generation));
	__atomic_store_n(&bed->rig->skel->bss->flow_control.generation, generation,
			 __ATOMIC_SEQ_CST);
	bed->active = generation;
}

static int open_memory(struct bed *bed)
{
	const struct flow_bpf *skel = bed->rig->skel;
	unsigned int cpus = bed->rig->cpus;
	int err = fronts_open(&bed->fronts, bpf_map__fd(skel->maps.flow_fronts), cpus,
			      FRONTS_BITS_MIN);

	if (!err)
		err = tables_open(&bed->tables, bpf_map__fd(skel->maps.flow_tables), &bed->fronts,
				  cpus, MAX_FLOWS, false);
	if (!err)
		err = tables_install(&bed->tables);
	if (!err)
		err = store_open(&bed->store, bpf_map__fd(skel->maps.flow_maps), cpus, cpus,
				 MAX_FLOWS, true);
	return err ? err : store_install(&bed->store);
}

static struct bed *bed_new(bool inspect)
{
	const char *seed = getenv("SEED");
	const struct rig_options options = {
		.can_wake = true, .inspect = inspect, .front_bits = FRONTS_BITS_MIN};
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->random = seed ? strtoull(seed, NULL, 10) : 1;
	bed->now_ns = 1000 * SECOND_NS;
	assert_int_equal(rig_new(&options, &bed->rig), 0);
	assert_int_equal(open_memory(bed), 0);
	choose_flows(bed);
	activate(bed, 0, SECOND_NS);
	return bed;
}

static void bed_free(struct bed *bed)
{
	tables_close(&bed->tables);
	store_close(&bed->store);
	fronts_close(&bed->fronts);
	rig_free(bed->rig);
	free(bed->sum);
	free(bed);
}

static uint32_t below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(random_next(state) % limit);
}

static void send_one(struct bed *bed, struct sum *sum, uint64_t *state)
{
	uint8_t frame[BLAST_FRAME_MAX] = {0};
	size_t size = make_frame(sum->number, 60 + below(state, 1400), frame);
	uint32_t repeat = 1 + below(state, 2), verdict;

	assert_int_equal(rig_run(bed->rig, dir_of(sum->number), frame, size, 0, repeat, &verdict),
			 0);
	sum->sent.packets += repeat;
	sum->sent.bytes += repeat * size;
}

/* Packets of the flows from `first` on, half of them of the first few. */
static void send_some(struct bed *bed, uint32_t packets, uint32_t first, uint32_t flows)
{
	uint32_t few = flows / 16 + 1;

	while (packets-- > 0)
		send_one(bed, bed->order[first + below(&bed->random, packets % 2 ? flows : few)],
			 &bed->random);
}

static void take(void *arg, const struct flow_delta *flows, size_t count)
{
	struct bed *bed = arg;

	for (size_t i = 0; i < count; i++) {
		const struct flow_key *key = &flows[i].key;

		if (flow_key_sum(key) == FLOW_SUM_MAP_FULL)
			flow_counts_add(&bed->full[flow_key_dir(key)][flow_key_class(key)],
					&flows[i].counts);
		else
			flow_counts_add(&find(bed, key)->got, &flows[i].counts);
	}
}

static void drain_cpu(struct bed *bed, unsigned int cpu, uint32_t generation, struct batch *batch)
{
	uint64_t before = batch->flows, wide = batch->wide;
	uint32_t flows;
	bool filled;

	bed->late += fronts_get(&bed->fronts, cpu, generation)->late.packets > 0;
	filled = fronts_drain(&bed->fronts, cpu, generation, batch, &bed->reading) > 0;
	assert_int_equal(tables_drain(&bed->tables, cpu, generation, batch), 0);
	bed->wide += batch->wide - wide;
	bed->narrow += batch->flows - before - (batch->wide - wide);
	assert_int_equal(
		store_drain(&bed->store, cpu, generation, filled, batch, bed->now_ns, &flows), 0);
	bed->mapped += flows;
	tables_note(&bed->tables, cpu, generation, batch->flows - before + batch->wide - wide);
}

/* Ends a generation that was active for so long, and takes all there is out of it. */
static void drain(struct bed *bed, uint64_t active_ns)
{
	const struct flow_sink sink = {.add = take, .arg = bed};
	uint32_t old = bed->active;
	struct batch batch;

	activate(bed, old ^ 1, active_ns);
	assert_int_equal(store_fence(&bed->store), 0);
	batch_init(&batch, &sink);
	for (unsigned int cpu = 0; cpu < bed->rig->cpus; cpu++)
		drain_cpu(bed, cpu, old, &batch);
	batch_flush(&batch);
}

/* After both generations were drained: all there is was sent, and all that was sent is there. */
static void expect(const struct bed *bed)
{
	struct flow_counts missing[FLOW_DIRS][FLOW_CLASSES] = {0};
	struct flow_counts sent[FLOW_DIRS] = {0};

	for (const struct sum *sum = bed->sum; sum < bed->sum + FLOWS; sum++) {
		enum flow_dir dir = flow_key_dir(&sum->key);
		struct flow_counts *of = &missing[dir][flow_key_class(&sum->key)];

		if (bed->full[dir][flow_key_class(&sum->key)].packets) {
			assert_true(sum->got.packets <= sum->sent.packets);
			assert_true(sum->got.bytes <= sum->sent.bytes);
		} else {
			assert_int_equal(sum->got.packets, sum->sent.packets);
			assert_int_equal(sum->got.bytes, sum->sent.bytes);
		}
		of->packets += sum->sent.packets - sum->got.packets;
		of->bytes += sum->sent.bytes - sum->got.bytes;
		flow_counts_add(&sent[dir], &sum->sent);
	}
	assert_memory_equal(missing, bed->full, sizeof(missing));
	for (enum flow_dir dir = 0; dir < FLOW_DIRS; dir++)
		assert_memory_equal(&bed->reading.total[FLOW_WHERE(0, dir)], &sent[dir],
				    sizeof(sent[dir]));
}

/* Random packets of few flows or many, then a swap with or without a drain, sooner or later. */
static void play_round(struct bed *bed)
{
	static const uint64_t ages_ns[] = {SECOND_NS / 20, SECOND_NS, 130 * SECOND_NS};
	static const uint32_t populations[] = {20, 100, CHOSEN, 3000, FLOWS};
	uint32_t flows = populations[below(&bed->random, ARRAY_SIZE(populations))];
	uint64_t age_ns = ages_ns[below(&bed->random, ARRAY_SIZE(ages_ns))];

	send_some(bed, below(&bed->random, 2 * PACKETS), below(&bed->random, FLOWS - flows + 1) / 2,
		  flows);
	switch (below(&bed->random, 8)) {
	case 0: activate(bed, bed->active ^ 1, age_ns); break; /* could not be drained */
	case 1:
		drain(bed, age_ns);
		drain(bed, age_ns);
		expect(bed);
		break;
	default: drain(bed, age_ns);
	}
}

static void play(bool inspect)
{
	struct bed *bed = bed_new(inspect);

	for (unsigned int round = 0; round < ROUNDS; round++)
		play_round(bed);
	/* More at once than table and map hold. */
	for (uint32_t i = 0; i < FLOWS; i++)
		send_one(bed, bed->order[i], &bed->random);
	drain(bed, SECOND_NS);
	drain(bed, SECOND_NS);
	expect(bed);
	assert_true(bed->late && bed->mapped && bed->wide && bed->narrow);
	assert_true(bed->reading.map_full.packets > 0);
	assert_true(bed->tables.grown > 0 && bed->tables.shrunk > 0);
	assert_int_equal(bed->tables.failed, 0);
	bed_free(bed);
}

static void test_random(void **state)
{
	play(false);
}

static void test_random_with_samples(void **state)
{
	play(true);
}

struct sender {
	struct bed *bed;
	int cpu;
	atomic_bool done;
};

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

static void *send_beside(void *arg)
{
	struct sender *sender = arg;
	uint64_t random = 1;

	stay_on(sender->cpu);
	for (uint32_t i = 0; i < BESIDE; i++)
		send_one(sender->bed, sender->bed->order[below(&random, 4000)], &random);
	atomic_store(&sender->done, true);
	return NULL;
}

/* Drains without a pause while programs run on another CPU, where there is one. */
static void test_beside(void **state)
{
	struct sender sender = {.bed = bed_new(false)};
	pthread_t thread;
	cpu_set_t set;
	int here = sched_getcpu();

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	sender.cpu = here;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set) && cpu != here)
			sender.cpu = cpu;
	}
	assert_int_equal(pthread_create(&thread, NULL, send_beside, &sender), 0);
	while (!atomic_load(&sender.done))
		drain(sender.bed, SECOND_NS / 20);
	assert_int_equal(pthread_join(thread, NULL), 0);
	drain(sender.bed, SECOND_NS);
	drain(sender.bed, SECOND_NS);
	expect(sender.bed);
	assert_true(sender.bed->late > 0);
	bed_free(sender.bed);
}

/* Test runs stay on the CPU of the caller. */
static int set_up(void **state)
{
	stay_on(sched_getcpu());
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beside),
		cmocka_unit_test_setup(test_random, set_up),
		cmocka_unit_test_setup(test_random_with_samples, set_up),
	};

	if (rig_cannot_run())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
