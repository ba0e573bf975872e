/* SPDX-License-Identifier: MIT */
/*
 * bpf_source.h on the loopback of a network namespace of its own: real packets, real maps, and the
 * kernel's refusals put in by wrapped calls. What is drained must be what was sent, always.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach.h"
#include "bpf_source.h"
#include "clock.h"
#include "flow.h"
#include "source_bed.h"

#define PAYLOAD	   100
#define FRAME	   (14 + 20 + 8 + PAYLOAD)
#define GROW_FLOWS 14000
#define LIMIT_NS   20000000000ULL

static void test_both_directions(void **state)
{
	struct bed bed;

	bed_open(&bed, "lo");
	bed_send(&bed, 10, 7, PAYLOAD);
	bed_drain(&bed);
	bed_expect(&bed, 2 * 70, 2 * 70 * FRAME);
	assert_int_equal(bed.dir[FLOW_IN].packets, 70);
	assert_int_equal(bed.dir[FLOW_OUT].packets, 70);
	assert_int_equal(bed.dir[FLOW_OUT].bytes, 70 * FRAME);
	assert_int_equal(bed.rows, 20);
	/* Nothing is handed out twice. */
	bed_drain(&bed);
	bed_expect(&bed, 2 * 70, 2 * 70 * FRAME);
	assert_int_equal(bed.rows, 20);
	bed_close(&bed);
}

/* Each drain returns what was sent since the previous drain, generation after generation. */
static void test_generations(void **state)
{
	uint64_t sent = 0;
	struct bed bed;

	bed_open(&bed, "lo");
	for (unsigned int i = 1; i <= 20; i++) {
		bed_send(&bed, i, i, PAYLOAD);
		sent += 2 * i * i;
		bed_drain(&bed);
		bed_expect(&bed, sent, sent * FRAME);
	}
	assert_int_equal(bed.state.map_entries, bed.all_entries);
	bed_close(&bed);
}

/* What was counted before the detach is still there for one drain or the next; then no more. */
static void test_detach(void **state)
{
	struct bed bed;

	bed_open(&bed, "lo");
	bed_send(&bed, 5, 5, PAYLOAD);
	bed.source->ops->detach(bed.source);
	bed_send(&bed, 5, 5, PAYLOAD);
	bed_drain(&bed);
	bed_drain(&bed);
	bed_expect(&bed, 50, 50 * FRAME);
	bed.source->ops->detach(bed.source);
	bed_close(&bed);
}

/* Two monitors on one interface: both see everything, and one that goes leaves the other be. */
static void test_two_sources(void **state)
{
	struct bed first, second;

	bed_open(&first, "lo");
	bed_open(&second, "lo");
	bed_send(&first, 8, 4, PAYLOAD);
	bed_drain(&first);
	bed_drain(&second);
	bed_expect(&first, 64, 64 * FRAME);
	bed_expect(&second, 64, 64 * FRAME);
	bed_close(&first);
	bed_send(&second, 1, 3, PAYLOAD);
	bed_drain(&second);
	bed_expect(&second, 70, 70 * FRAME);
	bed_close(&second);
}

/* Sends many flows and drains until the source has done what `done` asks, or the limit. */
static uint64_t grow_until(struct bed *bed, unsigned int flows, bool (*done)(const struct bed *bed))
{
	uint64_t limit_ns = clock_mono_ns() + LIMIT_NS, sent = 0;

	do {
		bed_send(bed, flows, 1, PAYLOAD);
		sent += 2 * flows;
		for (int i = 0; i < 20 && !done(bed); i++) {
			bed_drain(bed);
			poll(NULL, 0, 1);
		}
	} while (!done(bed) && clock_mono_ns() < limit_ns);
	assert_true(done(bed));
	return sent;
}

static bool has_grown_twice(const struct bed *bed)
{
	return bed->state.map_grown >= 2;
}

static bool has_failed(const struct bed *bed)
{
	return bed->state.map_failed >= 1;
}

