/* SPDX-License-Identifier: MIT */
/* Counting in user space: golden frames, fragments, many flows, networks on this side. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "captures.h"
#include "counter.h"
#include "link_type.h"

#define SECOND 1000000000LL

/* What a drain hands over. */
struct drained {
	struct flow_delta first;
	size_t flows;
	struct flow_counts sum;
};

static void take(void *arg, const struct flow_delta *flows, size_t count)
{
	struct drained *drained = arg;

	if (!drained->flows)
		drained->first = flows[0];
	drained->flows += count;
	for (size_t i = 0; i < count; i++)
		flow_counts_add(&drained->sum, &flows[i].counts);
}

static struct drained drain(struct counter *counter)
{
	struct source_reading reading = {0};
	struct drained drained = {0};
	const struct flow_sink sink = {.add = take, .arg = &drained};
	struct flow_counts total = {0};

	counter_drain(counter, &sink, &reading);
	for (unsigned int where = 0; where < FLOW_WHERES; where++)
		flow_counts_add(&total, &reading.total[where]);
	assert_memory_equal(&total, &drained.sum, sizeof(total));
	assert_int_equal(reading.map_used, drained.flows);
	return drained;
}

static struct captured whole(const struct packet *packet)
{
	return (struct captured){.data = packet->data,
				 .size = (uint32_t)packet->size,
				 .length = (uint32_t)packet->size};
}

/* Every golden frame, super-packets too, gets the key and the counts that the programs give it. */
static void golden_frames(void **state)
{
	static struct packet packet;
	struct counter counter = {0};

	assert_int_equal(counter_open(&counter, false, NULL, NULL), 0);
	for (size_t i = 0; i < capture_count(); i++) {
		const struct capture *capture = capture_get(i);
		struct captured captured;
		struct flow_counts counts;
		struct drained drained;
		struct flow_key key;

		assert_int_equal(capture_build(i, &packet, &key, &counts), 0);
		captured = whole(&packet);
		captured.gso_size = capture->gso_size;
		counter_add(&counter, &captured, 0, FLOW_IN, SECOND);
		drained = drain(&counter);
		assert_int_equal(drained.flows, 1);
		if (!flow_key_equal(&drained.first.key, &key))
			fail_msg("%s: another key", capture->name);
		if (drained.sum.packets != counts.packets || drained.sum.bytes != counts.bytes)
			fail_msg("%s: %llu packets, %llu bytes", capture->name,
				 drained.sum.packets, drained.sum.bytes);
	}
	counter_close(&counter);
}

/* An IPv4 fragment of UDP, from the given offset. */
static void make_fragment(uint8_t frame[60], uint16_t id, uint16_t offset, bool more)
{
	const uint8_t head[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0,
				0x45, 0, 0, 46, (uint8_t)(id >> 8), (uint8_t)id,
				(uint8_t)((more ? 0x20 : 0) | offset >> 8), (uint8_t)offset, 64, 17,
				0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x12, 0x34, 0, 53};

	memset(frame, 0, 60);
	memcpy(frame, head, sizeof(head));
}

static uint16_t port_of_fragment(struct counter *counter, uint16_t id, uint16_t offset,
				 int64_t now_ns)
{
	uint8_t frame[60];
	const struct captured captured = {.data = frame, .size = 60, .length = 60};

	make_fragment(frame, id, offset, !offset);
	counter_add(counter, &captured, 0, FLOW_IN, now_ns);
	return drain(counter).first.key.dport;
}

static void fragments(void **state)
{
	struct counter counter = {0};

	assert_int_equal(counter_open(&counter, false, NULL, NULL), 0);
	assert_int_equal(port_of_fragment(&counter, 1, 3, SECOND), 0);
	assert_int_equal(port_of_fragment(&counter, 1, 0, SECOND), 53);
	assert_int_equal(port_of_fragment(&counter, 1, 3, 61 * SECOND), 53);
	assert_int_equal(port_of_fragment(&counter, 2, 3, SECOND), 0);
	/* Too old; and of the most that are kept the oldest is forgotten first. */
	assert_int_equal(port_of_fragment(&counter, 1, 3, 62 * SECOND), 0);
	for (uint32_t id = 2; id < 2 + FRAGMENTS_MAX; id++)
		assert_int_equal(port_of_fragment(&counter, (uint16_t)id, 0, 62 * SECOND), 53);
	assert_int_equal(port_of_fragment(&counter, 1, 3, SECOND), 0);
	assert_int_equal(port_of_fragment(&counter, 2, 3, 62 * SECOND), 53);
	counter_close(&counter);
}

