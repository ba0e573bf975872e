/* SPDX-License-Identifier: MIT */
/*
 * Where the real programs keep their counts: front cache, flow map, generations, the sums of what
 * found no room, fragments, and what is set before loading.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "descriptors.h"
#include "flow_rig.h"
#include "packet.h"
#include "programs.h"

#include "flow.skel.h"

#define FLOWS	   (3 * FLOW_FRONT_SLOTS)
#define ROUNDS	   3
#define MAP_SMALL  16
#define WAKE_EVERY 512
#define VERIFIED_MOST 60000 /* instructions; they are about half of that */

static struct rig_row rows[8 * FLOWS];

static struct rig *new_rig(struct rig_options options)
{
	struct rig *rig;

	assert_int_equal(rig_new(&options, &rig), 0);
	return rig;
}

static void run(struct rig *rig, enum flow_dir dir, const struct packet *packet)
{
	uint32_t verdict;

	assert_int_equal(rig_run(rig, dir, packet->data, packet->size, 0, 1, &verdict), 0);
}

static void run_words(struct rig *rig, enum flow_dir dir, uint16_t seed, const char *words)
{
	static struct packet packet;

	assert_int_equal(packet_build(&packet, seed, words), 0);
	run(rig, dir, &packet);
}

static struct flow_counts sum_rows(const struct rig *rig, unsigned int generation, long *ret_rows)
{
	long n = rig_rows(rig, generation, rows, sizeof(rows) / sizeof(*rows));
	struct flow_counts sum = {};

	assert_true(n >= 0);
	for (long i = 0; i < n; i++) {
		sum.packets += rows[i].counts.packets;
		sum.bytes += rows[i].counts.bytes;
	}
	*ret_rows = n;
	return sum;
}

/* `rounds` frames of each of `flows` UDP flows, in an order that defeats the cache. */
static struct flow_counts send_flows(struct rig *rig, unsigned int flows, unsigned int rounds)
{
	static struct packet packet;
	struct flow_counts sent = {};

	for (unsigned int i = 0; i < flows * rounds; i++) {
		unsigned int flow = i * 7919 % flows; /* a prime: each comes once a round */

		assert_int_equal(packet_build(&packet, (uint16_t)flow,
					      flow & 1 ? "eth ip4 udp data:9" : "eth ip6 tcp"),
				 0);
		run(rig, FLOW_IN, &packet);
		sent.packets++;
		sent.bytes += packet.size;
	}
	return sent;
}

/* More flows than the cache has slots: what it gives back to the map is all there. */
static void test_more_flows_than_slots(void **state)
{
	struct rig *rig = new_rig((struct rig_options){.map_entries = 2 * FLOWS});
	struct flow_counts sent = send_flows(rig, FLOWS, ROUNDS), sum, total;
	uint64_t inserts = 0;
	long n;

	sum = sum_rows(rig, 0, &n);
	total = rig_total(rig, 0, 0);
	assert_int_equal(n, FLOWS);
	assert_int_equal(sum.packets, sent.packets);
	assert_int_equal(sum.bytes, sent.bytes);
	assert_int_equal(total.packets, sent.packets);
	assert_int_equal(total.bytes, sent.bytes);
	for (long i = 0; i < n; i++)
		assert_int_equal(rows[i].counts.packets, ROUNDS);
	for (unsigned int cpu = 0; cpu < rig->cpus; cpu++)
		inserts += rig->front[cpu * FLOW_GENERATIONS].inserts;
	/* A test that moves to another CPU finds an empty map there. */
	assert_true(inserts <= rig->cpus * FLOWS);
	assert_true(inserts + rig->cpus * FLOW_FRONT_SLOTS >= FLOWS);
	rig_free(rig);
}

