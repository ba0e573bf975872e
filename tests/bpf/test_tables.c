/* SPDX-License-Identifier: MIT */
/*
 * Flow tables, fronts and flow maps together under the real programs, with a clock of the test's
 * own: flows come from the front, from a table that grows by itself, that is made larger and
 * smaller again, from the map behind it, and from the sums of what finds no room at all. Whatever
 * happens, each flow has just the packets that were sent.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "blast_flows.h"
#include "flow_rig.h"
#include "store.h"
#include "tables.h"

#include "flow.skel.h"

#define FLOWS_MAX 200000U
#define SECOND_NS 1000000000ULL
#define MAX_FLOWS 65536U

/* All there is between a packet and the collector. */
struct bed {
	struct rig *rig;
	struct fronts fronts;
	struct tables tables;
	struct store store;
	unsigned int cpu;
	uint32_t active;
	uint64_t now_ns;
	struct source_reading reading;
	unsigned int errors;
};

struct known {
	struct flow_key key;
	uint64_t sent, got;
};

static struct known known[FLOWS_MAX];
static struct flow_counts sums; /* rows that are no flow */

/* Tables that the kernel still makes, and how often it was asked for one. */
static struct {
	unsigned int good, asked;
} maker;

int __real_table_make(unsigned int bits, int *ret_fd);
int __wrap_table_make(unsigned int bits, int *ret_fd);

int __wrap_table_make(unsigned int bits, int *ret_fd)
{
	maker.asked++;
	if (!maker.good)
		return -ENOMEM;
	maker.good--;
	return __real_table_make(bits, ret_fd);
}

static const struct blast_mix mix = {.ipv6_percent = 40, .tcp_percent = 50};

static int compare_known(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flow_key));
}

static void add(void *arg, const struct flow_delta *flows, size_t count)
{
	struct known *found;

	(void)arg;
	for (size_t i = 0; i < count; i++) {
		if (flow_key_sum(&flows[i].key) == FLOW_SUM_MAP_FULL) {
			sums.packets += flows[i].counts.packets;
			continue;
		}
		found = bsearch(&flows[i].key, known, FLOWS_MAX, sizeof(*known), compare_known);
		assert_non_null(found);
		found->got += flows[i].counts.packets;
	}
}

static void activate(struct bed *bed, uint32_t generation, uint64_t active_ns)
{
	tables_prepare(&bed->tables, generation, active_ns, bed->now_ns);
	bed->rig->skel->bss->flow_control.generation = generation;
	bed->active = generation;
}

