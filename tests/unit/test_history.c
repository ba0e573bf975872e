/* SPDX-License-Identifier: MIT */
/* The history in past.h: what it takes up of the ring, and which of it has a rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "past.h"

#define NS_PER_SEC 1000000000ULL

static void publish(struct ring *ring, struct flow_table *table, uint64_t seq, uint64_t elapsed_ns,
		    uint64_t sample_ns)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(0, &snapshot), 0);
	snapshot->table = flow_table_ref(table);
	snapshot->seq = seq;
	snapshot->mono_ns = seq * NS_PER_SEC;
	snapshot->elapsed_ns = elapsed_ns;
	snapshot->sample.elapsed_ns = sample_ns;
	snapshot->sample.delta[FLOW_IN] = (struct flow_counts){10, 1000};
	ring_publish(ring, snapshot);
}

/* The first has no time to have a rate over, and a short one too little: it is part of the next. */
static void test_rates(void **state)
{
	struct history history = {0};
	struct flow_table *table;
	struct ring *ring;

	assert_int_equal(flow_table_new(1, &table), 0);
	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	publish(ring, table, 1, 0, 0);
	publish(ring, table, 2, NS_PER_SEC, NS_PER_SEC);
	publish(ring, table, 3, NS_PER_SEC / 100, 0);
	publish(ring, table, 4, NS_PER_SEC / 2, NS_PER_SEC / 2 + NS_PER_SEC / 100);
	history_update(&history, ring);
	assert_int_equal(history.count, 4);
	assert_true(history_get(&history, 0)->bps[FLOW_IN] < 0.0);
	assert_true(history_get(&history, 1)->bps[FLOW_IN] == rate_bps(1000, NS_PER_SEC));
	assert_true(history_get(&history, 1)->pps[FLOW_IN] == rate_pps(10, NS_PER_SEC));
	assert_true(history_get(&history, 2)->bps[FLOW_IN] < 0.0);
	assert_true(history_get(&history, 2)->pps[FLOW_IN] < 0.0);
	assert_true(history_get(&history, 3)->bps[FLOW_IN] ==
		    rate_bps(1000, NS_PER_SEC / 2 + NS_PER_SEC / 100));
	assert_int_equal(history_span_ns(&history), 3 * NS_PER_SEC);
	ring_free(ring);
	flow_table_unref(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