/* The map is full, or there is none: nothing is lost, and the class says what it was. */
static void full_map(uint32_t entries)
{
	struct rig *rig = new_rig((struct rig_options){.map_entries = entries});
	struct flow_counts sent = send_flows(rig, FLOWS, 1), sum, tcp, udp;
	long n;

	sum = sum_rows(rig, 0, &n);
	tcp = rig_full(rig, 0, 0, FLOW_CLASS_TCP);
	udp = rig_full(rig, 0, 0, FLOW_CLASS_UDP);
	assert_int_equal(sum.packets + tcp.packets + udp.packets, sent.packets);
	assert_int_equal(sum.bytes + tcp.bytes + udp.bytes, sent.bytes);
	assert_true(tcp.packets > 0 && udp.packets > 0);
	assert_int_equal(rig_total(rig, 0, 0).packets, sent.packets);
	rig_free(rig);
}

static void test_full_map(void **state)
{
	full_map(MAP_SMALL);
}

static void test_no_map(void **state)
{
	full_map(0);
}

static const struct class_frame {
	enum flow_class class;
	const char *words;
} class_frames[] = {
	{FLOW_CLASS_TCP, "eth ip4 tcp"},     {FLOW_CLASS_UDP, "eth ip6 udp"},
	{FLOW_CLASS_ICMPV4, "eth ip4 icmp"}, {FLOW_CLASS_ICMPV6, "eth ip6 icmp6"},
	{FLOW_CLASS_IP, "eth ip4 gre"},	     {FLOW_CLASS_ARP, "eth arp"},
};

/* Each class of flow goes to the sum of its own. */
static void test_classes(void **state)
{
	const uint16_t flows = 4 * FLOW_FRONT_SLOTS;

	for (size_t i = 0; i < sizeof(class_frames) / sizeof(*class_frames); i++) {
		struct rig *rig = new_rig((struct rig_options){.map_entries = 0});
		struct flow_counts sum = {};
		long n;

		for (uint16_t seed = 0; seed < flows; seed++)
			run_words(rig, FLOW_OUT, seed, class_frames[i].words);
		for (int class = 0; class < FLOW_CLASSES; class ++) {
			struct flow_counts full = rig_full(rig, 0, FLOW_OUT, class);

			assert_int_equal(full.packets > 0, class == (int)class_frames[i].class);
			sum.packets += full.packets;
		}
		sum.packets += sum_rows(rig, 0, &n).packets;
		assert_int_equal(sum.packets, flows);
		rig_free(rig);
	}
}

/* The swapped-out generation stays as it is, the other begins empty. */
static void test_generations(void **state)
{
	struct rig *rig = new_rig((struct rig_options){.map_entries = 2 * FLOWS});
	struct flow_counts sent[FLOW_GENERATIONS], sum;
	long n;

	sent[0] = send_flows(rig, FLOWS, 1);
	rig->skel->bss->flow_control.generation = 1;
	assert_int_equal(rig_total(rig, 1, 0).packets, 0);
	sent[1] = send_flows(rig, FLOWS / 2, 2);
	for (unsigned int i = 0; i < FLOW_GENERATIONS; i++) {
		sum = sum_rows(rig, i, &n);
		assert_int_equal(sum.packets, sent[i].packets);
		assert_int_equal(sum.bytes, sent[i].bytes);
		assert_int_equal(n, i ? FLOWS / 2 : FLOWS);
		assert_int_equal(rig_total(rig, i, 0).packets, sent[i].packets);
	}
	rig_free(rig);
}

