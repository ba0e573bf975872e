/* SPDX-License-Identifier: MIT */
/* collector.h over a source fed by hand: what is published when, and what each snapshot says. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"
#include "collector.h"
#include "collector_bench.h"

static struct flow_key key_of(uint16_t flow, enum flow_dir dir)
{
	struct flow_key key = {.sport = flow, .dport = 53, .ethertype = 0x0800, .ipproto = 17};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.where = FLOW_WHERE(0, dir);
	return key;
}

static void feed(struct bench *bench, uint16_t flow, uint64_t packets, uint64_t bytes)
{
	struct flow_key key = key_of(flow, FLOW_IN);

	fake_source_feed(bench->fake, &key, packets, bytes);
}

static void wait_drains(struct bench *bench, unsigned int drains)
{
	uint64_t limit_ns = clock_mono_ns() + LIMIT_NS;

	while (fake_source_drains(bench->fake) < drains && clock_mono_ns() < limit_ns)
		poll(NULL, 0, 1);
	assert_true(fake_source_drains(bench->fake) >= drains);
}

static void test_first(void **state)
{
	struct bench bench = bench_start(NEVER);
	struct snapshot *first = ring_latest(bench.ring);

	assert_non_null(first);
	assert_int_equal(first->seq, 1);
	assert_int_equal(first->elapsed_ns, 0);
	assert_int_equal(first->running_ns, 0);
	assert_int_equal(first->count, 0);
	assert_int_equal(first->state, SNAPSHOT_LIVE);
	assert_int_equal(first->mono_ns, bench.start_mono_ns);
	assert_true(first->wall_ns >= bench.start_wall_ns);
	assert_true(first->wall_ns < bench.start_wall_ns + (int64_t)LIMIT_NS);
	assert_int_equal(first->health.map_entries, 11);
	assert_int_equal(first->health.map_failed, 15);
	assert_int_equal(first->health.ring_budget, RING_BUDGET_DEFAULT);
	snapshot_unref(first);
	bench_done(&bench);
}

/* Numbers without gaps, intervals that meet, each as long as it really was. */
static void test_intervals(void **state)
{
	struct bench bench = bench_start(20 * MS);
	struct snapshot *before = bench_wait(&bench, 1), *now;

	for (uint64_t seq = 2; seq <= 8; seq++) {
		feed(&bench, 1, 1, 60);
		now = bench_wait(&bench, seq);
		assert_int_equal(now->seq, seq);
		assert_int_equal(now->elapsed_ns, now->mono_ns - before->mono_ns);
		assert_int_equal(now->running_ns, now->mono_ns - bench.start_mono_ns);
		assert_true(now->elapsed_ns > 0);
		assert_true(now->wall_ns >= before->wall_ns);
		/* Deadlines are absolute: a snapshot never comes before its time. */
		assert_true(now->mono_ns >= bench.start_mono_ns + (seq - 1) * 20 * MS);
		snapshot_unref(before);
		before = now;
	}
	snapshot_unref(before);
	bench_done(&bench);
}

/* Everything fed is in rows, totals, health and ledger alike; deltas sum to it. */
static void test_counts(void **state)
{
	struct bench bench = bench_start(10 * MS);
	struct flow_counts delta[FLOW_DIRS] = {0};
	struct flow_key key;
	struct snapshot *last;
	uint64_t rows = 0;

	for (uint16_t i = 1; i <= 50; i++) {
		key = key_of(i % 7, i % 2 ? FLOW_IN : FLOW_OUT);
		fake_source_feed(bench.fake, &key, i, 100 * i);
		if (i % 10 == 0)
			snapshot_unref(bench_wait(&bench, i / 10));
	}
	last = bench_stop(&bench);
	for (uint64_t seq = 1; seq <= last->seq; seq++) {
		struct snapshot *one = ring_at(bench.ring, seq);

		for (int dir = 0; dir < FLOW_DIRS; dir++) {
			delta[dir].packets += one->dir[dir].delta.packets;
			delta[dir].bytes += one->dir[dir].delta.bytes;
		}
		for (size_t i = 0; i < one->count; i++)
			rows += one->row[i].delta_packets;
		snapshot_unref(one);
	}
	assert_int_equal(delta[FLOW_IN].packets, 625);
	assert_int_equal(delta[FLOW_OUT].packets, 650);
	assert_int_equal(delta[FLOW_OUT].bytes, 65000);
	assert_int_equal(rows, 1275);
	assert_int_equal(last->dir[FLOW_IN].total.bytes, 62500);
	assert_int_equal(last->health.hook.packets, 1275);
	assert_int_equal(last->health.rows.bytes, 127500);
	assert_int_equal(ledger_total(bench.ledger).bytes, 127500);
	assert_int_equal(last->health.read_errors, 0);
	snapshot_unref(last);
	bench_done(&bench);
}

