/* SPDX-License-Identifier: MIT */
/* over.h: which rows of a view are over a limit, alone or as the largest part, and when none is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "flow.h"
#include "over.h"

#define FLOWS 6

/* From host i / 2 to port 53 or 443; so many bytes in a second. */
static const uint64_t flow_bytes[FLOWS] = {1000, 2000, 3000, 100, 200, 300};

static struct flow_key key_of(size_t i)
{
	struct flow_key key = {.sport = (uint16_t)(1000 + i),
			       .dport = i % 2 ? 443 : 53,
			       .ethertype = ETH_P_IP,
			       .ipproto = IPPROTO_UDP,
			       .where = FLOW_WHERE(0, FLOW_OUT)};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[15] = 1;
	key.dst[15] = (uint8_t)(2 + i / 2);
	return key;
}

static struct snapshot *make_flows(uint64_t seq)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(FLOWS, &snapshot), 0);
	assert_int_equal(flow_table_new(1, &snapshot->table), 0);
	snapshot->era = 1;
	snapshot->seq = seq;
	snapshot->elapsed_ns = 1000000000;
	for (size_t i = 0; i < FLOWS; i++) {
		struct flow_table_entry entry = {.key = key_of(i)};
		uint32_t id;

		assert_int_equal(flow_table_append(snapshot->table, &entry, &id), 0);
		snapshot->row[i].id = id;
		snapshot->row[i].delta_packets = 1;
		snapshot->row[i].delta_bytes = snapshot->row[i].bytes = flow_bytes[i];
	}
	return snapshot;
}

/* The rows that are over the limit: a digit for each flow that falls into one. */
static void check_over(const char *limit, enum group_by by, unsigned int limits, const char *wanted)
{
	struct over_shown shown = {.snapshot = make_flows(7), .by = by, .limits = limits};
	char found[FLOWS + 1] = "";
	struct over *over;

	assert_int_equal(over_new(&limit, 1, &over), 0);
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(over_take(over, &shown), 0);
		*found = '\0';
		for (size_t i = 0; i < FLOWS; i++) {
			struct flow_key key = key_of(i);

			key = group_key(by, &key, NULL, (struct flow_about){0});
			if (over_has(over, &key))
				strcat(found, (const char[]){(char)('0' + i), '\0'});
		}
		assert_string_equal(found, wanted);
	}
	over_free(over);
	snapshot_unref((struct snapshot *)shown.snapshot);
}

static void test_rows(void **state)
{
	/* Alone. */
	check_over("out bps > 15k", GROUP_FLOW, 1, "12");
	check_over("out bps > 15k", GROUP_CONVERSATION, 1, "12");
	check_over("out bps > 24100", GROUP_HOST, 1, "23");
	check_over("port 443 and bps > 10k", GROUP_FLOW, 1, "1");
	/* Only together: the largest part. */
	check_over("out bps > 50k", GROUP_FLOW, 1, "2");
	check_over("out bps > 50k", GROUP_HOST, 1, "23");
	check_over("bytes > 6000", GROUP_FLOW, 1, "2");
}

static void test_none(void **state)
{
	check_over("in bps > 1", GROUP_FLOW, 1, "");
	check_over("out bps > 100k", GROUP_FLOW, 1, "");
	/* Not exceeded, as the program says. */
	check_over("out bps > 15k", GROUP_FLOW, 0, "");
	/* Too little is said of no row. */
	check_over("out bps < 100k", GROUP_FLOW, 1, "");
	assert_false(over_has(NULL, &(struct flow_key){0}));
}

/* What was found is looked for again in another view, and another snapshot. */
static void test_news(void **state)
{
	const char *limit = "out bps > 15k";
	struct snapshot *first = make_flows(1), *second = make_flows(2);
	struct over_shown shown = {.snapshot = first, .by = GROUP_FLOW, .limits = 1};
	const struct flow_key flow = key_of(2);
	struct over *over;

	assert_int_equal(over_new(&limit, 1, &over), 0);
	assert_int_equal(over_take(over, &shown), 0);
	assert_true(over_has(over, &flow));
	second->row[2].delta_bytes = 1;
	shown.snapshot = second;
	assert_int_equal(over_take(over, &shown), 0);
	assert_false(over_has(over, &flow));
	shown.snapshot = first;
	shown.by = GROUP_SERVICE;
	assert_int_equal(over_take(over, &shown), 0);
	assert_false(over_has(over, &flow));
	over_free(over);
	snapshot_unref(first);
	snapshot_unref(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
