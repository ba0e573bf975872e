/* SPDX-License-Identifier: MIT */
/*
 * The BPF source with every call that it or libbpf makes failing once, or from some call on for
 * good: open, count real packets of a loopback, grow, drain, detach, free. Whatever fails, the
 * source says so with a negative errno or goes on; no row holds what was not sent, what is missing
 * was a read error, nothing stays attached or open. Runs with n = 1, 2, ... until nothing is left
 * to fail.
 *
 * usage: test_faults [tcx|clsact [TEST]]
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "bpf_source.h"
#include "clock.h"
#include "descriptors.h"
#include "faults_bed.h"
#include "inject.h"

#define FLOWS	  3000 /* fill a CPU's first table: some go to its map, and the table grows */
#define MAX_FLOWS 16384
#define PAYLOAD	  10
#define LIMIT_NS  5000000000ULL
#define CALLS_MAX 2000

struct faults {
	struct faults_bed bed;
	enum attach_mode attach;
	unsigned int opened; /* runs in which the source was opened in spite of it */
	unsigned int refused;
};

static void expect_detached(void)
{
	uint64_t limit_ns = clock_mono_ns() + LIMIT_NS;

	while (faults_attached() && clock_mono_ns() < limit_ns)
		poll(NULL, 0, 2);
	assert_int_equal(faults_attached(), 0);
}

/* Everything the source does between open and free. */
static void use(struct faults *faults, struct flow_source *source)
{
	struct faults_bed *bed = &faults->bed;

	faults_send(bed, FLOWS, PAYLOAD);
	faults_drain(bed, source);
	source->ops->wants_drain(source);
	faults_send(bed, FLOWS, PAYLOAD);
	faults_drain(bed, source);
	source->ops->on_links(source);
	faults_send(bed, 10, PAYLOAD);
	source->ops->detach(source);
	faults_drain(bed, source);
}

/* One run; true when a call failed. */
static bool run(struct faults *faults, enum inject_kind kind, unsigned int n, int error, bool on)
{
	static const char lo[1][IF_NAMESIZE] = {"lo"};
	const struct bpf_source_options options = {
		.name = lo, .names = 1, .max_flows = MAX_FLOWS, .attach = faults->attach};
	struct bpf_source_failure failure;
	struct flow_source *source = NULL;
	unsigned int descriptors = open_descriptors();
	struct faults_bed *bed = &faults->bed;
	bool hit;
	int err;

	faults_forget(bed);
	inject_arm(kind, n, error, on);
	err = bpf_source_open(&options, &source, &failure);
	assert_true(err <= 0 && err >= -4095);
	if (!err)
		use(faults, source);
	hit = inject_disarm();
	faults->opened += !err && hit;
	faults->refused += err < 0;
	if (err) {
		assert_null(source);
		assert_true(hit);
	} else {
		/* What could not be read then is still there. */
		for (int i = 0; i < 3; i++)
			faults_drain(bed, source);
		faults_check(bed);
		bpf_source_free(source);
	}
	if (open_descriptors() != descriptors)
		fail_msg("%s call %u: %u descriptors were %u", inject_name[kind], n,
			 open_descriptors(), descriptors);
	return hit;
}

static void try_all(struct faults *faults, enum inject_kind kind, int error, bool on)
{
	unsigned int n = 1;

	faults->opened = faults->refused = 0;
	/* A filter of clsact stays when the kernel refuses to take it off; the next start does. */
	for (; n < CALLS_MAX && run(faults, kind, n, error, on); n++) {
		if (faults->attach == ATTACH_TCX)
			expect_detached();
		else
			faults_sweep();
	}
	print_message("%s, %s%s: %u calls, %u refused, %u went on\n", inject_name[kind],
		      strerror(error), on ? " from there on" : "", n - 1, faults->refused,
		      faults->opened);
	assert_in_range(n, 2, CALLS_MAX - 1);
}

static void test_bpf(void **state)
{
	try_all(*state, INJECT_BPF, ENOMEM, false);
	try_all(*state, INJECT_BPF, EPERM, false);
	try_all(*state, INJECT_BPF, EINTR, false);
}

static void test_bpf_for_good(void **state)
{
	try_all(*state, INJECT_BPF, ENOMEM, true);
}

static void test_batch_halfway(void **state)
{
	try_all(*state, INJECT_BATCH, ENOMEM, false);
	try_all(*state, INJECT_BATCH, ENOMEM, true);
}

static void test_mapping(void **state)
{
	try_all(*state, INJECT_MAPPING, ENOMEM, false);
}

static void test_socket(void **state)
{
	try_all(*state, INJECT_SOCKET, ENOBUFS, false);
	try_all(*state, INJECT_SOCKET, EINTR, false);
}

static void test_epoll(void **state)
{
	try_all(*state, INJECT_EPOLL, EMFILE, false);
}

static void test_memory(void **state)
{
	try_all(*state, INJECT_MEMORY, ENOMEM, false);
	try_all(*state, INJECT_MEMORY, ENOMEM, true);
}

int main(int argc, char **argv)
{
	struct faults faults = {.attach = ATTACH_TCX};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_bpf, &faults),
		cmocka_unit_test_prestate(test_bpf_for_good, &faults),
		cmocka_unit_test_prestate(test_batch_halfway, &faults),
		cmocka_unit_test_prestate(test_mapping, &faults),
		cmocka_unit_test_prestate(test_socket, &faults),
		cmocka_unit_test_prestate(test_epoll, &faults),
		cmocka_unit_test_prestate(test_memory, &faults),
	};

	if (argc > 1 && !strcmp(argv[1], "clsact"))
		faults.attach = ATTACH_CLSACT;
	if (argc > 2)
		cmocka_set_test_filter(argv[2]);
	bpf_source_silence();
	if (faults_bed_open(&faults.bed))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