/* So many flows that behind a front a first map is a third full, and one twice as large a sixth. */
static unsigned int third_of(const struct bed *bed)
{
	return (bed->first_entries / 3 + FLOW_FRONT_SLOTS) / 2;
}

/* Many flows in an interval: both generations get larger maps, and nothing is lost meanwhile. */
static void test_growth(void **state)
{
	struct bed bed;
	uint64_t sent;

	bed_open(&bed, "lo");
	sent = grow_until(&bed, third_of(&bed), has_grown_twice);
	for (int i = 0; i < 4; i++) {
		bed_drain(&bed);
		assert_int_equal(bed.state.map_entries, bed.all_entries + bed.first_entries);
	}
	bed_expect(&bed, sent, sent * FRAME);
	assert_int_equal(bed.state.map_failed, 0);
	assert_int_equal(bed.state.map_shrunk, 0);
	assert_int_equal(bed.map_full, 0);
	bed_close(&bed);
}

/* One after the other, each once, and then no more maps are made. */
static void test_growth_ends(void **state)
{
	unsigned int made;
	struct bed bed;

	bed_open(&bed, "lo");
	refuse.after = made = 1000;
	for (int i = 0; i < 8; i++) {
		bed_send(&bed, third_of(&bed), 1, PAYLOAD);
		bed_drain(&bed);
	}
	assert_int_equal(bed.state.map_grown, 2);
	assert_int_equal(made - refuse.after, 2);
	bed_close(&bed);
}

/* The programs ask for a drain when a map fills quickly. */
static void test_wake(void **state)
{
	struct pollfd wait = {.events = POLLIN};
	struct bed bed;

	bed_open(&bed, "lo");
	wait.fd = bed.source->ops->wake_fd(bed.source);
	bed_send(&bed, 10, 1, PAYLOAD);
	assert_int_equal(poll(&wait, 1, 0), 0);
	assert_false(bed.source->ops->wants_drain(bed.source));
	bed_send(&bed, GROW_FLOWS, 1, PAYLOAD);
	assert_int_equal(poll(&wait, 1, 5000), 1);
	assert_true(bed.source->ops->wants_drain(bed.source));
	assert_int_equal(poll(&wait, 1, 0), 0);
	bed_drain(&bed);
	assert_false(bed.source->ops->wants_drain(bed.source));
	bed_drain(&bed);
	assert_false(bed.source->ops->wants_drain(bed.source)); /* the same generation again */
	bed_expect(&bed, 2 * (GROW_FLOWS + 10), 2 * (GROW_FLOWS + 10) * FRAME);
	bed_close(&bed);
}

/* Memory short at the start: a smaller map is made, and counts as well. */
static void test_no_memory_at_start(void **state)
{
	struct bed bed;

	for (unsigned int refusals = 1; refusals <= 4; refusals++) {
		refuse.maps = refusals;
		bed_open(&bed, "lo");
		bed_send(&bed, 100, 2, PAYLOAD);
		bed_drain(&bed);
		bed_expect(&bed, 400, 400 * FRAME);
		assert_int_equal(bed.state.map_failed, refusals);
		bed_close(&bed);
	}
}

/* Not even the smallest: an error that says so, and nothing is left attached. */
static void test_no_memory_at_all(void **state)
{
	static const char lo[1][IF_NAMESIZE] = {"lo"};
	const struct bpf_source_options options = bed_options(lo);
	struct bpf_source_failure failure = {.step = BPF_SOURCE_ATTACH};
	struct flow_source *source = NULL;
	unsigned int tries = 1;
	struct bed bed;

	bed_open(&bed, "lo");
	bed_close(&bed);
	refuse.maps = UINT32_MAX;
	for (uint32_t entries = bed.first_entries; entries > FLOW_MAP_ENTRIES_LEAST; tries++)
		entries /= 2;
	assert_int_equal(bpf_source_open(&options, &source, &failure), -ENOMEM);
	assert_int_equal(failure.step, BPF_SOURCE_MAPS);
	assert_string_equal(failure.iface, "");
	assert_null(source);
	assert_int_equal(UINT32_MAX - refuse.maps, tries);
}

