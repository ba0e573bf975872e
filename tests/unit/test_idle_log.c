/* SPDX-License-Identifier: MIT */
/*
 * idle_log.h: what was idle at a moment, against a record of it; and a reader that goes back and
 * forth while the ledger writes, reuses entries and overwrites events.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "ledger.h"
#include "ring.h"

#define SECOND	 1000000000LL
#define FLOWS	 400
#define MOMENTS	 200
#define RUN	 1500 /* intervals while a reader reads */
#define NEW	 500  /* flows that are new in each of them */
#define MAX_SUMS 4096

struct record {
	struct idle_log *log;
	struct idle_moment moment[MOMENTS];
	bool idle[MOMENTS][FLOWS];
	uint32_t seed;
};

static uint32_t draw(struct record *record, uint32_t below)
{
	record->seed = record->seed * 1664525 + 1013904223;
	return (record->seed >> 8) % below;
}

static int collect(void *context, const struct idle_flow *flow, uint32_t place, int sign)
{
	int *seen = context;

	seen[flow->key.sport] += sign;
	return 0;
}

static void expect(const struct record *record, const int *seen, size_t moment)
{
	for (size_t i = 0; i < FLOWS; i++)
		assert_int_equal(seen[i], record->idle[moment][i]);
}

static void fill(struct record *record)
{
	uint32_t place[FLOWS];

	for (size_t i = 0; i < FLOWS; i++)
		place[i] = IDLE_LOG_NONE;
	for (size_t at = 0; at < MOMENTS; at++) {
		idle_log_begin(record->log);
		for (unsigned int i = 0; i < 40; i++) {
			uint32_t flow = draw(record, FLOWS);
			const struct idle_flow idle = {.key = {.sport = (uint16_t)flow}};

			if (place[flow] == IDLE_LOG_NONE) {
				assert_int_equal(idle_log_enter(record->log, &idle, &place[flow]), 0);
				continue;
			}
			idle_log_leave(record->log, place[flow]);
			place[flow] = IDLE_LOG_NONE;
		}
		record->moment[at] = idle_log_commit(record->log);
		for (size_t i = 0; i < FLOWS; i++)
			record->idle[at][i] = place[i] != IDLE_LOG_NONE;
	}
}

static void test_moments(void **state)
{
	struct record *record = calloc(1, sizeof(*record));
	int seen[FLOWS] = {0};
	size_t from = 0;

	assert_non_null(record);
	record->seed = 5;
	assert_int_equal(idle_log_new(FLOWS, &record->log), 0);
	fill(record);
	for (size_t at = 0; at < MOMENTS; at++) {
		int all[FLOWS] = {0};

		assert_int_equal(idle_log_all(record->log, &record->moment[at], collect, all), 0);
		expect(record, all, at);
	}
	assert_int_equal(idle_log_all(record->log, &record->moment[0], collect, seen), 0);
	for (int i = 0; i < 500; i++) {
		size_t to = draw(record, MOMENTS);

		assert_int_equal(idle_log_between(record->log, &record->moment[from],
						  &record->moment[to], collect, seen), 0);
		expect(record, seen, to);
		from = to;
	}
	idle_log_unref(record->log);
	free(record);
}

/* What a snapshot holds, in rows and idle, is all that was counted by then. */
struct sums {
	uint64_t packets;
	size_t flows;
};

static int add_up(void *context, const struct idle_flow *flow, uint32_t place, int sign)
{
	struct sums *sums = context;

	sums->packets += sign > 0 ? flow->total.packets : -flow->total.packets;
	sums->flows += (size_t)sign;
	return 0;
}

struct run {
	struct ledger *ledger;
	struct ring *ring;
	atomic_bool ended;
};

/* Each interval: new flows, one packet each, and one packet of flows long idle. */
static void *write_all(void *arg)
{
	struct run *run = arg;

	for (uint32_t second = 1; second <= RUN; second++) {
		struct flow_key key = {.ethertype = 0x0800, .ipproto = 6};
		struct snapshot *snapshot;

		ledger_begin(run->ledger, second * SECOND, (second + 1) * SECOND);
		for (uint32_t i = 0; i < 2 * NEW; i++) {
			uint32_t flow = i < NEW ? second * NEW + i : i;

			memcpy(&key.src[12], &flow, sizeof(flow));
			if (i < NEW || second % 3 == 0)
				ledger_add(run->ledger, &key, 1, 60);
		}
		if (ledger_snapshot(run->ledger, (uint64_t)second * SECOND, &snapshot))
			break;
		snapshot->seq = second;
		ring_publish(run->ring, snapshot);
	}
	atomic_store(&run->ended, true);
	return NULL;
}

static void expect_whole(const struct snapshot *snapshot, struct sums sums)
{
	for (size_t i = 0; i < snapshot->count; i++)
		sums.packets += snapshot->row[i].packets;
	assert_int_equal(sums.packets,
			 (snapshot->seq + snapshot->seq / 3) * NEW);
	assert_int_equal(sums.flows + snapshot->count, snapshot->flows_known);
}

static void test_beside_the_writer(void **state)
{
	struct run run = {0};
	struct idle_moment at = {0};
	struct sums sums = {0};
	unsigned int whole = 0;
	pthread_t writer;

	/* Flows are folded all the time. */
	assert_int_equal(ledger_new(MAX_SUMS, SECOND, &run.ledger), 0);
	assert_int_equal(ledger_log_idle(run.ledger), 0);
	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &run.ring), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_all, &run), 0);
	while (!atomic_load(&run.ended) || !whole) {
		uint64_t oldest, newest, back;
		struct snapshot *snapshot;
		int err = -ESTALE;

		ring_range(run.ring, &oldest, &newest);
		back = (newest - oldest) * (whole % 4) / 4;
		snapshot = ring_at(run.ring, newest - back);
		if (!snapshot)
			continue;
		if (at.version && snapshot->idle)
			err = idle_log_between(snapshot->idle, &at, &snapshot->idle_at, add_up, &sums);
		if (err) {
			sums = (struct sums){0};
			err = idle_log_all(snapshot->idle, &snapshot->idle_at, add_up, &sums);
		}
		at = snapshot->idle_at;
		if (err)
			at.version = 0;
		if (!err && !snapshot->thin)
			expect_whole(snapshot, sums);
		whole += !err;
		snapshot_unref(snapshot);
	}
	pthread_join(writer, NULL);
	assert_true(ledger_bytes(run.ledger) < 64U << 20);
	ring_free(run.ring);
	ledger_free(run.ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_beside_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
