/* SPDX-License-Identifier: MIT */
/* See collector_bench.h. */
#include "collector_bench.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clock.h"

struct bench bench_start(uint64_t interval_ns)
{
	struct bench bench = {.fake = fake_source_new()};
	struct collector_options options = {.source = fake_source_base(bench.fake),
					    .interval_ns = interval_ns};

	assert_int_equal(ledger_new(LEDGER_FLOWS_DEFAULT, LEDGER_KEEP_NS_DEFAULT, &bench.ledger),
			 0);
	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &bench.ring), 0);
	options.ledger = bench.ledger;
	options.ring = bench.ring;
	options.start_mono_ns = bench.start_mono_ns = clock_mono_ns();
	options.start_wall_ns = bench.start_wall_ns = clock_wall_ns();
	assert_int_equal(collector_start(&options, &bench.collector), 0);
	return bench;
}

void bench_done(struct bench *bench)
{
	if (bench->collector)
		collector_stop(bench->collector);
	ring_free(bench->ring);
	ledger_free(bench->ledger);
	fake_source_free(bench->fake);
}

struct snapshot *bench_stop(struct bench *bench)
{
	collector_stop(bench->collector);
	bench->collector = NULL;
	return ring_latest(bench->ring);
}

struct snapshot *bench_wait(struct bench *bench, uint64_t seq)
{
	uint64_t limit_ns = clock_mono_ns() + LIMIT_NS, oldest, newest;
	struct pollfd wait = {.fd = ring_event_fd(bench->ring), .events = POLLIN};

	do {
		ring_clear_event(bench->ring);
		ring_range(bench->ring, &oldest, &newest);
		if (newest >= seq)
			return ring_at(bench->ring, seq);
		poll(&wait, 1, 100);
	} while (clock_mono_ns() < limit_ns);
	fail_msg("snapshot %d was never published", (int)seq);
	return NULL;
}