/*
 * Rounds after a refusal, fewer where they are slow: after ten seconds the kernel is asked again.
 * Returns the packets sent.
 */
static uint64_t send_while_refused(struct bed *bed)
{
	uint64_t limit_ns = clock_mono_ns() + 4000000000ULL, sent = 0;

	for (int i = 0; i < 10 && clock_mono_ns() < limit_ns; i++) {
		bed_send(bed, GROW_FLOWS, 1, PAYLOAD);
		sent += 2 * GROW_FLOWS;
		bed_drain(bed);
		poll(NULL, 0, 2);
	}
	return sent;
}

/* Memory short in the middle of growth: said so, not asked again at once, nothing lost. */
static void test_no_memory_for_growth(void **state)
{
	unsigned int left;
	struct bed bed;
	uint64_t sent;

	bed_open(&bed, "lo");
	refuse.maps = 1000;
	sent = grow_until(&bed, GROW_FLOWS, has_failed);
	left = refuse.maps;
	sent += send_while_refused(&bed);
	bed_expect(&bed, sent, sent * FRAME);
	assert_int_equal(bed.state.map_grown, 0);
	assert_int_equal(bed.state.map_entries, bed.all_entries);
	assert_int_equal(left, 999);
	assert_int_equal(refuse.maps, 999);
	assert_int_equal(bed.state.map_failed, 1);
	bed_close(&bed);
}

/*
 * One generation has grown when the kernel refuses the other its larger map: the sizes stay as they
 * are, and the kernel is left alone.
 */
static void test_no_memory_halfway(void **state)
{
	unsigned int orders;
	struct bed bed;
	uint64_t sent;

	bed_open(&bed, "lo");
	refuse.after = 1;
	refuse.maps = 1000;
	sent = grow_until(&bed, GROW_FLOWS, has_failed);
	orders = refuse.maps;
	sent += send_while_refused(&bed);
	bed_expect(&bed, sent, sent * FRAME);
	assert_int_equal(bed.state.map_grown, 1);
	assert_int_equal(bed.state.map_shrunk, 0);
	assert_int_equal(bed.state.map_failed, 1);
	assert_int_equal(refuse.maps, orders);
	bed_close(&bed);
}

/* Batch reads that do not work, from the first or from the middle on: one by one, nothing lost. */
static void test_batch_fails(void **state)
{
	for (unsigned int good = 0; good <= 2; good++) {
		struct bed bed;

		bed_open(&bed, "lo");
		refuse.good_batches = good;
		refuse.batches = UINT32_MAX;
		bed_send(&bed, GROW_FLOWS, 1, PAYLOAD);
		bed_drain(&bed);
		bed_expect(&bed, 2 * GROW_FLOWS, 2 * GROW_FLOWS * FRAME);
		assert_int_equal(bed.errors, 0);
		assert_true(refuse.batches < UINT32_MAX);
		bed_reset();
		bed_close(&bed);
	}
}

/*
 * No read works for a while, after so many that a larger map is due: an error, and what was left
 * behind comes with a later drain.
 */
static void test_read_fails(void **state)
{
	struct bed bed;

	bed_open(&bed, "lo");
	refuse.good_batches = 3;
	refuse.batches = refuse.lookups = UINT32_MAX;
	bed_send(&bed, GROW_FLOWS, 1, PAYLOAD);
	bed_drain(&bed);
	assert_int_equal(bed.errors, 1);
	assert_true(bed.row.packets < 2 * GROW_FLOWS);
	bed_reset();
	bed_drain(&bed);
	bed_drain(&bed);
	bed_drain(&bed);
	bed_expect(&bed, 2 * GROW_FLOWS, 2 * GROW_FLOWS * FRAME);
	bed_close(&bed);
}