/* An early wake-up drains, and publishes nothing; one that is not wanted does not even drain. */
static void test_wake(void **state)
{
	struct bench bench = bench_start(NEVER);
	struct snapshot *last;

	feed(&bench, 1, 2, 200);
	fake_source_wake(bench.fake, true);
	wait_drains(&bench, 1);
	feed(&bench, 1, 3, 300);
	feed(&bench, 2, 1, 100);
	fake_source_wake(bench.fake, true);
	wait_drains(&bench, 2);
	fake_source_wake(bench.fake, false);
	last = ring_latest(bench.ring);
	assert_int_equal(last->seq, 1);
	snapshot_unref(last);
	last = bench_stop(&bench);
	assert_int_equal(last->seq, 2);
	assert_int_equal(last->health.early_drains, 2);
	assert_int_equal(last->dir[FLOW_IN].delta.packets, 6);
	assert_int_equal(last->count, 2);
	assert_int_equal(last->row[0].delta_packets, 5);
	assert_int_equal(last->health.map_used, 3);
	assert_int_equal(fake_source_drains(bench.fake), 4);
	snapshot_unref(last);
	bench_done(&bench);
}

/* Both drains after the detach are in the last snapshot, for either generation may be written. */
static void expect_last_read(enum snapshot_state want)
{
	struct bench bench = bench_start(NEVER);
	struct flow_key key = key_of(1, FLOW_OUT);
	struct snapshot *last;

	feed(&bench, 1, 1, 100);
	fake_source_feed_late(bench.fake, 0, &key, 10, 1000);
	fake_source_feed_late(bench.fake, 1, &key, 100, 10000);
	if (want == SNAPSHOT_LOST) {
		fake_source_say(bench.fake, false); /* a name changed: no loss */
		fake_source_say(bench.fake, true);
		last = bench_wait(&bench, 2);
		assert_int_equal(last->state, SNAPSHOT_LOST);
		snapshot_unref(last);
	}
	last = bench_stop(&bench);
	assert_int_equal(last->seq, 2);
	assert_int_equal(last->state, want);
	assert_true(fake_source_detached(bench.fake));
	assert_int_equal(last->dir[FLOW_IN].total.packets, 1);
	assert_int_equal(last->dir[FLOW_OUT].total.packets, 110);
	assert_int_equal(last->health.hook.bytes, 11100);
	assert_int_equal(ledger_total(bench.ledger).packets, 111);
	snapshot_unref(last);
	bench_done(&bench);
}

static void test_final(void **state)
{
	expect_last_read(SNAPSHOT_FINAL);
}

static void test_lost(void **state)
{
	expect_last_read(SNAPSHOT_LOST);
}

/* News of the interface that are no loss change nothing. */
static void test_not_lost(void **state)
{
	struct bench bench = bench_start(10 * MS);
	struct snapshot *later;

	fake_source_say(bench.fake, false);
	later = bench_wait(&bench, 4);
	assert_int_equal(later->state, SNAPSHOT_LIVE);
	assert_false(fake_source_detached(bench.fake));
	snapshot_unref(later);
	bench_done(&bench);
}

/* What happened to interfaces is published soon, however long the interval; other news are not. */
static void test_links(void **state)
{
	struct bench bench = bench_start(NEVER);
	struct snapshot *snapshot = bench_wait(&bench, 1);

	assert_string_equal(ifaces_name(snapshot->ifaces, 0), "fake0");
	snapshot_unref(snapshot);
	fake_source_say(bench.fake, false);
	feed(&bench, 1, 3, 300);
	fake_source_rename(bench.fake, "fake1");
	fake_source_rename(bench.fake, "fake2");
	snapshot = bench_wait(&bench, 2);
	assert_string_equal(ifaces_name(snapshot->ifaces, 0), "fake2");
	assert_int_equal(snapshot->state, SNAPSHOT_LIVE);
	assert_int_equal(snapshot->dir[FLOW_IN].delta.packets, 3);
	assert_true(snapshot->elapsed_ns >= 90 * MS);
	assert_true(snapshot->dir[FLOW_IN].peak_bps == 0); /* it was no whole interval */
	snapshot_unref(snapshot);
	snapshot = bench_stop(&bench);
	assert_int_equal(snapshot->seq, 3);
	assert_string_equal(ifaces_name(snapshot->ifaces, 0), "fake2");
	snapshot_unref(snapshot);
	bench_done(&bench);
}

