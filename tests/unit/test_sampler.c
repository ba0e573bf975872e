/* SPDX-License-Identifier: MIT */
/* Packets that are handed over where they are counted in user space: which, how much of them, how many. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "counter.h"

#define HEADERS 54
#define SYN	SAMPLE_SYN
#define ACK	SAMPLE_ACK
#define PUSH	0x18
#define RING	65536
#define TIME	1700000000123456789LL

struct bed {
	struct counter counter;
	struct shared_ring *put, *take;
	unsigned int woken, awaited;
	bool gives_up;
};

static void wake(void *context)
{
	((struct bed *)context)->woken++;
}

/* Takes all that is there, as the reader does. */
static bool await(void *context)
{
	struct bed *bed = context;
	size_t size;

	bed->awaited++;
	while (!bed->gives_up && shared_ring_next(bed->take, &size))
		shared_ring_release(bed->take);
	return !bed->gives_up;
}

static void bed_open(struct bed *bed, bool waits)
{
	struct sampler_outlet outlet = {.wake = wake, .context = bed};

	*bed = (struct bed){0};
	assert_int_equal(shared_ring_new(RING, &bed->put), 0);
	assert_int_equal(shared_ring_map(shared_ring_fd(bed->put), &bed->take), 0);
	outlet.ring = bed->put;
	outlet.await = waits ? await : NULL;
	assert_int_equal(counter_open(&bed->counter, false, NULL, &outlet), 0);
}

static void bed_close(struct bed *bed)
{
	counter_close(&bed->counter);
	shared_ring_free(bed->take);
	shared_ring_free(bed->put);
}

static void ignore(void *arg, const struct flow_delta *flows, size_t count)
{
	(void)arg;
	(void)flows;
	(void)count;
}

static struct sample_counts drain(struct bed *bed)
{
	const struct flow_sink sink = {.add = ignore};
	struct source_reading reading = {0};

	counter_drain(&bed->counter, &sink, &reading);
	return reading.samples;
}

static void put16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* A segment from one port to another, with `length` bytes of payload, of which so many were captured. */
static void see(struct bed *bed, uint16_t from, uint16_t to, uint8_t flags, uint16_t length,
		uint16_t there)
{
	uint8_t frame[HEADERS + 3000] = {[12] = 8, [14] = 0x45, [23] = IPPROTO_TCP, [46] = 0x50};
	const struct captured captured = {
		.data = frame, .size = HEADERS + there, .length = HEADERS + length};

	put16(frame + 16, 40U + length);
	memcpy(frame + 26, (const uint8_t[]){10, 0, 0, 1, 10, 0, 0, 2}, 8);
	put16(frame + 34, from);
	put16(frame + 36, to);
	frame[41] = 9; /* the sequence number */
	frame[47] = flags;
	memset(frame + HEADERS, 'x', length);
	counter_add(&bed->counter, &captured, 0, FLOW_IN, TIME);
}

/* Takes the next record: its payload's bytes; -1: there is none. */
static long taken(struct bed *bed, uint8_t flags)
{
	size_t size;
	const struct flow_sample *sample = shared_ring_next(bed->take, &size);
	uint16_t captured;

	if (!sample)
		return -1;
	captured = sample->captured;
	assert_int_equal(size, sizeof(*sample) + captured);
	assert_int_equal(sample->tcp_flags, flags);
	assert_int_equal(sample->mono_ns, TIME);
	assert_int_equal(sample->seq, 9);
	for (unsigned int i = 0; i < captured; i++)
		assert_int_equal(((const uint8_t *)(sample + 1))[i], 'x');
	shared_ring_release(bed->take);
	return captured;
}

