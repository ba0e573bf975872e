/* SPDX-License-Identifier: MIT */
/*
 * Interfaces without an Ethernet header: the packet is found behind whatever lies before it, which
 * does not count. A test run gives the programs an Ethernet header before the network header, just
 * as tc does for what came through a tunnel that left the header of the interface below in place.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "native.h"
#include "captures.h"
#include "flow_rig.h"
#include "key_text.h"

#include "flow.skel.h"
#include "raw_ip.skel.h"

#define SLOT	     3
#define ETHERNET     14   /* bytes before the network header in a test run */
#define TEST_RUN_MAX 3400 /* longer frames do not fit into one */

/* First bytes of an address, and so of the frame: where an IP header is looked for in vain. */
static const uint8_t firsts[] = {0x02, 0x46, 0x66, 0x45, 0x60};

static struct rig *rig_of(enum flow_link link, bool preempted)
{
	const struct rig_options options = {.slot = SLOT,
					    .link = link,
					    .preempted = preempted,
					    .copies = preempted,
					    .map_entries = 64};
	struct rig *rig;

	assert_int_equal(rig_new(&options, &rig), 0);
	return rig;
}

/* Frame `i` with IP straight behind Ethernet, if it is that and the kernel takes it. */
static bool build(size_t i, uint8_t first, struct packet *packet, struct flow_key *key,
		  struct flow_counts *counts)
{
	assert_int_equal(capture_build(i, packet, key, counts), 0);
	packet->data[0] = first;
	return packet->network == ETHERNET && packet->size <= TEST_RUN_MAX &&
	       packet->size >= (key->ethertype == 0x86dd ? 54 : 34);
}

static void assert_only(struct rig *rig, const char *name, const struct flow_key *key,
			const struct flow_counts *counts)
{
	char got_text[KEY_TEXT_MAX], want_text[KEY_TEXT_MAX];
	struct flow_counts total = rig_total(rig, 0, key->where);
	struct rig_row rows[2];

	assert_int_equal(rig_rows(rig, 0, rows, 2), 1);
	if (memcmp(&rows[0].key, key, sizeof(*key)) != 0)
		fail_msg("%s:\n  got  %s\n  want %s", name, key_text(&rows[0].key, got_text),
			 key_text(key, want_text));
	if (rows[0].counts.packets != counts->packets || rows[0].counts.bytes != counts->bytes)
		fail_msg("%s: got %llu packets, %llu bytes; want %llu, %llu", name,
			 rows[0].counts.packets, rows[0].counts.bytes, counts->packets,
			 counts->bytes);
	assert_int_equal(total.packets, counts->packets);
	assert_int_equal(total.bytes, counts->bytes);
}

/* Each golden frame is the flow it always is, and every frame on the wire 14 bytes shorter. */
static void run_behind(enum flow_link link, enum flow_dir dir, bool preempted)
{
	struct rig *rig = rig_of(link, preempted);
	static struct packet packet;
	struct flow_counts counts;
	struct flow_key key;
	uint32_t verdict;
	int tried = 0;

	for (size_t i = 0; i < capture_count() * sizeof(firsts); i++) {
		const struct capture *capture = capture_get(i / sizeof(firsts));

		if (!build(i / sizeof(firsts), firsts[i % sizeof(firsts)], &packet, &key, &counts))
			continue;
		assert_int_equal(rig_clear(rig), 0);
		assert_int_equal(rig_run(rig, dir, packet.data, packet.size, capture->gso_size, 1,
					 &verdict),
				 0);
		key.where = FLOW_WHERE(SLOT, dir);
		counts.bytes -= ETHERNET * counts.packets;
		assert_only(rig, capture->name, &key, &counts);
		tried++;
	}
	assert_true(tried > 100);
	rig_free(rig);
}

static void test_ingress(void **state)
{
	run_behind(FLOW_LINK_IP, FLOW_IN, false);
	run_behind(FLOW_LINK_GRE, FLOW_IN, false);
	run_behind(FLOW_LINK_IP, FLOW_IN, true);
}

static void test_gre_egress(void **state)
{
	run_behind(FLOW_LINK_GRE, FLOW_OUT, false);
}

