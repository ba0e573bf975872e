/* SPDX-License-Identifier: MIT */
/* group.h: every flow in exactly one group, and the same sums whatever it is grouped by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "group.h"

static const struct flow_about nobody;

static struct flow_key flow(uint8_t src, uint8_t dst, uint16_t sport, uint16_t dport,
			    uint8_t ipproto, enum flow_dir dir)
{
	struct flow_key key = {.sport = sport,
			       .dport = dport,
			       .ethertype = ETH_P_IP,
			       .ipproto = ipproto,
			       .where = FLOW_WHERE(0, dir)};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[12] = key.dst[12] = 10;
	key.src[15] = src;
	key.dst[15] = dst;
	return key;
}

/* This machine is 10.0.0.1. */
static size_t make_flows(struct flow_key *key)
{
	size_t count = 0;

	key[count++] = flow(1, 2, 40000, 443, IPPROTO_TCP, FLOW_OUT);
	key[count++] = flow(2, 1, 443, 40000, IPPROTO_TCP, FLOW_IN);
	key[count++] = flow(1, 2, 40001, 443, IPPROTO_TCP, FLOW_OUT);
	key[count++] = flow(1, 3, 40001, 53, IPPROTO_UDP, FLOW_OUT);
	key[count++] = flow(1, 2, 8, 0, IPPROTO_ICMP, FLOW_OUT);
	key[count++] = flow(2, 1, 0, 0, IPPROTO_ICMP, FLOW_IN);
	key[count++] = (struct flow_key){
		.sport = FLOW_SUM_ETHERTYPE, .ethertype = ETH_P_LLDP, .ipproto = FLOW_PROTO_NONE};
	key[count] = key[count - 1];
	key[count++].where = FLOW_WHERE(0, FLOW_OUT);
	return count;
}

static struct group *grouped(enum group_by by, struct flow_counts ret_sum[FLOW_DIRS])
{
	struct flow_key key[16];
	size_t count = make_flows(key);
	struct group *group;

	memset(ret_sum, 0, FLOW_DIRS * sizeof(*ret_sum));
	assert_int_equal(group_new(&group), 0);
	group_reset(group, by, NULL);
	for (size_t i = 0; i < count; i++) {
		struct flow_counts delta = {i + 1, 100 * i}, total = {10 * i, 1000 * i};

		assert_int_equal(group_add(group, &key[i], &delta, &total, (int64_t)(50 - i), nobody),
				 0);
	}
	for (size_t i = 0; i < group_count(group); i++) {
		for (int dir = 0; dir < FLOW_DIRS; dir++) {
			ret_sum[dir].packets += group_get(group, i)->delta[dir].packets;
			ret_sum[dir].bytes += group_get(group, i)->total[dir].bytes;
		}
	}
	return group;
}

static void test_sums(void **state)
{
	static const size_t groups[GROUPS] = {8, 5, 3, 4, 4, 2, 2, 2, 1, 2, 2, 2};
	struct flow_counts expected[FLOW_DIRS], sum[FLOW_DIRS];
	uint32_t flows;

	group_free(grouped(GROUP_FLOW, expected));
	for (int by = 0; by < GROUPS; by++) {
		struct group *group = grouped((enum group_by)by, sum);

		assert_memory_equal(sum, expected, sizeof(sum));
		assert_int_equal(group_count(group), groups[by]);
		flows = 0;
		for (size_t i = 0; i < group_count(group); i++) {
			flows += group_get(group, i)->flows;
			assert_int_equal(group_find(group, &group_get(group, i)->key), i);
		}
		assert_int_equal(flows, 8);
		group_free(group);
	}
}

static void test_conversation(void **state)
{
	struct flow_key out = flow(1, 2, 40000, 443, IPPROTO_TCP, FLOW_OUT);
	struct flow_key in = flow(2, 1, 443, 40000, IPPROTO_TCP, FLOW_IN);
	struct flow_key one = group_key(GROUP_CONVERSATION, &out, NULL, nobody);
	struct flow_key other = group_key(GROUP_CONVERSATION, &in, NULL, nobody);
	char text[128];

	assert_memory_equal(&one, &other, sizeof(one));
	assert_string_equal(group_source(GROUP_CONVERSATION, &one, NULL, NULL, text, sizeof(text)),
			    "10.0.0.1:40000");
	assert_string_equal(group_destination(GROUP_CONVERSATION, &one, text, sizeof(text)),
			    "10.0.0.2:443");
}

static void test_many(void **state)
{
	struct flow_counts none = {1, 1};
	struct group *group;

	assert_int_equal(group_new(&group), 0);
	for (int round = 0; round < 2; round++) {
		group_reset(group, GROUP_FLOW, NULL);
		for (unsigned int i = 0; i < 20000; i++) {
			struct flow_key key = flow((uint8_t)i, (uint8_t)(i >> 8), 1, 1, 6, FLOW_IN);

			assert_int_equal(group_add(group, &key, &none, &none, 0, nobody), 0);
		}
		assert_int_equal(group_count(group), 20000);
	}
	group_free(group);
}

/* What one grouping needed for 20,000 flows, another gives back. */
static void test_memory(void **state)
{
	struct flow_counts none = {1, 1};
	struct group *group;
	size_t first;

	assert_int_equal(group_new(&group), 0);
	first = group_bytes(group);
	group_reset(group, GROUP_CONVERSATION, NULL);
	for (unsigned int i = 0; i < 20000; i++) {
		struct flow_key key = flow((uint8_t)i, (uint8_t)(i >> 8), 1, 1, 6, FLOW_IN);

		assert_int_equal(group_add(group, &key, &none, &none, 0, nobody), 0);
	}
	assert_true(group_bytes(group) > 20000 * sizeof(struct flow_key));
	group_reset(group, GROUP_PROTOCOL, NULL);
	assert_int_equal(group_bytes(group), first);
	assert_int_equal(group_count(group), 0);
	group_free(group);
}

static void test_names(void **state)
{
	for (int by = 0; by < GROUPS; by++) {
		assert_int_equal(group_of_name(group_name((enum group_by)by)), by);
		assert_int_equal(group_of_name(group_plural((enum group_by)by)), by);
	}
	assert_int_equal(group_of_name("proto"), GROUP_PROTOCOL);
	assert_int_equal(group_of_name("nosuch"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),  cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_many),  cmocka_unit_test(test_memory),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
