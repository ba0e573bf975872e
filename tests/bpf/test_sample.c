/* SPDX-License-Identifier: MIT */
/*
 * The sampler under the real programs: which packets of a flow are handed over, with which bytes, and
 * what becomes of the others. Packets that are not handed over are counted all the same.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>
#include <poll.h>

#include "flow_rig.h"
#include "flow_slots.h"
#include "packet.h"
#include "sample.h"
#include "table.h"

#include "flow.skel.h"

#define RECORDS_MAX 16384
#define LIMIT_MS    60000
#define CLIENT	    40000
#define SERVER	    443
#define TABLE_BITS  13
/* Of each CPU: 128 possible ones take 270 MB. */
#define MAP_ENTRIES 8192

struct record {
	struct flow_sample sample;
	uint8_t payload[SAMPLE_LARGE];
};

struct bed {
	struct rig *rig;
	struct sample_ring *ring;
	uint64_t sent; /* packets */
};

static struct record records[RECORDS_MAX];
static size_t count;
static struct packet packet;

static void take(void *arg, const struct flow_sample *sample, const uint8_t *payload)
{
	assert_true(count < RECORDS_MAX);
	records[count].sample = *sample;
	memcpy(records[count++].payload, payload, sample->captured);
}

/* On one CPU: the limits are of each. */
static void bed_open(struct bed *bed, struct rig_options options)
{
	cpu_set_t set;

	memset(bed, 0, sizeof(*bed));
	CPU_ZERO(&set);
	CPU_SET((unsigned int)sched_getcpu(), &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
	options.map_entries = MAP_ENTRIES;
	assert_int_equal(rig_new(&options, &bed->rig), 0);
	assert_int_equal(sample_ring_new(bpf_map__fd(bed->rig->skel->maps.flow_samples), take, NULL,
					 &bed->ring),
			 0);
	count = 0;
}

static struct bed bed_inspecting(void)
{
	struct bed bed;

	bed_open(&bed, (struct rig_options){.inspect = true});
	return bed;
}

/* Whatever was sampled, each packet is counted once. */
static void bed_close(struct bed *bed)
{
	uint64_t packets = 0;

	for (unsigned int generation = 0; generation < FLOW_GENERATIONS; generation++)
		for (unsigned int where = 0; where < FLOW_DIRS; where++)
			packets += rig_total(bed->rig, generation, (uint8_t)where).packets;
	assert_int_equal(packets, bed->sent);
	sample_ring_free(bed->ring);
	rig_free(bed->rig);
}

static void send_gso(struct bed *bed, uint16_t seed, const char *words, uint32_t gso_size)
{
	uint32_t verdict;

	assert_int_equal(packet_build(&packet, seed, words), 0);
	assert_int_equal(
		rig_run(bed->rig, FLOW_IN, packet.data, packet.size, gso_size, 1, &verdict), 0);
	bed->sent++;
}

static void send(struct bed *bed, const char *words)
{
	send_gso(bed, 1, words, 0);
}

/* How many records came since the last time; they are in `records`. */
static size_t read_records(struct bed *bed)
{
	count = 0;
	while (sample_ring_read(bed->ring, 100) > 0)
		;
	return count;
}

static struct flow_front *front_of(const struct bed *bed)
{
	return &bed->rig->front[(unsigned int)sched_getcpu() * FLOW_GENERATIONS +
				bed->rig->skel->bss->flow_control.generation];
}

static uint64_t refused(const struct bed *bed, enum sample_refusal why)
{
	return front_of(bed)->refused[why];
}

/* As the collector leaves a generation that it has drained: keys and budgets stay. */
static void drained(struct bed *bed)
{
	struct flow_front *front = front_of(bed);

	for (size_t i = 0; i < FLOW_FRONT_SLOTS; i++) {
		struct flow_slot *slot =
			&front->bucket[i / FLOW_BUCKET].pair[i / 2 % FLOW_PAIRS].slot[i % 2];

		slot->packets &= ~FLOW_PACKETS_MASK; /* all flows are of IPv4 */
		slot->bytes = 0;
	}
	front->handed = 0;
	memset(front->refused, 0, sizeof(front->refused));
}

#define SYN	"eth ip4 tcp:40000,443,20 set8:33,0x02"
#define SYN_ACK "eth ip4 tcp:443,40000,20 set8:33,0x12"
#define ACK	"eth ip4 tcp:40000,443,20 pad:60 set8:33,0x10"
#define DATA	"eth ip4 tcp:40000,443,32 data:100 set8:33,0x18"

/* The handshake without payload, four packets with, and then no more. */
static void test_connection(void **state)
{
	static const uint8_t flags[] = {0x02, 0x12, 0x10, 0x18, 0x18, 0x18, 0x18};
	struct bed bed = bed_inspecting();

	send(&bed, SYN);
	send(&bed, SYN_ACK);
	send(&bed, ACK);
	send(&bed, ACK); /* neither the first nor with payload */
	for (int i = 0; i < 50; i++)
		send(&bed, DATA);
	assert_int_equal(read_records(&bed), sizeof(flags));
	for (size_t i = 0; i < sizeof(flags); i++) {
		const struct flow_sample *sample = &records[i].sample;

		assert_int_equal(sample->tcp_flags, flags[i]);
		assert_int_equal(sample->length, i < 3 ? 0 : 100);
		assert_int_equal(sample->captured, sample->length);
		assert_int_equal(sample->key.sport, i == 1 ? SERVER : CLIENT);
		/* Of the handshake the times matter. */
		if (i < 3)
			assert_true(sample->mono_ns &&
				    sample->mono_ns >= records[0].sample.mono_ns);
		else
			assert_int_equal(sample->mono_ns, 0);
		assert_memory_equal(records[i].payload, packet.data + packet.size - 100,
				    sample->length);
	}
	bed_close(&bed);
}

/* Packets without payload are looked at for a while, not for ever. */
static void test_looks(void **state)
{
	struct bed bed = bed_inspecting();

	send(&bed, SYN);
	for (int i = 0; i < SAMPLE_LOOKS; i++)
		send(&bed, ACK);
	send(&bed, DATA);
	assert_int_equal(read_records(&bed), 2);
	bed_close(&bed);
}

/* A flow has one budget, in both generations; a SYN that begins a generation begins it again. */
static void test_generations(void **state)
{
	struct bed bed = bed_inspecting();

	for (int round = 0; round < 6; round++) {
		bed.rig->skel->bss->flow_control.generation = (unsigned int)round % 2;
		drained(&bed);
		bed.sent = 0;
		rig_clear(bed.rig); /* the keys too: the flow takes a slot again each time */
		send(&bed, DATA);
	}
	assert_int_equal(read_records(&bed), SAMPLE_PAYLOADS);
	drained(&bed);
	send(&bed, SYN);
	send(&bed, DATA);
	drained(&bed);
	send(&bed, DATA);
	assert_int_equal(read_records(&bed), 3);
	assert_int_equal(records[0].sample.tcp_flags, SAMPLE_SYN);
	bed.sent = 4;
	bed_close(&bed);
}

/* The flows of this CPU are counted in a table, as when they are many. */
static void use_table(struct bed *bed)
{
	struct flow_front *front = front_of(bed);
	const uint32_t index = (uint32_t)(front - bed->rig->front);
	int fd;

	assert_int_equal(table_make(TABLE_BITS, &fd), 0);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(bed->rig->skel->maps.flow_tables), &index,
					     &fd, BPF_ANY),
			 0);
	close(fd);
	front->bits = TABLE_BITS;
	front->bits_max = TABLE_BITS;
	front->grow_at = UINT64_MAX;
}