/* More flows than fit at first, twice, so that what is emptied is empty. */
static void many_flows(void **state)
{
	struct counter counter = {0};
	uint8_t frame[60];
	const struct captured captured = {.data = frame, .size = 60, .length = 1500};

	assert_int_equal(counter_open(&counter, false, NULL, NULL), 0);
	make_fragment(frame, 0, 0, false);
	for (uint32_t turn = 0; turn < 2; turn++) {
		for (uint32_t i = 0; i < 3 * 5000; i++) {
			frame[34] = (uint8_t)(i % 5000 >> 8);
			frame[35] = (uint8_t)(i % 5000);
			counter_add(&counter, &captured, 3, FLOW_OUT, SECOND);
		}
		assert_int_equal(counter.tally.count, 5000);
		assert_int_equal(drain(&counter).sum.bytes, 3 * 5000 * 1500);
	}
	assert_int_equal(drain(&counter).flows, 0);
	counter_close(&counter);
}

static void unseen_packets(void **state)
{
	struct counter counter = {0};
	struct drained drained;

	assert_int_equal(counter_open(&counter, false, NULL, NULL), 0);
	counter_add_unseen(&counter, 2, 0);
	assert_int_equal(drain(&counter).flows, 0);
	counter_add_unseen(&counter, 2, 5);
	counter_add_unseen(&counter, 2, 6);
	drained = drain(&counter);
	assert_int_equal(drained.flows, 1);
	assert_int_equal(flow_key_sum(&drained.first.key), FLOW_SUM_UNSEEN);
	assert_int_equal(drained.sum.packets, 11);
	counter_close(&counter);
}

static int add_nets(struct local_nets *nets, const char *text)
{
	const char *wrong;
	size_t length;

	return local_nets_add(nets, text, &wrong, &length);
}

static struct flow_key key_from(const char *bytes)
{
	struct flow_key key = {.ethertype = 0x0800, .ipproto = 17};

	memcpy(key.src, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	memcpy(key.src + 12, bytes, 4);
	return key;
}

static void local_networks(void **state)
{
	struct local_nets nets = {0};
	struct flow_key key = key_from("\x0a\x01\x02\x7f");

	assert_int_equal(local_nets_dir(&nets, &key), FLOW_IN);
	assert_int_equal(add_nets(&nets, "10.1.2.128/25,fd00::/8"), 0);
	assert_int_equal(local_nets_dir(&nets, &key), FLOW_IN);
	assert_int_equal(add_nets(&nets, "10.1.2.127"), 0);
	assert_int_equal(local_nets_dir(&nets, &key), FLOW_OUT);
	key = key_from("\x0a\x01\x02\x80");
	assert_int_equal(local_nets_dir(&nets, &key), FLOW_OUT);
	key.src[0] = 0xfd;
	assert_int_equal(local_nets_dir(&nets, &key), FLOW_OUT);
	key.src[0] = 0xfe;
	assert_int_equal(local_nets_dir(&nets, &key), FLOW_IN);
	for (size_t i = nets.count; i < LOCAL_NETS_MAX; i++)
		assert_int_equal(add_nets(&nets, "::/0"), 0);
	assert_int_equal(add_nets(&nets, "::/0"), -E2BIG);
}

static void wrong_networks(void **state)
{
	static const char *const wrong[] = {"",	     ",",	   "10",	   "10.0.0.0/",
					    "::/129", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
					    "::1,x",  "10.0.0.0/8/8"};
	struct local_nets nets;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		nets.count = 0;
		if (add_nets(&nets, wrong[i]) != -EINVAL)
			fail_msg("'%s' is accepted", wrong[i]);
	}
}

/* A header of its own that is cut is a row, and nothing behind it is read. */
static void cut_link_headers(void **state)
{
	static const uint8_t bytes[20];
	static const uint32_t types[] = {0, 108, 113, 276};
	struct counter counter = {0};

	assert_int_equal(counter_open(&counter, false, NULL, NULL), 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct captured captured = {.data = bytes, .size = 3, .length = 60};
		struct drained drained;

		assert_true(link_type_is_known(types[i]));
		counter_add(&counter, &captured, 0, link_type_read(types[i], &captured), SECOND);
		drained = drain(&counter);
		assert_int_equal(flow_key_sum(&drained.first.key), FLOW_SUM_TRUNCATED);
		assert_int_equal(drained.sum.bytes, 60);
	}
	counter_close(&counter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_frames),   cmocka_unit_test(fragments),
		cmocka_unit_test(many_flows),	   cmocka_unit_test(unseen_packets),
		cmocka_unit_test(local_networks),  cmocka_unit_test(wrong_networks),
		cmocka_unit_test(cut_link_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
