/* SPDX-License-Identifier: MIT */
/*
 * Golden frames through the real programs: each gives exactly the row and counts the rules say, in
 * both directions, changes nothing, and lets the packet go on.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "native.h"
#include "captures.h"
#include "flow_rig.h"
#include "key_text.h"

#define VERDICT_NEXT 0xffffffffU /* TC_ACT_UNSPEC, TCX_NEXT */
#define SLOT	     5
#define PREFIX_MAX   120
/* Longer frames than this do not fit into a test run. */
#define TEST_RUN_MAX 3400

static int set_up(void **state)
{
	const struct rig_options options = {.slot = SLOT, .map_entries = 512};

	return rig_new(&options, (struct rig **)state);
}

static int tear_down(void **state)
{
	rig_free(*state);
	return 0;
}

/* What BPF_PROG_TEST_RUN refuses: bpf_prog_test_run_skb() in the kernel's net/bpf/test_run.c. */
static bool kernel_refuses(const uint8_t *frame, size_t size)
{
	unsigned int ethertype = size < 14 ? 0 : frame[12] << 8 | frame[13];

	return size < 14 || size > TEST_RUN_MAX || (ethertype == 0x0800 && size < 34) ||
	       (ethertype == 0x86dd && size < 54);
}

static void assert_row(const char *name, const struct rig_row *got, const struct flow_key *want,
		       const struct flow_counts *counts)
{
	char got_text[KEY_TEXT_MAX], want_text[KEY_TEXT_MAX];

	if (memcmp(&got->key, want, sizeof(*want)) != 0)
		fail_msg("%s:\n  got  %s\n  want %s", name, key_text(&got->key, got_text),
			 key_text(want, want_text));
	if (got->counts.packets != counts->packets || got->counts.bytes != counts->bytes)
		fail_msg("%s: got %llu packets, %llu bytes; want %llu, %llu", name,
			 got->counts.packets, got->counts.bytes, counts->packets, counts->bytes);
}

/* One frame, and nothing else, since the rig was cleared. */
static void assert_one(struct rig *rig, const char *name, const struct flow_key *want,
		       const struct flow_counts *counts)
{
	struct rig_row rows[2];
	struct flow_counts total;

	assert_int_equal(rig_rows(rig, 0, rows, 2), 1);
	assert_row(name, &rows[0], want, counts);
	total = rig_total(rig, 0, want->where);
	assert_int_equal(total.packets, counts->packets);
	assert_int_equal(total.bytes, counts->bytes);
	total = rig_total(rig, 0, want->where ^ 1);
	assert_int_equal(total.packets, 0);
}

static void run(struct rig *rig, enum flow_dir dir, const char *name, const struct packet *packet,
		size_t size, uint32_t gso_size)
{
	uint32_t verdict = 0;
	int r = rig_run(rig, dir, packet->data, size, gso_size, 1, &verdict);

	if (r)
		fail_msg("%s, %zu bytes: test run: %s", name, size, strerror(-r));
	if (verdict != VERDICT_NEXT)
		fail_msg("%s: verdict %u", name, verdict);
}

static void run_golden(struct rig *rig, enum flow_dir dir)
{
	static struct packet packet;
	struct flow_counts counts;
	struct flow_key key;

	for (size_t i = 0; i < capture_count(); i++) {
		const struct capture *capture = capture_get(i);

		assert_int_equal(capture_build(i, &packet, &key, &counts), 0);
		key.where = FLOW_WHERE(SLOT, dir);
		if (kernel_refuses(packet.data, packet.size))
			continue;
		assert_int_equal(rig_clear(rig), 0);
		run(rig, dir, capture->name, &packet, packet.size, capture->gso_size);
		assert_one(rig, capture->name, &key, &counts);
	}
}

static void test_golden_ingress(void **state)
{
	run_golden(*state, FLOW_IN);
}

static void test_golden_egress(void **state)
{
	run_golden(*state, FLOW_OUT);
}

/* The key of a prefix is what the same parser says natively, where a unit test looks after it. */
static void test_prefixes(void **state)
{
	static struct packet packet;
	struct rig *rig = *state;
	struct native native;
	struct flow_counts counts;
	struct flow_key key;

	for (size_t i = 0; i < capture_count(); i++) {
		assert_int_equal(capture_build(i, &packet, &key, &counts), 0);
		for (size_t size = 14; size <= packet.size && size <= PREFIX_MAX; size++) {
			if (kernel_refuses(packet.data, size))
				continue;
			native = native_parse(packet.data, size, 0, false);
			if (native.later)
				break;
			native.key.where = FLOW_WHERE(SLOT, FLOW_IN);
			counts = (struct flow_counts){1, size};
			assert_int_equal(rig_clear(rig), 0);
			run(rig, FLOW_IN, capture_get(i)->name, &packet, size, 0);
			assert_one(rig, capture_get(i)->name, &native.key, &counts);
		}
	}
}

/* A whole run without clearing: the rows sum to the totals after every single frame. */
static void test_sum_closes(void **state)
{
	static struct rig_row rows[4096];
	static struct packet packet;
	struct flow_counts counts, total, sum, want = {};
	struct rig *rig = *state;
	struct flow_key key;

	assert_int_equal(rig_clear(rig), 0);
	for (size_t i = 0; i < capture_count(); i++) {
		assert_int_equal(capture_build(i, &packet, &key, &counts), 0);
		if (kernel_refuses(packet.data, packet.size))
			continue;
		run(rig, FLOW_OUT, capture_get(i)->name, &packet, packet.size,
		    capture_get(i)->gso_size);
		want.packets += counts.packets;
		want.bytes += counts.bytes;
		sum = (struct flow_counts){};
		for (long n = rig_rows(rig, 0, rows, 4096); n-- > 0;) {
			sum.packets += rows[n].counts.packets;
			sum.bytes += rows[n].counts.bytes;
		}
		total = rig_total(rig, 0, FLOW_WHERE(SLOT, FLOW_OUT));
		assert_int_equal(total.packets, want.packets);
		assert_int_equal(total.bytes, want.bytes);
		assert_int_equal(sum.packets, want.packets);
		assert_int_equal(sum.bytes, want.bytes);
	}
}

/* The same frame again and again: everything in one slot of the cache. */
static void run_repeat(struct rig *rig, const char *words, uint32_t gso_size,
		       struct flow_counts counts)
{
	const uint32_t repeat = 100000;
	static struct packet packet;
	struct native native;
	uint32_t verdict;

	assert_int_equal(packet_build(&packet, 1, words), 0);
	native = native_parse(packet.data, packet.size, 0, false);
	native.key.where = FLOW_WHERE(SLOT, FLOW_IN);
	counts.packets *= repeat;
	counts.bytes *= repeat;
	assert_int_equal(rig_clear(rig), 0);
	assert_int_equal(
		rig_run(rig, FLOW_IN, packet.data, packet.size, gso_size, repeat, &verdict), 0);
	assert_one(rig, words, &native.key, &counts);
}

static void test_repeat(void **state)
{
	run_repeat(*state, "eth ip4 tcp data:100", 0, (struct flow_counts){1, 154});
	run_repeat(*state, "eth vlan ip6 tcp data:3000", 1400,
		   (struct flow_counts){3, 3000 + 3 * 78});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_ingress), cmocka_unit_test(test_golden_egress),
		cmocka_unit_test(test_prefixes),       cmocka_unit_test(test_sum_closes),
		cmocka_unit_test(test_repeat),
	};

	if (rig_cannot_run())
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
