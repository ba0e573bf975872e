/* SPDX-License-Identifier: MIT */
/* past.h: averages over flows that come, go and return, and over a change of era. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "past.h"

#define NS_PER_SEC 1000000000LL
#define SECONDS	   45

/* Flows by place; the last one is new at second 41, the third pauses from 20 to 42. */
enum {
	STEADY,
	RISING,
	PAUSED,
	FLOWS_FIRST,
	NEW = FLOWS_FIRST,
	FLOWS,
};

static uint64_t bytes_in(int flow, int second)
{
	switch (flow) {
	case STEADY: return 1000;
	case RISING: return (uint64_t)second * 100;
	case PAUSED: return second < 20 || second > 42 ? 500 : 0;
	default: return second > 40 ? 8000 : 0;
	}
}

static uint64_t bytes_between(int flow, int from, int to)
{
	uint64_t bytes = 0;

	for (int second = from + 1; second <= to; second++)
		bytes += bytes_in(flow, second);
	return bytes;
}

/* A paused flow stays for five seconds, as the ledger keeps it. */
static bool is_there(int flow, int second)
{
	if (flow == PAUSED)
		return second < 25 || second > 42;
	return flow != NEW || second > 40;
}

static struct snapshot *make(int second, struct flow_table *table)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(FLOWS, &snapshot), 0);
	snapshot->table = flow_table_ref(table);
	snapshot->era = table->era;
	snapshot->seq = (uint64_t)second;
	snapshot->mono_ns = (uint64_t)(second * NS_PER_SEC);
	snapshot->wall_ns = second * NS_PER_SEC;
	snapshot->elapsed_ns = NS_PER_SEC;
	snapshot->count = 0;
	for (int flow = 0; flow < FLOWS; flow++) {
		struct snapshot_row *row = &snapshot->row[snapshot->count];

		if (!is_there(flow, second))
			continue;
		row->id = (uint64_t)flow;
		row->delta_bytes = bytes_in(flow, second);
		row->bytes = bytes_between(flow, 0, second);
		snapshot->count++;
	}
	return snapshot;
}

static struct flow_table *make_table(uint32_t era)
{
	struct flow_table *table;
	uint32_t id;

	assert_int_equal(flow_table_new(era, &table), 0);
	for (int flow = 0; flow < FLOWS; flow++) {
		struct flow_table_entry entry = {
			.key = {.sport = (uint16_t)(flow + 1)},
			.first_wall_ns = flow == NEW ? 40 * NS_PER_SEC : 0,
			.previous_id = era > 1 ? (uint32_t)flow : FLOW_TABLE_NO_ID,
		};

		assert_int_equal(flow_table_append(table, &entry, &id), 0);
	}
	return table;
}

/* `turn`: the second from which the second era counts. */
static struct ring *make_ring(int turn)
{
	struct flow_table *first = make_table(1), *second = make_table(2);
	struct ring *ring;

	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &ring), 0);
	for (int i = 1; i <= SECONDS; i++)
		ring_publish(ring, make(i, i < turn ? first : second));
	flow_table_unref(first);
	flow_table_unref(second);
	return ring;
}

static void expect(double got, uint64_t bytes, int seconds)
{
	double wanted = rate_bps(bytes, (uint64_t)(seconds * NS_PER_SEC));

	assert_true(got > wanted - 0.5 && got < wanted + 0.5);
}

static void check(int turn)
{
	static const int seconds[PAST_WINDOWS] = {2, 10, 40};
	struct ring *ring = make_ring(turn);
	struct snapshot *shown = ring_latest(ring);
	struct past past = {0};
	double bps[FLOWS], rates[10];

	past_take(&past, ring, shown, PAST_MAX);
	for (int window = 0; window < PAST_WINDOWS; window++) {
		assert_true(past_averages(&past, (enum past_window)window, bps));
		for (int flow = 0; flow < FLOWS; flow++)
			expect(bps[flow], bytes_between(flow, SECONDS - seconds[window], SECONDS),
			       seconds[window]);
	}
	assert_int_equal(past_rates(&past, RISING, rates, 10), 10);
	for (int i = 0; i < 10; i++)
		expect(rates[i], bytes_in(RISING, SECONDS - 9 + i), 1);
	assert_int_equal(past_rates(&past, NEW, rates, 10), 10);
	assert_true(rates[0] == 0.0);
	past_release(&past);
	snapshot_unref(shown);
	ring_free(ring);
}

static void test_one_era(void **state)
{
	check(SECONDS + 1);
}

static void test_two_eras(void **state)
{
	check(44);
	check(30);
	check(10);
}

/* Back over two changes of era through thinned snapshots, which have only their own rows in their tables. */
static void test_thinned_eras(void **state)
{
	static const uint32_t era[] = {3, 2, 2, 1};
	struct past past = {.count = 4};
	struct snapshot *whole;
	double bps[FLOWS];

	for (size_t i = 0; i < past.count; i++) {
		struct flow_table *table = make_table(era[i]);

		whole = make(SECONDS - (int)i, table);
		flow_table_unref(table);
		past.held[i] = i ? NULL : whole;
		if (i) {
			assert_int_equal(snapshot_thin(whole, 1, &past.held[i]), 0);
			snapshot_unref(whole);
		}
	}
	assert_true(past_averages(&past, PAST_2S, bps));
	expect(bps[NEW], 2 * 8000, 2);
	assert_int_equal(past_rates(&past, NEW, bps, 4), 4);
	for (size_t i = 0; i < past.count; i++)
		expect(bps[i], 8000, 1);
	assert_int_equal(past_rates(&past, STEADY, bps, 4), 4);
	assert_true(bps[0] < 0.0 && bps[2] < 0.0);
	past_release(&past);
}

static void test_nothing_before(void **state)
{
	struct ring *ring = make_ring(SECONDS + 1);
	struct snapshot *shown = ring_latest(ring);
	struct past past = {0};
	double bps[FLOWS];

	past_take(&past, ring, shown, 1);
	assert_false(past_averages(&past, PAST_2S, bps));
	past_release(&past);
	past_release(&past);
	snapshot_unref(shown);
	ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_era),
		cmocka_unit_test(test_two_eras),
		cmocka_unit_test(test_thinned_eras),
		cmocka_unit_test(test_nothing_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
