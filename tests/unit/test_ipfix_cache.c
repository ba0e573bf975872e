/* SPDX-License-Identifier: MIT */
/* ipfix_cache.h: records are due when they should be, and nothing counted is missing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipfix_cache.h"

#define ACTIVE 60000
#define IDLE   15000

struct given {
	struct flow_counts counts[FLOW_DIRS];
	unsigned int records, rests, reason[8];
	unsigned int most; /* records that are taken; then -EAGAIN */
	struct ipfix_pending last;
};

static int take_given(void *context, const struct ipfix_pending *pending,
		      enum ipfix_end_reason reason, bool is_rest)
{
	struct given *given = context;

	if (given->records >= given->most)
		return -EAGAIN;
	flow_counts_add(&given->counts[flow_key_dir(&pending->key)], &pending->counts);
	given->records++;
	given->rests += is_rest;
	given->reason[reason]++;
	given->last = *pending;
	return 0;
}

static struct ipfix_pending counted_at(uint16_t port, uint32_t from_ms, uint32_t to_ms)
{
	return (struct ipfix_pending){
		.key = {.sport = port, .ethertype = 0x0800, .ipproto = 6, .where = port & 1},
		.counts = {.packets = 2, .bytes = 200},
		.start_ms = from_ms,
		.end_ms = to_ms,
		.ifindex = 4,
		.link_header = 14,
	};
}

static int expire(struct ipfix_cache *cache, uint32_t now_ms, bool all, struct given *given)
{
	return ipfix_cache_expire(cache, now_ms, ACTIVE, IDLE, all, take_given, given);
}

/* What becomes known after the last packet is in the record; of a flow that is not here, nothing is kept. */
static void test_known_later(void **state)
{
	struct ipfix_pending flow = counted_at(1, 0, 1000), other = counted_at(2, 0, 1000);
	struct given given = {.most = UINT32_MAX};
	struct ipfix_cache *cache;

	assert_int_equal(ipfix_cache_new(10, &cache), 0);
	ipfix_cache_add(cache, &flow);
	flow.about = (struct flow_about){7, 8};
	ipfix_cache_tell(cache, &flow);
	ipfix_cache_tell(cache, &other);
	assert_int_equal(expire(cache, 2000, true, &given), 0);
	assert_int_equal(given.records, 1);
	assert_int_equal(given.last.about.owner, 7);
	assert_int_equal(given.last.about.sight, 8);
	assert_int_equal(given.last.counts.packets, 2);
	ipfix_cache_free(cache);
}

static void test_timeouts(void **state)
{
	struct ipfix_pending busy = counted_at(1, 0, 1000), brief = counted_at(2, 0, 1000);
	struct given given = {.most = UINT32_MAX};
	struct ipfix_cache *cache;

	assert_int_equal(ipfix_cache_new(100, &cache), 0);
	ipfix_cache_add(cache, &brief);
	for (uint32_t second = 1; second <= 60; second++) {
		ipfix_cache_add(cache, &busy);
		busy.end_ms += 1000;
		assert_int_equal(expire(cache, second * 1000, false, &given), 0);
		assert_int_equal(given.reason[IPFIX_END_IDLE], second >= 16);
		assert_int_equal(given.reason[IPFIX_END_ACTIVE], second >= 60);
	}
	assert_int_equal(given.last.counts.packets, 120);
	assert_int_equal(given.last.start_ms, 0);
	assert_int_equal(given.last.end_ms, 60000);
	assert_int_equal(ipfix_cache_count(cache), 0);
	ipfix_cache_add(cache, &busy);
	assert_int_equal(expire(cache, busy.end_ms, true, &given), 0);
	assert_int_equal(given.reason[IPFIX_END_FORCED], 1);
	ipfix_cache_free(cache);
}

static void test_another_interface(void **state)
{
	struct ipfix_pending flow = counted_at(1, 0, 1000);
	struct given given = {.most = UINT32_MAX};
	struct ipfix_cache *cache;

	assert_int_equal(ipfix_cache_new(100, &cache), 0);
	ipfix_cache_add(cache, &flow);
	flow.ifindex = 5;
	ipfix_cache_add(cache, &flow);
	assert_int_equal(ipfix_cache_count(cache), 2);
	assert_int_equal(expire(cache, 0, true, &given), 0);
	assert_int_equal(given.records, 2);
	ipfix_cache_free(cache);
}

/* More flows than there is room for, some given in parts, at any time. */
static void test_sums(void **state)
{
	struct given given = {.most = 0};
	struct flow_counts sum[FLOW_DIRS] = {{0}};
	struct ipfix_cache *cache;
	uint32_t seed = 5, now = UINT32_MAX - 400000; /* and over the end of the numbers */

	assert_int_equal(ipfix_cache_new(800, &cache), 0);
	for (int i = 0; i < 200000; i++) {
		struct ipfix_pending flow;

		seed = seed * 1664525 + 1013904223;
		flow = counted_at((uint16_t)(seed >> 22), now, now + 1000);
		flow.counts = (struct flow_counts){seed >> 28 | 1, seed >> 16};
		flow_counts_add(&sum[flow_key_dir(&flow.key)], &flow.counts);
		ipfix_cache_add(cache, &flow);
		if (i % 500)
			continue;
		now += 4000;
		given.most = given.records + (seed >> 20 & 255);
		(void)expire(cache, now, false, &given);
		assert_true(ipfix_cache_count(cache) <= 800);
	}
	given.most = UINT32_MAX;
	assert_int_equal(expire(cache, now, true, &given), 0);
	assert_int_equal(ipfix_cache_count(cache), 0);
	assert_true(given.rests > 0 && given.reason[IPFIX_END_IDLE] &&
		    given.reason[IPFIX_END_ACTIVE]);
	assert_memory_equal(given.counts, sum, sizeof(sum));
	ipfix_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_known_later),
		cmocka_unit_test(test_another_interface),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