/*
 * On egress of others the packet is what the driver takes for it, the first byte that is there: a
 * packet socket may have set the network header behind that.
 */
static void test_ip_egress(void **state)
{
	struct rig *rig = rig_of(FLOW_LINK_IP, false);
	struct flow_counts counts = {.packets = 1};
	static struct packet packet;
	struct native native;
	uint32_t verdict;

	/* Ethernet's header is the IP header's begin: addresses from wherever, protocol and length. */
	assert_int_equal(packet_build(&packet, 1, "eth ip4 udp data:100"), 0);
	memcpy(packet.data, "\x45\x00\x00\x80\x00\x00\x00\x00\x40\x11\x00\x00", 12);
	native = native_parse(packet.data, packet.size, 0x0800, false);
	assert_int_equal(native.key.ipproto, 17);
	native.key.where = FLOW_WHERE(SLOT, FLOW_OUT);
	counts.bytes = packet.size;
	assert_int_equal(rig_run(rig, FLOW_OUT, packet.data, packet.size, 0, 1, &verdict), 0);
	assert_only(rig, "egress", &native.key, &counts);
	rig_free(rig);
}

/* The program that puts bytes before the frame, on the rig's maps. */
static struct raw_ip_bpf *skeleton_open(const struct rig *rig, enum flow_link link)
{
	struct raw_ip_bpf *skeleton = raw_ip_bpf__open();

	assert_non_null(skeleton);
	skeleton->rodata->flow_link = (uint8_t)link;
	skeleton->rodata->flow_slot = SLOT;
	assert_int_equal(bpf_map__reuse_fd(skeleton->maps.flow_fronts,
					   bpf_map__fd(rig->skel->maps.flow_fronts)),
			 0);
	assert_int_equal(bpf_map__reuse_fd(skeleton->maps.flow_maps,
					   bpf_map__fd(rig->skel->maps.flow_maps)),
			 0);
	assert_int_equal(raw_ip_bpf__load(skeleton), 0);
	return skeleton;
}

static void run_more(struct raw_ip_bpf *skeleton, uint32_t more, const struct packet *packet,
		     uint32_t gso_size)
{
	struct __sk_buff ctx = {.gso_size = gso_size};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->size, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	skeleton->data_more->raw_ip_more = more;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.raw_ip_ingress), &opts),
			 0);
	assert_int_equal(opts.retval, 0xffffffffU);
}

/*
 * However many bytes lie before the packet: as many as before the last one, and others; with a
 * header that the short way through the parser takes, one that it does not take, and a super-packet.
 */
static void test_sizes(void **state)
{
	static const struct {
		const char *words;
		uint32_t gso_size;
		struct flow_counts counts;
	} packets[] = {
		{"eth ip4 tcp data:100", 0, {1, 140}},
		{"eth ip4 opt:8 udp data:20", 0, {1, 56}},
		{"eth ip6 tcp data:2000", 900, {3, 2000 + 3 * 60}},
		{"eth ip4 icmp", 0, {1, 28}},
	};
	static const uint32_t far[] = {255, 256, 1000, 2000, 1000, 1000, 0, 1, 4000};
	struct rig *rig = rig_of(FLOW_LINK_IP, false);
	struct raw_ip_bpf *skeleton = skeleton_open(rig, FLOW_LINK_IP);
	static struct packet packet;
	struct native native;

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		assert_int_equal(packet_build(&packet, 1, packets[i].words), 0);
		native = native_parse(packet.data, packet.size, 0, false);
		native.key.where = FLOW_WHERE(SLOT, FLOW_IN);
		for (uint32_t more = 0; more < 140 + sizeof(far) / sizeof(far[0]); more++) {
			assert_int_equal(rig_clear(rig), 0);
			run_more(skeleton, more < 140 ? more / 2 : far[more - 140], &packet,
				 packets[i].gso_size);
			assert_only(rig, packets[i].words, &native.key, &packets[i].counts);
		}
	}
	raw_ip_bpf__destroy(skeleton);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ingress),
		cmocka_unit_test(test_gre_egress),
		cmocka_unit_test(test_ip_egress),
		cmocka_unit_test(test_sizes),
	};

	if (rig_cannot_run())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