/*
 * In a table, once a flow's budget is spent, each of its packets is counted with the next one. A SYN begins the
 * budget again, also right behind such a packet.
 */
static void test_table(void **state)
{
	static const uint8_t flags[] = {0x02, 0x10, 0x18, 0x18, 0x18, 0x18};
	struct bed bed = bed_inspecting();

	use_table(&bed);
	for (int round = 0; round < 4; round++) {
		send(&bed, SYN);
		send(&bed, ACK);
		for (int i = 0; i < 40; i++)
			send(&bed, DATA);
		assert_int_equal(front_of(&bed)->late.packets, 1);
		assert_int_equal(read_records(&bed), sizeof(flags));
		for (size_t i = 0; i < sizeof(flags); i++)
			assert_int_equal(records[i].sample.tcp_flags, flags[i]);
	}
	bed_close(&bed);
}

/* A name service's datagrams are wanted always in a table too, and none of them waits. */
static void test_table_always(void **state)
{
	struct bed bed = bed_inspecting();

	use_table(&bed);
	for (int i = 0; i < 40; i++)
		send(&bed, "eth ip4 udp:53,40000 data:100");
	assert_int_equal(read_records(&bed), 40);
	assert_int_equal(front_of(&bed)->late.packets, 0);
	bed_close(&bed);
}