/* Where interfaces come and go all the time no interval is whole, and yet there are rates. */
static void test_sample_of_short_intervals(void **state)
{
	struct bench bench = bench_start(4000 * MS);
	struct snapshot *snapshot = bench_wait(&bench, 1);
	uint64_t seq = 1, elapsed_ns = 0;

	fake_source_say(bench.fake, false);
	while (!snapshot->sample.elapsed_ns) {
		snapshot_unref(snapshot);
		feed(&bench, 1, 3, 300);
		fake_source_rename(bench.fake, seq & 1 ? "fake1" : "fake2");
		snapshot = bench_wait(&bench, ++seq);
		elapsed_ns += snapshot->elapsed_ns;
	}
	assert_true(seq > 3 && elapsed_ns >= 2000 * MS);
	assert_int_equal(snapshot->sample.elapsed_ns, elapsed_ns);
	assert_int_equal(snapshot->sample.delta[FLOW_IN].packets, 3 * (seq - 1));
	assert_true(snapshot->dir[FLOW_IN].peak_bps == rate_bps(300 * (seq - 1), elapsed_ns));
	snapshot_unref(snapshot);
	snapshot = bench_stop(&bench);
	snapshot_unref(snapshot);
	bench_done(&bench);
}

/* Set forward or back by so much by a test, in ns. */
static atomic_llong wall_shift_ns;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = __real_clock_gettime(clock, now);

	if (clock == CLOCK_REALTIME)
		now->tv_sec += atomic_load(&wall_shift_ns) / 1000000000;
	return result;
}

/* The clock on the wall is set back an hour: flows do not end before they begin, rates stay. */
static void test_clock_set_back(void **state)
{
	struct bench bench = bench_start(20 * MS);
	const struct ledger_flow *flow;
	struct snapshot *last;

	feed(&bench, 1, 1, 100);
	snapshot_unref(bench_wait(&bench, 3));
	atomic_store(&wall_shift_ns, -3600 * 1000 * (int64_t)MS);
	feed(&bench, 1, 1, 100);
	feed(&bench, 2, 1, 100);
	snapshot_unref(bench_wait(&bench, 6));
	last = bench_stop(&bench);
	assert_true(last->running_ns < 60000 * MS);
	assert_true(last->elapsed_ns < 60000 * MS);
	assert_int_equal(ledger_count(bench.ledger), 2);
	for (size_t i = 0; i < 2; i++) {
		flow = ledger_get(bench.ledger, i);
		assert_true(flow->first_wall_ns >= bench.start_wall_ns);
		assert_true(flow->last_wall_ns >= flow->first_wall_ns);
		assert_true(flow->last_wall_ns < bench.start_wall_ns + 60000 * (int64_t)MS);
	}
	atomic_store(&wall_shift_ns, 0);
	snapshot_unref(last);
	bench_done(&bench);
}

static void test_read_errors(void **state)
{
	struct bench bench = bench_start(NEVER);
	struct snapshot *last;

	fake_source_fail(bench.fake, -EFAULT);
	fake_source_wake(bench.fake, true);
	wait_drains(&bench, 1);
	fake_source_fail(bench.fake, -EINVAL);
	fake_source_wake(bench.fake, true);
	wait_drains(&bench, 2);
	last = bench_stop(&bench);
	assert_int_equal(last->health.read_errors, 2);
	assert_int_equal(last->health.last_error, -EINVAL);
	snapshot_unref(last);
	bench_done(&bench);
}

/* A drain of several intervals: those that went by are counted, and the rate is of what it took. */
static void test_missed_deadlines(void **state)
{
	struct bench bench = bench_start(20 * MS);
	struct snapshot *last = bench_wait(&bench, 2);

	assert_true(last->health.missed_deadlines < 5 || last->elapsed_ns > 100 * MS);
	snapshot_unref(last);
	fake_source_delay(bench.fake, 210 * MS);
	wait_drains(&bench, fake_source_drains(bench.fake) + 2);
	last = bench_stop(&bench);
	assert_true(last->health.missed_deadlines >= 9);
	assert_true(last->health.missed_deadlines <= last->running_ns / (20 * MS));
	snapshot_unref(last);
	bench_done(&bench);
}

