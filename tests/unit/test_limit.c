/* SPDX-License-Identifier: MIT */
/* limit.h: what selects and what is compared, durations, the margin, and every refusal. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "limit.h"

#define SECOND 1000000000ULL

static struct limit *limit_of(const char *text)
{
	struct limit *limit;
	char why[128];
	size_t column;

	if (limit_parse(text, &limit, why, sizeof(why), &column))
		fail_msg("%s: %zu, %s", text, column, why);
	return limit;
}

/* An interval with so many bytes in each of a few flows; what the limit says. */
static enum limit_news pass_in(struct limit *limit, enum limit_interval interval,
			       uint64_t elapsed_ns, uint64_t in_53, uint64_t in_443,
			       uint64_t out_53)
{
	const struct {
		uint16_t port;
		enum flow_dir dir;
		uint64_t bytes;
	} flows[] = {{53, FLOW_IN, in_53}, {443, FLOW_IN, in_443}, {53, FLOW_OUT, out_53}};

	limit_begin(limit);
	for (size_t i = 0; i < 3; i++) {
		const struct flow_key key = {.dport = flows[i].port,
					     .sport = 40000,
					     .ethertype = 0x0800,
					     .ipproto = 17,
					     .where = FLOW_WHERE(0, flows[i].dir)};
		const struct filter_subject subject = {.key = &key, .bps = -1, .pps = -1};
		const struct flow_counts delta = {flows[i].bytes / 100, flows[i].bytes};

		limit_add(limit, &subject, &delta);
	}
	return limit_judge(limit, interval, elapsed_ns, 5);
}

/* One of a second. */
static enum limit_news pass(struct limit *limit, uint64_t in_53, uint64_t in_443, uint64_t out_53)
{
	return pass_in(limit, LIMIT_INTERVAL_WHOLE, SECOND, in_53, in_443, out_53);
}

static void test_sums(void **state)
{
	struct limit *limit = limit_of("in bps > 8000");

	/* Neither flow is over it, both together are. */
	assert_int_equal(pass(limit, 600, 400, 90000), LIMIT_SAME);
	assert_int_equal(pass(limit, 600, 500, 0), LIMIT_EXCEEDED);
	assert_true(limit_is_exceeded(limit));
	limit_free(limit);
	limit = limit_of("port 53 pps > 5 and pps < 100");
	assert_int_equal(pass(limit, 300, 9000, 200), LIMIT_SAME);
	assert_int_equal(pass(limit, 400, 9000, 200), LIMIT_EXCEEDED);
	limit_free(limit);
	/* Since start. */
	limit = limit_of("(port 53 or port 80) bytes > 1k");
	assert_int_equal(pass(limit, 600, 9000, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 0, 9000, 500), LIMIT_EXCEEDED);
	assert_int_equal(pass(limit, 0, 0, 0), LIMIT_SAME);
	limit_free(limit);
	limit = limit_of("bytes > 100 and not port 443");
	assert_int_equal(pass(limit, 100, 9000, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 1, 9000, 0), LIMIT_EXCEEDED);
	limit_free(limit);
}

static void test_durations(void **state)
{
	struct limit *limit = limit_of("bps > 8000 for 3s");

	assert_int_equal(pass(limit, 2000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 2000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 900, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 2000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 2000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 2000, 0, 0), LIMIT_EXCEEDED);
	/* A tenth below it is not over yet. */
	assert_int_equal(pass(limit, 950, 0, 0), LIMIT_SAME);
	assert_true(limit_is_exceeded(limit));
	assert_int_equal(pass(limit, 890, 0, 0), LIMIT_OVER);
	assert_int_equal(limit_times(limit), 1);
	assert_int_equal(limit_since_wall_ns(limit), 5);
	limit_free(limit);
	limit = limit_of("pps < 10");
	assert_int_equal(pass(limit, 900, 0, 0), LIMIT_EXCEEDED);
	assert_int_equal(pass(limit, 1050, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 1200, 0, 0), LIMIT_OVER);
	limit_free(limit);
}

/* Rates of a moment at the start or at the end of a run exceed nothing, and nothing is lost for it. */
static void test_moments(void **state)
{
	const uint64_t moment = SECOND / 1000;
	struct limit *limit = limit_of("pps < 10");

	assert_int_equal(pass_in(limit, LIMIT_INTERVAL_FIRST, 0, 0, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 1200, 0, 0), LIMIT_SAME);
	assert_int_equal(pass_in(limit, LIMIT_INTERVAL_LAST, moment, 0, 0, 0), LIMIT_SAME);
	limit_free(limit);
	limit = limit_of("pps > 15");
	assert_int_equal(pass_in(limit, LIMIT_INTERVAL_FIRST, moment, 1000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 500, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 1000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass_in(limit, LIMIT_INTERVAL_LAST, moment, 300, 0, 0), LIMIT_SAME);
	limit_free(limit);
	/* What is counted since start counts until the end. */
	limit = limit_of("packets > 25");
	assert_int_equal(pass_in(limit, LIMIT_INTERVAL_FIRST, 0, 1000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass(limit, 1000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass_in(limit, LIMIT_INTERVAL_LAST, moment, 600, 0, 0), LIMIT_EXCEEDED);
	limit_free(limit);
	/* A last interval of some length is one like others. */
	limit = limit_of("pps > 15");
	assert_int_equal(pass(limit, 1000, 0, 0), LIMIT_SAME);
	assert_int_equal(pass_in(limit, LIMIT_INTERVAL_LAST, SECOND / 2, 900, 0, 0),
			 LIMIT_EXCEEDED);
	limit_free(limit);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *why;
		size_t column;
	} cases[] = {
		{"", "empty; give for example 'in bps > 100M for 10s'", 0},
		{"port 53", "nothing is compared; add for example 'bps > 100M'", 0},
		{"in bps > 1M or out bps > 1M",
		 "a limit compares one sum; join its conditions by 'and', and give several limits "
		 "instead of 'or'",
		 0},
		{"not bps > 1M",
		 "a limit compares one sum; join its conditions by 'and', and give several limits "
		 "instead of 'or'",
		 0},
		{"in bps > ", NULL, 9},
		{"bps > 1 for", "expected a time after 'for', for example 10s", 8},
		{"bps > 1 for 10", "expected a time after 'for', for example 10s", 8},
		{"bps > 1 for x for 5s", "expected a time after 'for', for example 10s", 8},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct limit *limit;
		char why[160];
		size_t column;

		assert_int_equal(limit_parse(cases[i].text, &limit, why, sizeof(why), &column),
				 -EINVAL);
		assert_int_equal(column, cases[i].column);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