/* Answers of name services are wanted always; other datagrams have the budget of any flow. */
static void test_datagrams(void **state)
{
	struct bed bed = bed_inspecting();

	for (int i = 0; i < 20; i++) {
		send(&bed, "eth ip4 udp:53,40001 data:40");
		send(&bed, "eth ip6 udp:40002,5353 data:40");
		send(&bed, "eth ip4 udp:40003,5355 data:40");
		send(&bed, "eth ip4 udp:137,137 data:40");
		send(&bed, "eth ip4 udp:137,137 pad:60"); /* empty */
	}
	assert_int_equal(read_records(&bed), 80);
	for (int i = 0; i < 20; i++) {
		send(&bed, "eth ip4 udp:40004,443 data:40");
		send(&bed, "eth ip4 icmp:8,0 data:40");
		send(&bed, "eth ip4 udplite:53,53 data:40");
	}
	assert_int_equal(read_records(&bed), SAMPLE_PAYLOADS);
	assert_int_equal(records[0].sample.key.dport, SERVER);
	bed_close(&bed);
}

/* The payload is found behind whatever headers there are, and what pads the frame is none of it. */
static void test_headers(void **state)
{
	static const char *const words[] = {
		"eth vlan:5 ip4 tcp:1,2,40 data:20",	"eth qinq:7 vlan:5 ip6 tcp:3,4,60 data:20",
		"eth ip4 opt:8 udp:5,6 data:20 pad:90", "eth ip6 hop dst udp:7,8 data:20 pad:120",
		"eth ip4 tcp:9,10,20 data:20 pad:100",	"eth mpls:3 ip4 udp:11,12 data:20",
		"eth pppoe:0 ip6 tcp:13,14,20 data:20", "eth ip6 tcp:15,16,20 data:20 pad:200",
	};
	struct bed bed = bed_inspecting();

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		send(&bed, words[i]);
		assert_int_equal(read_records(&bed), 1);
		assert_int_equal(records[0].sample.length, 20);
		assert_int_equal(records[0].sample.key.sport, 2 * i + 1);
		assert_non_null(memmem(packet.data, packet.size, records[0].payload, 20));
	}
	bed_close(&bed);
}

/* Of a long payload its beginning; of a super-packet too, with the length of all its segments. */
static void test_long(void **state)
{
	struct bed bed = bed_inspecting();

	send(&bed, "eth ip4 tcp:1,2,20 data:513");
	send(&bed, "eth ip4 tcp:1,2,20 data:3000");
	send_gso(&bed, 1, "eth ip6 tcp:1,2,20 data:3000", 500);
	assert_int_equal(read_records(&bed), 3);
	assert_int_equal(records[0].sample.captured, 513);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(records[i].sample.length, 3000);
		assert_int_equal(records[i].sample.captured, SAMPLE_LARGE);
	}
	assert_memory_equal(records[2].payload, packet.data + packet.size - 3000, SAMPLE_LARGE);
	bed.sent += 5; /* segments of the super-packet beyond the first */
	bed_close(&bed);
}

/* Over the limit packets are refused, and their budget is spent; payloads have more of it. */
static void test_limit(void **state)
{
	struct bed bed = bed_inspecting();

	front_of(&bed)->handed = SAMPLE_LIMIT / 2;
	send(&bed, SYN);
	send(&bed, "eth ip4 udp:53,53 data:40");
	assert_int_equal(refused(&bed, SAMPLE_REFUSED_LIMIT), 2);
	send(&bed, DATA);
	assert_int_equal(read_records(&bed), 1);
	front_of(&bed)->handed = SAMPLE_LIMIT;
	for (int i = 0; i < 10; i++)
		send(&bed, DATA);
	assert_int_equal(refused(&bed, SAMPLE_REFUSED_LIMIT), 2 + SAMPLE_PAYLOADS - 1);
	front_of(&bed)->handed = 0;
	send(&bed, DATA);
	assert_int_equal(read_records(&bed), 0);
	bed_close(&bed);
}

