/* SPDX-License-Identifier: MIT */
/* watch.h: limits by what packets said of flows are exceeded like any others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "watch.h"

#define SECOND 1000000000ULL

struct heard {
	enum limit_news of[WATCH_LIMITS_MAX]; /* the last of each limit */
};

static void hear(void *context, size_t i, const struct limit *limit, enum limit_news news,
		 const struct snapshot *now)
{
	struct heard *heard = context;

	heard->of[i] = news;
}

static uint32_t add_sight(struct sight_table *table, enum application application,
			  const char *name)
{
	const struct sight sight = {.application = application,
				    .name = name,
				    .dns = "",
				    .alpn = "",
				    .ja4 = "",
				    .site = NULL};
	uint32_t id;

	assert_int_equal(sight_table_add(table, &sight, &id), 0);
	return id;
}

/* Of two flows, the one with the most bytes is of another site and application. */
static void test_sights(void **state)
{
	static const char *const limits[] = {"app ssh bytes > 50", "app ssh bytes > 500",
					     "site www.example.org bytes > 500",
					     "site other.example.org bytes > 1"};
	struct changed_flow flow[2] = {
		{.key = {.ethertype = ETH_P_IP, .ipproto = IPPROTO_TCP, .sport = 1},
		 .delta = {1, 100},
		 .total = {1, 100}},
		{.key = {.ethertype = ETH_P_IP, .ipproto = IPPROTO_TCP, .sport = 2},
		 .delta = {9, 900},
		 .total = {9, 900}},
	};
	struct snapshot *now;
	struct change change = {.elapsed_ns = SECOND, .flow = flow, .count = 2};
	struct heard heard = {.of = {LIMIT_SAME}};
	struct watch watch = {.news = hear, .context = &heard};
	struct sight_table *table;

	assert_int_equal(snapshot_new(0, &now), 0);
	assert_int_equal(sight_table_new(&table), 0);
	now->elapsed_ns = SECOND;
	change.now = now;
	watch.sights = table;
	flow[0].sight = add_sight(table, APPLICATION_SSH, "");
	flow[1].sight = add_sight(table, APPLICATION_HTTPS, "www.example.org");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		assert_int_equal(watch_add(&watch, limits[i]), 0);
	watch_take(&watch, &change);
	assert_int_equal(heard.of[0], LIMIT_EXCEEDED);
	assert_int_equal(heard.of[1], LIMIT_SAME);
	assert_int_equal(heard.of[2], LIMIT_EXCEEDED);
	assert_int_equal(heard.of[3], LIMIT_SAME);
	watch_done(&watch);
	sight_table_free(table);
	snapshot_unref(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sights)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
