/* SPDX-License-Identifier: MIT */
/* history.h: what it takes up of the ring, and which of it has a rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "history.h"
#include "rate.h"

#define NS_PER_SEC 1000000000ULL

static void publish(struct ring *ring, struct flow_table *table, uint64_t seq, uint64_t elapsed_ns,
		    bool sliver)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(0, &snapshot), 0);
	snapshot->table = flow_table_ref(table);
	snapshot->seq = seq;
	snapshot->mono_ns = seq * NS_PER_SEC;
	snapshot->elapsed_ns = elapsed_ns;
	snapshot->sliver = sliver;
	snapshot->dir[FLOW_IN].delta = (struct flow_counts){10, 1000};
	ring_publish(ring, snapshot);
}

/* The first has no time to have a rate over, and a sliver too little: a peak leaves it out, too. */
static void test_rates(void **state)
{
	struct history history = {0};
	struct flow_table *table;
	struct ring *ring;

	assert_int_equal(flow_table_new(1, &table), 0);
	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	publish(ring, table, 1, 0, false);
	publish(ring, table, 2, NS_PER_SEC, false);
	publish(ring, table, 3, NS_PER_SEC / 100, true);
	history_update(&history, ring);
	assert_int_equal(history.count, 3);
	assert_true(history_get(&history, 0)->bps[FLOW_IN] < 0.0);
	assert_true(history_get(&history, 1)->bps[FLOW_IN] == rate_bps(1000, NS_PER_SEC));
	assert_true(history_get(&history, 1)->pps[FLOW_IN] == rate_pps(10, NS_PER_SEC));
	assert_true(history_get(&history, 2)->bps[FLOW_IN] < 0.0);
	assert_true(history_get(&history, 2)->pps[FLOW_IN] < 0.0);
	assert_int_equal(history_span_ns(&history), 2 * NS_PER_SEC);
	ring_free(ring);
	flow_table_unref(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