/* Neighbours, as real networks have them, must not all want the same slot. */
static void test_slots_are_spread(void **state)
{
	static const char *const words[] = {"eth ip4 udp", "eth ip6 udp", "eth arp"};
	char ports[64];

	for (unsigned int shape = 0; shape < 5; shape++) {
		struct rig *rig = new_rig((struct rig_options){.map_entries = 1024});
		uint64_t misses = 0;

		for (unsigned int i = 0; i < 256; i++) {
			snprintf(ports, sizeof(ports), "eth ip4 tcp:%u,%u", shape == 3 ? i : 9,
				 shape == 4 ? i : 9);
			run_words(rig, FLOW_IN, shape < 3 ? (uint16_t)i : 1,
				  shape < 3 ? words[shape] : ports);
		}
		for (unsigned int cpu = 0; cpu < rig->cpus; cpu++)
			misses += rig->front[cpu * FLOW_GENERATIONS].misses;
		/* Of 256 random flows in 4,096 slots 8 find their place taken. */
		if (misses > 40)
			fail_msg("shape %u: %llu of 256 flows collide", shape,
				 (unsigned long long)misses);
		rig_free(rig);
	}
}

static void assert_ports(struct rig *rig, uint8_t where, unsigned int sport, uint64_t packets)
{
	long n;

	sum_rows(rig, 0, &n);
	for (long i = 0; i < n; i++) {
		if (rows[i].key.sport == sport && rows[i].key.where == where) {
			assert_int_equal(rows[i].counts.packets, packets);
			return;
		}
	}
	assert_int_equal(packets, 0);
}

static const char *const fragment_first = "eth ip4 frag:7,0,1 udp data:64",
			 *const fragment_later = "eth ip4 frag:7,72,0 proto:17 data:64";

/* A first fragment is remembered for its direction. */
static void test_fragments_join(void **state)
{
	struct rig *rig =
		new_rig((struct rig_options){.map_entries = 64, .fragment_ticks = UINT64_MAX});

	run_words(rig, FLOW_IN, 1, fragment_first);
	run_words(rig, FLOW_IN, 1, fragment_later);
	assert_ports(rig, FLOW_IN, PACKET_PORT_SOURCE, 2);
	run_words(rig, FLOW_OUT, 1, fragment_later);
	assert_ports(rig, FLOW_OUT, 0, 1);
	rig_free(rig);
}

/*
 * It is forgotten after as many seconds as asked for, not sooner, also when the collector reads
 * nothing meanwhile.
 */
static void test_fragments_age(void **state)
{
	struct rig *rig =
		new_rig((struct rig_options){.map_entries = 64, .fragment_ticks = kernel_ticks(1)});
	const struct timespec pause = {.tv_nsec = 5000000};
	struct timespec begin, end;
	unsigned int alone = 0;
	long n;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	run_words(rig, FLOW_IN, 1, fragment_first);
	for (unsigned int tries = 0; tries < 6000 && !alone; tries++) {
		nanosleep(&pause, NULL);
		run_words(rig, FLOW_IN, 1, fragment_later);
		sum_rows(rig, 0, &n);
		for (long i = 0; i < n; i++)
			alone += rows[i].key.sport == 0;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(alone, 1);
	assert_true(end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) * 1e-9 > 0.95);
	rig_free(rig);
}

/* On a PREEMPT_RT kernel nothing is in the front, and the rows are the same. */
static void test_preempted(void **state)
{
	static const char *const words[] = {"eth ip4 udp", "eth ip6 tcp", "eth ip4 icmp:8,0",
					    "eth arp:1", "eth vlan:5 ip6 hop udp"};
	struct rig *rig[2];
	static struct rig_row want[1000];
	long n, m;

	for (unsigned int i = 0; i < 2; i++) {
		rig[i] = new_rig((struct rig_options){
			.map_entries = 1024, .preempted = i == 1, .copies = 1});
		for (unsigned int frame = 0; frame < 1500; frame++)
			run_words(rig[i], frame % 7 ? FLOW_IN : FLOW_OUT, (uint16_t)(frame % 100),
				  words[frame % 5]);
	}
	n = rig_rows(rig[0], 0, want, 1000);
	m = rig_rows(rig[1], 0, rows, 1000);
	assert_int_equal(m, n);
	assert_memory_equal(want, rows, (size_t)n * sizeof(*want));
	for (uint8_t where = 0; where < FLOW_DIRS; where++)
		assert_int_equal(rig_total(rig[1], 0, where).packets,
				 rig_total(rig[0], 0, where).packets);
	for (unsigned int cpu = 0; cpu < rig[1]->cpus; cpu++) {
		const struct flow_front *front = &rig[1]->front[cpu * FLOW_GENERATIONS];

		for (unsigned int i = 0; i < FLOW_FRONT_SLOTS; i++)
			assert_int_equal(front->bucket[i / FLOW_BUCKET]
						 .pair[i / 2 % FLOW_PAIRS]
						 .slot[i % 2]
						 .packets,
					 0);
	}
	rig_free(rig[0]);
	rig_free(rig[1]);
}

