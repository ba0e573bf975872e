/* SPDX-License-Identifier: MIT */
/*
 * The parser, compiled natively, on every golden frame and on every prefix of each, in heap buffers
 * of exactly that size, so that the address sanitizer sees a byte read too much.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "native.h"
#include "captures.h"
#include "key_text.h"

/* Headers end before this; prefixes beyond tell nothing new. */
#define PREFIX_MAX 200
#define RAW_OFFSET 14

struct frame {
	const char *name;
	struct packet packet;
	struct flow_key key;
	struct flow_counts counts;
};

static void build(size_t i, struct frame *frame)
{
	frame->name = capture_get(i)->name;
	if (capture_build(i, &frame->packet, &frame->key, &frame->counts))
		fail_msg("%s: cannot build \"%s\"", frame->name, capture_get(i)->words);
}

static struct native parse_at(const uint8_t *bytes, size_t size, uint32_t start,
			      uint16_t ethertype, bool stripped)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct native pkt;

	assert_non_null(exact);
	memcpy(exact, bytes, size);
	pkt = native_parse_at(exact, size, start, ethertype, stripped);
	free(exact);
	assert_false(pkt.differs);
	return pkt;
}

static struct native parse(const uint8_t *bytes, size_t size, uint16_t ethertype, bool stripped)
{
	return parse_at(bytes, size, 0, ethertype, stripped);
}

static void assert_key(const char *name, size_t size, const struct flow_key *got,
		       const struct flow_key *want)
{
	char got_text[KEY_TEXT_MAX], want_text[KEY_TEXT_MAX];

	if (memcmp(got, want, sizeof(*got)) == 0)
		return;
	fail_msg("%s, %zu bytes:\n  got  %s\n  want %s", name, size, key_text(got, got_text),
		 key_text(want, want_text));
}

/* What the parser alone can say: later fragments get their ports from the programs' map. */
static struct flow_key without_fragment_ports(const struct native *pkt, const struct flow_key *want)
{
	struct flow_key key = *want;

	if (pkt->later) {
		key.sport = key.dport = 0;
		key.ipproto = pkt->key.ipproto;
	}
	return key;
}

static void test_golden(void **state)
{
	static struct frame frame;
	struct native pkt;
	struct flow_key want;

	for (size_t i = 0; i < capture_count(); i++) {
		build(i, &frame);
		pkt = parse(frame.packet.data, frame.packet.size, 0, 0);
		want = without_fragment_ports(&pkt, &frame.key);
		assert_key(frame.name, frame.packet.size, &pkt.key, &want);
	}
}

/* Only names beginning with "cut-" or "lie-" may want bytes that are not there. */
static void test_whole_frames_are_not_cut(void **state)
{
	static struct frame frame;
	struct native pkt;

	for (size_t i = 0; i < capture_count(); i++) {
		build(i, &frame);
		if (!strncmp(frame.name, "cut-", 4) || !strncmp(frame.name, "lie-", 4))
			continue;
		pkt = parse(frame.packet.data, frame.packet.size, 0, 0);
		if (pkt.cut)
			fail_msg("%s: cut", frame.name);
	}
}

/*
 * A prefix gives either the key of the whole frame, or says that something was cut: the programs
 * rely on that when headers lie outside the linear part.
 */
static void check_prefix(const struct frame *frame, size_t size, const struct native *whole)
{
	struct native pkt = parse(frame->packet.data, size, 0, 0);
	static const uint8_t nothing[16];

	if (!pkt.cut)
		assert_key(frame->name, size, &pkt.key, &whole->key);
	if (size < 14) {
		assert_int_equal(pkt.key.ipproto, FLOW_PROTO_NONE);
		assert_int_equal(pkt.key.sport, FLOW_SUM_TRUNCATED);
		assert_int_equal(pkt.key.ethertype, 0);
	}
	assert_int_equal(pkt.key.where, 0);
	if (pkt.key.ipproto == FLOW_PROTO_NONE && pkt.key.sport) {
		assert_memory_equal(pkt.key.src, nothing, 16);
		assert_memory_equal(pkt.key.dst, nothing, 16);
		return;
	}
	/* A flow: it is the whole frame's, at most without what was cut. */
	assert_memory_equal(pkt.key.src, whole->key.src, 16);
	assert_memory_equal(pkt.key.dst, whole->key.dst, 16);
	assert_int_equal(pkt.key.ethertype, whole->key.ethertype);
	if (pkt.key.sport || pkt.key.dport)
		assert_key(frame->name, size, &pkt.key, &whole->key);
}

static void test_prefixes(void **state)
{
	static struct frame frame;
	struct native whole;

	for (size_t i = 0; i < capture_count(); i++) {
		build(i, &frame);
		whole = parse(frame.packet.data, frame.packet.size, 0, 0);
		for (size_t size = 0; size <= frame.packet.size && size < PREFIX_MAX; size++)
			check_prefix(&frame, size, &whole);
	}
}