/* Nobody reads: the ring fills, what does not fit is refused, and each packet is counted. */
static void test_full(void **state)
{
	struct bed bed = bed_inspecting();
	uint64_t handed;

	for (uint16_t seed = 1; seed <= 600; seed++)
		send_gso(&bed, seed, "eth ip4 tcp:1,2,20 data:1000", 0);
	handed = front_of(&bed)->handed;
	assert_in_range(handed, 400, 599);
	assert_int_equal(refused(&bed, SAMPLE_REFUSED_FULL), 600 - handed);
	assert_int_equal(read_records(&bed), handed);
	bed_close(&bed);
}

static void fill_ring(struct bed *bed)
{
	front_of(bed)->handed = 0;
	for (uint16_t seed = 1; seed <= 600; seed++)
		send_gso(bed, seed, "eth ip4 udp:1,53 data:1000", 0);
}

/* The reader is woken when the ring fills, and not again while it has read nothing since. */
static void test_woken(void **state)
{
	struct bed bed = bed_inspecting();
	struct pollfd wait = {.fd = sample_ring_fd(bed.ring), .events = POLLIN};

	front_of(&bed)->woken = 1; /* at the beginning */
	fill_ring(&bed);
	assert_true(refused(&bed, SAMPLE_REFUSED_FULL) > 0);
	assert_int_equal(poll(&wait, 1, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_true(read_records(&bed) > 0);
		fill_ring(&bed);
		assert_int_equal(poll(&wait, 1, LIMIT_MS), 1);
		assert_true(front_of(&bed)->woken > 1);
	}
	bed_close(&bed);
}

/* Flows that find no slot in their bucket are sampled as well. */
static void test_overflow(void **state)
{
	struct bed bed = bed_inspecting();
	uint64_t records_read = 0;

	for (unsigned int round = 0; round < 6; round++) {
		for (uint16_t seed = 1; seed <= 12000; seed++) {
			send_gso(&bed, seed, "eth ip4 udp:1,2 data:8", 0);
			if (seed % 500 == 0)
				records_read += read_records(&bed);
			front_of(&bed)->handed = 0;
		}
	}
	assert_int_equal(refused(&bed, SAMPLE_REFUSED_FULL), 0);
	assert_true(front_of(&bed)->misses > 100);
	/* Cells that flows share make it a little less or more. */
	assert_in_range(records_read, 12000 * SAMPLE_PAYLOADS * 8 / 10,
			12000 * SAMPLE_PAYLOADS * 11 / 10);
	bed_close(&bed);
}

/* Where programs interrupt each other there are no slots, and the sieve does alone. */
static void test_preempted(void **state)
{
	struct bed bed;

	bed_open(&bed, (struct rig_options){.inspect = true, .preempted = true, .copies = 1});
	send(&bed, SYN);
	send(&bed, ACK);
	for (int i = 0; i < 20; i++)
		send(&bed, DATA);
	send(&bed, "eth ip6 hop udp:53,53 data:20");
	assert_int_equal(read_records(&bed), 2 + SAMPLE_PAYLOADS + 1);
	bed_close(&bed);
}

static void test_off(void **state)
{
	struct bed bed;

	bed_open(&bed, (struct rig_options){.inspect = false});
	send(&bed, SYN);
	send(&bed, DATA);
	send(&bed, "eth ip4 udp:53,53 data:40");
	assert_int_equal(read_records(&bed), 0);
	assert_int_equal(front_of(&bed)->handed, 0);
	for (unsigned int why = 0; why < SAMPLE_REFUSALS; why++)
		assert_int_equal(refused(&bed, why), 0);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection),   cmocka_unit_test(test_looks),
		cmocka_unit_test(test_generations),  cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_always), cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_headers),	     cmocka_unit_test(test_long),
		cmocka_unit_test(test_limit),	     cmocka_unit_test(test_full),
		cmocka_unit_test(test_woken),	     cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_preempted),    cmocka_unit_test(test_off),
	};

	if (rig_cannot_run())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