/* An interface that goes is told from one that only changes, and from another one that goes. */
static void test_loss(void **state)
{
	struct pollfd wait = {.events = POLLIN};
	struct bed bed;

	assert_int_equal(bed_ip("link add ct0 type veth peer name ct1"), 0);
	assert_int_equal(bed_ip("link add ct2 type veth peer name ct3"), 0);
	bed_open(&bed, "ct0");
	wait.fd = bed.source->ops->links_fd(bed.source);
	assert_int_equal(bed_ip("link set ct0 up"), 0);
	assert_int_equal(bed_ip("link del ct2"), 0);
	assert_int_equal(poll(&wait, 1, 5000), 1);
	assert_false(bed.source->ops->on_links(bed.source));
	assert_int_equal(poll(&wait, 1, 0), 0);
	assert_int_equal(bed_ip("link del ct1"), 0);
	assert_int_equal(poll(&wait, 1, 5000), 1);
	assert_true(bed.source->ops->on_links(bed.source));
	bed.source->ops->detach(bed.source);
	bed_drain(&bed);
	bed_close(&bed);
}

static void test_no_interface(void **state)
{
	static const char gone[1][IF_NAMESIZE] = {"gone"};
	const struct bpf_source_options options = bed_options(gone);
	struct flow_source *source = NULL;
	struct bpf_source_failure failure = {.step = BPF_SOURCE_LOAD};

	assert_int_equal(bpf_source_open(&options, &source, &failure), -ENODEV);
	assert_int_equal(failure.step, BPF_SOURCE_ATTACH);
	assert_string_equal(failure.iface, "gone");
	assert_null(source);
	bpf_source_free(NULL);
}

/* What on_loaded() found. */
struct loaded {
	unsigned int calls;
	unsigned int attached;
};

static void note_loaded(void *context)
{
	struct loaded *loaded = context;
	unsigned int lo = if_nametoindex("lo");

	loaded->calls++;
	loaded->attached += tcx_count(lo, FLOW_IN) + tcx_count(lo, FLOW_OUT);
}

/* Called once, before anything is attached, for two interfaces too. */
static void test_on_loaded(void **state)
{
	static const char names[2][IF_NAMESIZE] = {"lo", "ol0"};
	struct loaded loaded = {.calls = 0};
	struct bpf_source_options options = bed_options(names);
	struct bpf_source_failure failure;
	struct flow_source *source;

	assert_int_equal(bed_ip("link add ol0 type veth peer name ol1"), 0);
	options.names = 2;
	options.on_loaded = note_loaded;
	options.context = &loaded;
	assert_int_equal(bpf_source_open(&options, &source, &failure), 0);
	assert_int_equal(loaded.calls, 1);
	assert_int_equal(loaded.attached, 0);
	bpf_source_free(source);
	assert_int_equal(bed_ip("link del ol0"), 0);
}

#define SOURCE_TEST(test) cmocka_unit_test_setup(test, bed_setup)
#define MAPS_TEST(test) cmocka_unit_test_setup(test, bed_setup_maps)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(test_both_directions),
		SOURCE_TEST(test_generations),
		SOURCE_TEST(test_detach),
		SOURCE_TEST(test_two_sources),
		MAPS_TEST(test_growth),
		MAPS_TEST(test_growth_ends),
		MAPS_TEST(test_wake),
		MAPS_TEST(test_no_memory_at_start),
		MAPS_TEST(test_no_memory_at_all),
		MAPS_TEST(test_no_memory_for_growth),
		MAPS_TEST(test_no_memory_halfway),
		MAPS_TEST(test_batch_fails),
		MAPS_TEST(test_read_fails),
		SOURCE_TEST(test_loss),
		SOURCE_TEST(test_no_interface),
		SOURCE_TEST(test_on_loaded),
	};

	bpf_source_silence();
	if (bed_cannot_run())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