/* Longer prefixes never know less: once right, always right. */
static void test_prefixes_grow(void **state)
{
	static struct frame frame;
	struct native whole, pkt;

	for (size_t i = 0; i < capture_count(); i++) {
		bool right = false;

		build(i, &frame);
		whole = parse(frame.packet.data, frame.packet.size, 0, 0);
		for (size_t size = 0; size <= frame.packet.size && size < PREFIX_MAX; size++) {
			pkt = parse(frame.packet.data, size, 0, 0);
			if (!pkt.cut)
				right = true;
			if (right)
				assert_key(frame.name, size, &pkt.key, &whole.key);
		}
	}
}

/* Interfaces without an Ethernet header: the same packet gives the same flow. */
static void test_raw_ip(void **state)
{
	static struct frame frame;
	struct native whole, pkt;

	for (size_t i = 0; i < capture_count(); i++) {
		enum capture_kind kind = capture_get(i)->want.kind;

		build(i, &frame);
		if (frame.packet.network != RAW_OFFSET || kind == CAPTURE_ARP)
			continue;
		whole = parse(frame.packet.data, frame.packet.size, 0, 0);
		for (size_t size = RAW_OFFSET; size <= frame.packet.size && size < PREFIX_MAX;
		     size++) {
			pkt = parse(frame.packet.data + RAW_OFFSET, size - RAW_OFFSET,
				    frame.key.ethertype, 0);
			if (!pkt.cut)
				assert_key(frame.name, size, &pkt.key, &whole.key);
		}
	}
}

/* The same with something before the packet, however much of that is there. */
static void test_raw_ip_behind(void **state)
{
	static struct frame frame;
	struct native alone, behind;

	for (size_t i = 0; i < capture_count(); i++) {
		build(i, &frame);
		if (frame.packet.network != RAW_OFFSET)
			continue;
		for (size_t size = 0; size <= frame.packet.size && size < PREFIX_MAX; size++) {
			behind = parse_at(frame.packet.data, size, RAW_OFFSET, frame.key.ethertype, 0);
			if (size < RAW_OFFSET) {
				assert_int_equal(behind.key.ipproto, FLOW_PROTO_NONE);
				continue;
			}
			alone = parse(frame.packet.data + RAW_OFFSET, size - RAW_OFFSET,
				      frame.key.ethertype, 0);
			assert_key(frame.name, size, &behind.key, &alone.key);
			assert_int_equal(behind.cut, alone.cut);
			assert_int_equal(behind.transport,
					 alone.transport ? alone.transport + RAW_OFFSET : 0);
		}
	}
}

/* Where nobody said what the packet is, its version does; nothing is taken for an Ethernet header. */
static void test_unsaid(void **state)
{
	uint8_t no_ip[60] = {0x30};
	struct packet packet;
	struct native pkt;

	memset(no_ip + 12, 0x30, 2);
	assert_int_equal(packet_build(&packet, 1, "eth ip6 udp data:20"), 0);
	pkt = parse(packet.data + RAW_OFFSET, packet.size - RAW_OFFSET, FLOW_ETH_P_UNSAID, 0);
	assert_int_equal(pkt.key.ethertype, 0x86dd);
	assert_int_equal(pkt.key.ipproto, 17);
	assert_int_equal(packet_build(&packet, 1, "eth ip4 opt:4 tcp"), 0);
	pkt = parse(packet.data + RAW_OFFSET, packet.size - RAW_OFFSET, FLOW_ETH_P_UNSAID, 0);
	assert_int_equal(pkt.key.ethertype, 0x0800);
	assert_int_equal(pkt.key.ipproto, 6);
	pkt = parse(no_ip, sizeof(no_ip), FLOW_ETH_P_UNSAID, 0);
	assert_int_equal(pkt.key.ethertype, 0);
	assert_int_equal(pkt.key.ipproto, FLOW_PROTO_NONE);
	assert_int_equal(pkt.key.sport, FLOW_SUM_ETHERTYPE);
}

/* One tag beside the frame and two in it are looked through; one more is not. */
static void test_stripped_tag(void **state)
{
	static struct packet packet;
	struct native pkt;

	assert_int_equal(packet_build(&packet, 1, "eth vlan:6 vlan:5 ip4 tcp"), 0);
	pkt = parse(packet.data, packet.size, 0, 1);
	assert_int_equal(pkt.key.ethertype, 0x0800);
	assert_int_equal(pkt.key.ipproto, 6);
	assert_int_equal(packet_build(&packet, 1, "eth qinq:7 vlan:6 vlan:5 ip4 tcp"), 0);
	pkt = parse(packet.data, packet.size, 0, 1);
	assert_int_equal(pkt.key.ethertype, 0x8100);
	assert_int_equal(pkt.key.ipproto, FLOW_PROTO_NONE);
	assert_int_equal(pkt.key.sport, FLOW_SUM_ETHERTYPE);
	assert_int_equal(packet_build(&packet, 1, "eth qinq:8 qinq:7 vlan:6 vlan:5 ip4 tcp"), 0);
	pkt = parse(packet.data, packet.size, 0, 0);
	assert_int_equal(pkt.key.ethertype, 0x8100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_whole_frames_are_not_cut),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_prefixes_grow),
		cmocka_unit_test(test_raw_ip),
		cmocka_unit_test(test_raw_ip_behind),
		cmocka_unit_test(test_unsaid),
		cmocka_unit_test(test_stripped_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