/* Without a copy of the scratch memory an unusual frame is in the sums all the same. */
static void test_no_copy_left(void **state)
{
	struct rig *rig =
		new_rig((struct rig_options){.map_entries = 64, .preempted = true, .copies = 0});
	long n;

	run_words(rig, FLOW_IN, 1, "eth ip4 udp");
	run_words(rig, FLOW_IN, 1, "eth ip4 icmp:8,0");
	assert_int_equal(sum_rows(rig, 0, &n).packets, 1);
	assert_int_equal(rig_full(rig, 0, FLOW_IN, FLOW_CLASS_MIXED).packets, 1);
	assert_int_equal(rig_total(rig, 0, FLOW_IN).packets, 2);
	rig_free(rig);
}

/* --no-arp: one row for all ARP, so that the sum still closes. */
static void test_no_arp(void **state)
{
	static const uint8_t nothing[32];
	struct rig *rig = new_rig((struct rig_options){.no_arp = true, .map_entries = 64});
	long n;

	for (uint16_t seed = 0; seed < 100; seed++)
		run_words(rig, FLOW_IN, seed, seed & 1 ? "eth arp:1" : "eth vlan arp:2");
	run_words(rig, FLOW_IN, 1, "eth ip4 tcp");
	assert_int_equal(sum_rows(rig, 0, &n).packets, 101);
	assert_int_equal(n, 2);
	if (rows[0].key.ethertype != 0x0806)
		rows[0] = rows[1];
	assert_memory_equal(rows[0].key.src, nothing, 32);
	assert_int_equal(rows[0].key.ipproto, FLOW_PROTO_NONE);
	assert_int_equal(rows[0].key.sport, FLOW_SUM_ARP_OFF);
	assert_int_equal(rows[0].key.dport, 0);
	assert_int_equal(rows[0].counts.packets, 100);
	assert_int_equal(rows[0].counts.bytes, 50 * 42 + 50 * 46);
	rig_free(rig);
}

static int count_wake(void *context, void *data, size_t size)
{
	const struct flow_wake *wake = data;

	assert_int_equal(size, sizeof(*wake));
	assert_int_equal(wake->generation, 0);
	++*(unsigned int *)context;
	return 0;
}

/* The collector is woken when so many flows of one CPU went into the map, and again. */
static void test_wake(void **state)
{
	struct rig *rig = new_rig((struct rig_options){.can_wake = true, .map_entries = 2 * FLOWS});
	unsigned int wakes = 0, due = 0;
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(rig->skel->maps.flow_wakes), count_wake, &wakes, NULL);

	assert_non_null(ring);
	for (unsigned int cpu = 0; cpu < rig->cpus; cpu++)
		rig->front[cpu * FLOW_GENERATIONS].wake_mask = WAKE_EVERY - 1;
	send_flows(rig, FLOWS, 2);
	for (unsigned int cpu = 0; cpu < rig->cpus; cpu++)
		due += (unsigned int)(rig->front[cpu * FLOW_GENERATIONS].inserts / WAKE_EVERY);
	ring_buffer__consume(ring);
	assert_true(due > 0);
	assert_int_equal(wakes, due);
	ring_buffer__free(ring);
	rig_free(rig);
}