/* As the programs at the hook do: the handshake, and four packets with payload each way. */
static void handshake_and_payloads(void **state)
{
	struct bed bed;

	bed_open(&bed, true);
	see(&bed, 1000, 443, SYN, 0, 0);
	see(&bed, 443, 1000, SYN | ACK, 0, 0);
	see(&bed, 1000, 443, ACK, 0, 0);
	assert_int_equal(taken(&bed, SYN), 0);
	assert_int_equal(taken(&bed, SYN | ACK), 0);
	assert_int_equal(taken(&bed, ACK), 0);
	for (int i = 0; i < 6; i++) {
		see(&bed, 1000, 443, PUSH, 100, 100);
		see(&bed, 443, 1000, ACK, 0, 0);
		assert_int_equal(taken(&bed, PUSH), i < SAMPLE_PAYLOADS ? 100 : -1);
	}
	assert_int_equal(drain(&bed).handed, 3 + SAMPLE_PAYLOADS);
	/* The sieve knows it in the next interval too; a connection that begins then is a new one. */
	see(&bed, 1000, 443, PUSH, 100, 100);
	assert_int_equal(taken(&bed, PUSH), -1);
	drain(&bed);
	see(&bed, 1000, 443, SYN, 0, 0);
	see(&bed, 1000, 443, PUSH, 100, 100);
	assert_int_equal(taken(&bed, SYN), 0);
	assert_int_equal(taken(&bed, PUSH), 100);
	bed_close(&bed);
}

/* Of what the capture does not have, nothing is made up; of what is long, the beginning. */
static void captured_bytes(void **state)
{
	struct bed bed;

	bed_open(&bed, true);
	see(&bed, 1000, 443, PUSH, 1000, 42);
	assert_int_equal(taken(&bed, PUSH), 42);
	see(&bed, 1001, 443, PUSH, 1000, 0);
	assert_int_equal(taken(&bed, PUSH), 0);
	see(&bed, 1002, 443, PUSH, 2999, 2999);
	assert_int_equal(taken(&bed, PUSH), SAMPLE_LARGE);
	bed_close(&bed);
}

/* Of live traffic, what finds no room is refused. */
static void full_ring(void **state)
{
	struct sample_counts counts;
	struct bed bed;

	bed_open(&bed, false);
	for (uint16_t port = 1; port <= 100; port++)
		see(&bed, port, 443, PUSH, 2000, 2000);
	counts = drain(&bed);
	assert_in_range(counts.handed, 1, RING / 2000);
	assert_int_equal(counts.handed + counts.refused[SAMPLE_REFUSED_FULL], 100);
	bed_close(&bed);
}

static void limit(void **state)
{
	struct sample_counts counts;
	struct bed bed;

	bed_open(&bed, false);
	for (uint16_t port = 0; port < 2 * SAMPLE_LIMIT; port++) {
		see(&bed, port, 443, SYN, 0, 0);
		await(&bed);
	}
	counts = drain(&bed);
	assert_int_equal(counts.handed, SAMPLE_LIMIT / 2);
	assert_int_equal(counts.refused[SAMPLE_REFUSED_LIMIT], 2 * SAMPLE_LIMIT - SAMPLE_LIMIT / 2);
	bed_close(&bed);
}

/* A file waits: nothing is refused, until the reader is given up. */
static void file_waits(void **state)
{
	struct sample_counts counts;
	struct bed bed;

	bed_open(&bed, true);
	for (uint16_t port = 0; port < 2 * SAMPLE_LIMIT; port++)
		see(&bed, port, 443, PUSH, 100, 100);
	counts = drain(&bed);
	assert_int_equal(counts.handed, 2 * SAMPLE_LIMIT);
	assert_int_equal(counts.refused[SAMPLE_REFUSED_FULL], 0);
	assert_true(bed.awaited > 10 && bed.woken > 2);
	bed.gives_up = true;
	bed.awaited = 0;
	for (uint16_t port = 20000; port < 22000; port++)
		see(&bed, port, 443, PUSH, 100, 100);
	counts = drain(&bed);
	assert_int_equal(counts.handed + counts.refused[SAMPLE_REFUSED_FULL], 2000);
	assert_int_equal(bed.awaited, 1);
	bed_close(&bed);
}

static void nothing_without_outlet(void **state)
{
	struct bed bed = {0};

	assert_int_equal(counter_open(&bed.counter, false, NULL, NULL), 0);
	see(&bed, 1000, 443, PUSH, 100, 100);
	assert_int_equal(drain(&bed).handed, 0);
	counter_close(&bed.counter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake_and_payloads),
		cmocka_unit_test(captured_bytes),
		cmocka_unit_test(full_ring),
		cmocka_unit_test(limit),
		cmocka_unit_test(file_waits),
		cmocka_unit_test(nothing_without_outlet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