/* The new interval counts from the next deadline on, longer and shorter. */
static void test_interval_changes(void **state)
{
	struct bench bench = bench_start(10 * MS);
	struct snapshot *one = bench_wait(&bench, 3);
	uint64_t seq = one->seq, elapsed_ns = 0;

	snapshot_unref(one);
	collector_set_interval(bench.collector, 150 * MS);
	for (unsigned int i = 0; i < 200 && elapsed_ns < 140 * MS; i++) {
		one = bench_wait(&bench, ++seq);
		elapsed_ns = one->elapsed_ns;
		snapshot_unref(one);
	}
	assert_true(elapsed_ns >= 140 * MS);
	/* A change counts at once, also when the interval that runs would be a long one. */
	collector_set_interval(bench.collector, NEVER);
	collector_set_interval(bench.collector, 10 * MS);
	one = bench_wait(&bench, seq + 3);
	snapshot_unref(one);
	one = bench_stop(&bench);
	snapshot_unref(one);
	bench_done(&bench);
}

/* A burst in the sliver of an interval at the end is no rate; a run without another has its average. */
static void test_peak_and_the_end(void **state)
{
	struct bench bench = bench_start(NEVER);
	struct snapshot *last;

	feed(&bench, 1, 1000, 1000000);
	last = bench_stop(&bench);
	assert_int_equal(last->dir[FLOW_IN].delta.packets, 1000);
	assert_true(last->dir[FLOW_IN].peak_bps == rate_bps(1000000, last->running_ns));
	assert_true(last->dir[FLOW_IN].peak_pps == rate_pps(1000, last->running_ns));
	snapshot_unref(last);
	bench_done(&bench);
}

/* The peak is the highest rate over the measured time of any interval, short ones taken together. */
static void test_peak(void **state)
{
	static const uint64_t bytes[] = {500, 9000, 100, 0, 2000};
	struct bench bench = bench_start(20 * MS);
	double peak_bps = 0, peak_pps = 0;
	struct flow_counts counts = {0};
	uint64_t elapsed_ns = 0;
	struct snapshot *one;

	for (uint64_t i = 0; i < 5; i++) {
		feed(&bench, 1, bytes[i] / 100, bytes[i]);
		one = bench_wait(&bench, i + 2);
		elapsed_ns += one->elapsed_ns;
		counts.packets += one->dir[FLOW_IN].delta.packets;
		counts.bytes += one->dir[FLOW_IN].delta.bytes;
		assert_int_equal(one->sample.elapsed_ns,
				 2 * elapsed_ns < 20 * MS ? 0 : elapsed_ns);
		if (one->sample.elapsed_ns) {
			double bps = rate_bps(counts.bytes, elapsed_ns);
			double pps = rate_pps(counts.packets, elapsed_ns);

			elapsed_ns = 0;
			counts = (struct flow_counts){0};
			peak_bps = bps > peak_bps ? bps : peak_bps;
			peak_pps = pps > peak_pps ? pps : peak_pps;
		}
		assert_true(one->dir[FLOW_IN].peak_bps == peak_bps);
		assert_true(one->dir[FLOW_IN].peak_pps == peak_pps);
		snapshot_unref(one);
	}
	assert_true(peak_bps > 0);
	bench_done(&bench);
}

/* A reader that holds everything does not stop the collector. */
static void test_paused_reader(void **state)
{
	struct bench bench = bench_start(10 * MS);
	struct snapshot *held[20], *last;

	for (uint64_t i = 0; i < 20; i++) {
		feed(&bench, 1, 1, 60);
		held[i] = bench_wait(&bench, i + 1);
	}
	last = bench_stop(&bench);
	assert_int_equal(last->dir[FLOW_IN].total.packets, 20);
	for (uint64_t i = 0; i < 20; i++) {
		assert_int_equal(held[i]->seq, i + 1);
		snapshot_unref(held[i]);
	}
	snapshot_unref(last);
	bench_done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_final),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_not_lost),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_sample_of_short_intervals),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_missed_deadlines),
		cmocka_unit_test(test_interval_changes),
		cmocka_unit_test(test_peak_and_the_end),
		cmocka_unit_test(test_peak),
		cmocka_unit_test(test_paused_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