/*
 * What the verifier of this kernel looks at before the program starts: each thousand takes it a
 * millisecond or two. Code that is inlined where it is rare is looked at once for each way there.
 */
static void test_verified(void **state)
{
	struct rig *rig = new_rig(
		(struct rig_options){.can_wake = true, .inspect = true, .map_entries = FLOWS});
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(rig->skel->progs.flow_ingress),
						&info, &size),
			 0);
	assert_in_range(info.verified_insns, 0, VERIFIED_MOST); /* 0: before Linux 5.16 */
	rig_free(rig);
}

/* Maps of a loaded program that the other one has too; `ret_count`: all it has. */
static unsigned int shared_maps(const int fd[FLOW_DIRS], uint32_t *ret_count)
{
	static uint32_t id[FLOW_DIRS][64];
	static const char *const names[FLOW_DIRS] = {"flow_ingress", "flow_egress"};
	unsigned int shared = 0;
	uint32_t count[FLOW_DIRS];

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (uintptr_t)id[dir]};
		__u32 size = sizeof(info);

		assert_int_equal(bpf_obj_get_info_by_fd(fd[dir], &info, &size), 0);
		assert_string_equal(info.name, names[dir]);
		count[dir] = info.nr_map_ids;
	}
	assert_int_equal(count[FLOW_IN], count[FLOW_OUT]);
	for (uint32_t i = 0; i < count[FLOW_IN]; i++) {
		for (uint32_t j = 0; j < count[FLOW_OUT]; j++)
			shared += id[FLOW_IN][i] == id[FLOW_OUT][j];
	}
	*ret_count = count[FLOW_IN];
	return shared;
}

/* Loaded one after another or at the same time, both programs count in the same maps; constants are their own then. */
static void test_load_pair(void **state)
{
	struct programs programs;
	int cpus = kernel_cpus(), fd[FLOW_DIRS];
	unsigned int shared;
	uint32_t maps = 0;

	assert_true(cpus > 0);
	assert_int_equal(programs_open(&programs, (unsigned int)cpus, false, false), 0);
	for (unsigned int at_once = 0; at_once < 2; at_once++) {
		programs.at_once = at_once;
		assert_int_equal(programs_load(&programs, 0, FLOW_LINK_ETHERNET, fd), 0);
		shared = shared_maps(fd, &maps);
		assert_int_equal(shared, maps - at_once);
		close(fd[FLOW_IN]);
		close(fd[FLOW_OUT]);
	}
	programs_close(&programs);
}

static int refuse_programs(void *context)
{
	++*(unsigned int *)context;
	return -EIO;
}

/* Where one of the two cannot be handed out, neither is, and no descriptor is left open. */
static void test_load_neither(void **state)
{
	int cpus = kernel_cpus(), fd[FLOW_DIRS] = {-7, -7};
	struct programs programs;
	unsigned int refused = 0, before;

	assert_true(cpus > 0);
	assert_int_equal(programs_open(&programs, (unsigned int)cpus, false, false), 0);
	programs.at_once = true;
	programs.await = refuse_programs;
	programs.context = &refused;
	before = open_descriptors();
	assert_int_equal(programs_load(&programs, 0, FLOW_LINK_ETHERNET, fd), -EIO);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(refused, 1);
	assert_int_equal(fd[FLOW_IN], -7);
	assert_int_equal(fd[FLOW_OUT], -7);
	programs_close(&programs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_flows_than_slots),
		cmocka_unit_test(test_full_map),
		cmocka_unit_test(test_no_map),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_slots_are_spread),
		cmocka_unit_test(test_fragments_join),
		cmocka_unit_test(test_fragments_age),
		cmocka_unit_test(test_preempted),
		cmocka_unit_test(test_no_copy_left),
		cmocka_unit_test(test_no_arp),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_verified),
		cmocka_unit_test(test_load_pair),
		cmocka_unit_test(test_load_neither),
	};

	if (rig_cannot_run())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