/* Everything on this CPU: test runs stay where the caller is. */
static void bed_open(struct bed *bed)
{
	const struct rig_options options = {.map_entries = 0, .can_wake = true};
	int outer;
	cpu_set_t set;

	maker.good = UINT_MAX;
	memset(bed, 0, sizeof(*bed));
	memset(known, 0, sizeof(known));
	sums = (struct flow_counts){0};
	bed->now_ns = 1000 * SECOND_NS;
	bed->cpu = (unsigned int)sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET(bed->cpu, &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
	assert_int_equal(rig_new(&options, &bed->rig), 0);
	outer = bpf_map__fd(bed->rig->skel->maps.flow_fronts);
	assert_int_equal(fronts_open(&bed->fronts, outer, bed->rig->cpus, FLOW_FRONT_BITS), 0);
	outer = bpf_map__fd(bed->rig->skel->maps.flow_tables);
	assert_int_equal(
		tables_open(&bed->tables, outer, &bed->fronts, bed->rig->cpus, MAX_FLOWS, false),
		0);
	assert_int_equal(tables_install(&bed->tables), 0);
	outer = bpf_map__fd(bed->rig->skel->maps.flow_maps);
	assert_int_equal(
		store_open(&bed->store, outer, bed->rig->cpus, bed->rig->cpus, MAX_FLOWS, true), 0);
	assert_int_equal(store_install(&bed->store), 0);
	for (uint32_t i = 0; i < FLOWS_MAX; i++)
		known[i].key = blast_flow_key(&mix, i, FLOW_IN);
	qsort(known, FLOWS_MAX, sizeof(*known), compare_known);
	activate(bed, 0, SECOND_NS);
}

static void bed_close(struct bed *bed)
{
	tables_close(&bed->tables);
	store_close(&bed->store);
	fronts_close(&bed->fronts);
	rig_free(bed->rig);
}

static void bed_send(struct bed *bed, uint32_t flows, uint32_t rounds)
{
	static uint8_t frame[BLAST_FRAME_MAX];
	struct known *flow;
	struct flow_key key;
	uint32_t verdict;
	size_t size;

	for (uint32_t i = 0; i < flows * rounds; i++) {
		size = blast_flow_frame(&mix, i % flows, 100, frame);
		assert_int_equal(rig_run(bed->rig, FLOW_IN, frame, size, 0, 1, &verdict), 0);
		key = blast_flow_key(&mix, i % flows, FLOW_IN);
		flow = bsearch(&key, known, FLOWS_MAX, sizeof(*known), compare_known);
		flow->sent++;
	}
}

/* Ends a generation that was active for so long, and takes all there is out of it. */
static void bed_drain(struct bed *bed, uint64_t active_ns)
{
	const struct flow_sink sink = {.add = add};
	uint32_t old = bed->active, flows;
	struct batch batch;
	bool filled;

	bed->now_ns += active_ns;
	activate(bed, old ^ 1, active_ns);
	assert_int_equal(store_fence(&bed->store), 0);
	batch_init(&batch, &sink);
	for (unsigned int cpu = 0; cpu < bed->rig->cpus; cpu++) {
		uint64_t before = batch.flows + batch.wide;

		filled = fronts_drain(&bed->fronts, cpu, old, &batch, &bed->reading) > 0;
		bed->errors += tables_drain(&bed->tables, cpu, old, &batch) != 0;
		assert_int_equal(
			store_drain(&bed->store, cpu, old, filled, &batch, bed->now_ns, &flows), 0);
		tables_note(&bed->tables, cpu, old, batch.flows + batch.wide - before);
	}
	batch_flush(&batch);
}

/* What was drained is what was sent: flow by flow, but for what found no room. */
static void bed_expect(const struct bed *bed)
{
	uint64_t sent = 0, got = 0;

	for (uint32_t i = 0; i < FLOWS_MAX; i++) {
		sent += known[i].sent;
		got += known[i].got;
		if (sums.packets)
			assert_in_range(known[i].got, 0, known[i].sent);
		else
			assert_int_equal(known[i].got, known[i].sent);
	}
	assert_int_equal(got + sums.packets, sent);
	assert_int_equal(bed->reading.total[FLOW_IN].packets, sent);
	assert_int_equal(bed->reading.map_full.packets, sums.packets);
}

static const struct flow_front *front_of(const struct bed *bed)
{
	return fronts_get(&bed->fronts, bed->cpu, bed->active);
}

static unsigned int bits_of(const struct bed *bed)
{
	return bed->tables.table[bed->cpu * FLOW_GENERATIONS + bed->active].bits;
}

/* Few flows stay in the front; more make the program use the table, more and more of it. */
static void test_own_growth(void **state)
{
	struct bed bed;

	bed_open(&bed);
	bed_send(&bed, 1000, 3);
	assert_int_equal(front_of(&bed)->bits, FLOW_FRONT_BITS);
	bed_send(&bed, 20000, 2);
	assert_true(front_of(&bed)->bits >= 15);
	assert_int_equal(front_of(&bed)->bits_max, bed.tables.bits_first);
	bed_drain(&bed, SECOND_NS);
	bed_expect(&bed);
	/* The next generation but one begins with what these needed. */
	bed_send(&bed, 20000, 1);
	bed_drain(&bed, SECOND_NS);
	assert_int_equal(front_of(&bed)->bits, 16);
	bed_send(&bed, 20000, 1);
	assert_int_equal(front_of(&bed)->bits, 16);
	bed_drain(&bed, SECOND_NS);
	bed_send(&bed, 10, 1);
	bed_drain(&bed, SECOND_NS);
	bed_drain(&bed, SECOND_NS);
	assert_int_equal(front_of(&bed)->bits, FLOW_FRONT_BITS);
	bed_expect(&bed);
	bed_close(&bed);
}

/* Growth, overflow and full at once, then quiet minutes, and all of it again. */
static void test_everything(void **state)
{
	struct bed bed;

	bed_open(&bed);
	for (unsigned int round = 0; round < 2; round++) {
		bed_send(&bed, 60000, 1); /* fills the table: a larger one is due early */
		assert_true(tables_want_drain(&bed.tables, bed.cpu, bed.active) || round);
		bed_drain(&bed, SECOND_NS / 4);
		bed_send(&bed, 100000, 2);
		bed_drain(&bed, SECOND_NS / 4);
		assert_int_equal(bits_of(&bed), bed.tables.bits_max);
		bed_expect(&bed);
		bed_send(&bed, FLOWS_MAX, 1); /* more than table and map hold */
		bed_drain(&bed, SECOND_NS);
		assert_true(bed.reading.map_full.packets > 0);
		bed_expect(&bed);
		for (unsigned int i = 0; i < 40; i++) {
			bed_send(&bed, 100, 1);
			bed_drain(&bed, 30 * SECOND_NS);
		}
		assert_int_equal(bits_of(&bed), bed.tables.bits_first);
		bed_expect(&bed);
	}
	assert_true(bed.tables.grown >= 4 && bed.tables.shrunk >= 4);
	assert_int_equal(bed.errors + bed.tables.failed, 0);
	bed_close(&bed);
}

/* A generation that could not be drained becomes active again with what it has, and loses nothing. */
static void test_not_drained(void **state)
{
	struct bed bed;

	bed_open(&bed);
	bed_send(&bed, 30000, 1);
	for (unsigned int i = 0; i < 4; i++) {
		bed.now_ns += 130 * SECOND_NS;
		activate(&bed, bed.active ^ 1, SECOND_NS);
		bed_send(&bed, 10, 1);
	}
	bed_drain(&bed, SECOND_NS);
	bed_drain(&bed, SECOND_NS);
	bed_expect(&bed);
	bed_close(&bed);
}

/*
 * One generation has a larger table when the kernel refuses the other's: both stay as they are, the
 * kernel is left alone for ten seconds, and then they grow.
 */
static void test_refused_halfway(void **state)
{
	struct bed bed;

	bed_open(&bed);
	maker.good = 1;
	maker.asked = 0;
	for (unsigned int i = 0; i < 10 && !bed.tables.failed; i++) {
		bed_send(&bed, 20000, 1);
		bed_drain(&bed, SECOND_NS);
	}
	for (unsigned int i = 0; i < 8; i++) {
		bed_send(&bed, 20000, 1);
		bed_drain(&bed, SECOND_NS);
	}
	assert_int_equal(bed.tables.grown, 1);
	assert_int_equal(maker.asked, 2);
	assert_int_equal(bed.tables.failed, 1);
	bed_expect(&bed);
	maker.good = UINT_MAX;
	for (unsigned int i = 0; i < 4; i++) {
		bed_send(&bed, 20000, 1);
		bed_drain(&bed, 5 * SECOND_NS);
	}
	for (unsigned int i = 0; i < FLOW_GENERATIONS; i++) {
		assert_int_equal(bits_of(&bed), bed.tables.bits_first + 1);
		bed_drain(&bed, SECOND_NS);
	}
	bed_expect(&bed);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_growth),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_not_drained),
		cmocka_unit_test(test_refused_halfway),
	};

	if (rig_cannot_run())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
