/* SPDX-License-Identifier: MIT */
/*
 * An instance on clsact that is killed before its first, second, third, ... call of bpf(2) and of
 * netlink, from opening to the end; then another instance, on clsact or on TCX in turns, that ends
 * well. Whatever stood on the hooks before stands there afterwards, and nothing else.
 *
 * usage: test_kills [TEST]
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "bpf_source.h"
#include "faults_bed.h"
#include "foreign_qdisc.h"
#include "inject.h"
#include "tc.h"

#define LOOPBACK    1
#define CALLS_MAX   2000
#define FILTERS_MAX 16

/* What is on the hooks. */
struct picture {
	enum tc_qdisc qdisc;
	unsigned int count;
	struct tc_filter filter[FILTERS_MAX];
};

static void begin_filter(void *arg)
{
	(void)arg; /* nobody changes them meanwhile */
}

static void take_filter(void *arg, const struct tc_filter *filter)
{
	struct picture *picture = arg;

	assert_in_range(picture->count, 0, FILTERS_MAX - 1);
	picture->filter[picture->count++] = *filter;
}

static void take_picture(struct picture *picture)
{
	const struct tc_filter_visitor visitor = {
		.begin = begin_filter, .visit = take_filter, .arg = picture};

	memset(picture, 0, sizeof(*picture));
	assert_int_equal(tc_qdisc_find(LOOPBACK, &picture->qdisc), 0);
	for (enum flow_dir dir = FLOW_IN; dir < FLOW_DIRS; dir++)
		assert_int_equal(tc_filter_each(LOOPBACK, dir, &visitor), 0);
}

static bool is_same(const struct picture *a, const struct picture *b)
{
	if (a->qdisc != b->qdisc || a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++) {
		if (a->filter[i].handle != b->filter[i].handle ||
		    a->filter[i].priority != b->filter[i].priority ||
		    a->filter[i].program != b->filter[i].program)
			return false;
	}
	return true;
}

static void take(void *arg, const struct flow_delta *flows, size_t count)
{
	(void)arg;
	(void)flows;
	(void)count;
}

static struct flow_source *open_source(enum attach_mode mode)
{
	static const char lo[1][IF_NAMESIZE] = {"lo"};
	const struct bpf_source_options options = {
		.name = lo, .names = 1, .max_flows = 1 << 16, .attach = mode};
	struct bpf_source_failure failure;
	struct flow_source *source = NULL;

	return bpf_source_open(&options, &source, &failure) ? NULL : source;
}

/* An instance from its beginning to its end. */
_Noreturn static void live(enum attach_mode mode, unsigned int kill_at)
{
	const struct flow_sink sink = {.add = take};
	struct source_reading reading;
	struct flow_source *source;

	inject_kill(kill_at);
	source = open_source(mode);
	if (!source)
		_exit(1);
	source->ops->drain(source, &sink, &reading);
	source->ops->detach(source);
	source->ops->drain(source, &sink, &reading);
	bpf_source_free(source);
	_exit(0);
}

/* How an instance ended. */
static int run(enum attach_mode mode, unsigned int kill_at)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child)
		live(mode, kill_at);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* The next instance takes away what is left. */
static void expect_cleaned(const struct picture *before, enum attach_mode next, unsigned int n)
{
	struct picture after;

	assert_int_equal(run(next, 0), 0);
	take_picture(&after);
	if (!is_same(before, &after))
		fail_msg("killed at call %u, next on %s: qdisc %d was %d, %u filters were %u", n,
			 attach_mode_name(next), (int)after.qdisc, (int)before->qdisc, after.count,
			 before->count);
}

/* Kills at each call, with what is on the hooks now. */
static void kill_at_all(void)
{
	struct picture before, after;
	unsigned int n = 1, left = 0;
	int status;

	take_picture(&before);
	for (; (status = run(ATTACH_CLSACT, n)) && n < CALLS_MAX; n++) {
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		take_picture(&after);
		if (is_same(&before, &after))
			continue;
		left++;
		expect_cleaned(&before, left % 2 ? ATTACH_TCX : ATTACH_CLSACT, n);
	}
	print_message("%u calls, %u times something was left for the next start\n", n - 1, left);
	assert_in_range(n, 50, CALLS_MAX - 1);
	assert_in_range(left, 5, n);
}

static void put_foreign_filter(enum bpf_tc_attach_point where, unsigned int priority)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "somebody", "GPL", code, 2, NULL);
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = LOOPBACK, .attach_point = where);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = fd, .priority = priority);

	assert_true(fd >= 0);
	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
	close(fd);
}

static void test_nothing(void **state)
{
	enum tc_qdisc qdisc = TC_QDISC_NONE;

	(void)state;
	assert_int_equal(tc_qdisc_find(LOOPBACK, &qdisc), 0);
	assert_int_equal(qdisc, TC_QDISC_NONE); /* also after the instances of main() */
	kill_at_all();
}

/* Somebody's empty qdisc: no sign of anybody, and still not ours. */
static void test_empty_qdisc(void **state)
{
	(void)state;
	foreign_qdisc_make();
	kill_at_all();
	foreign_qdisc_remove();
}

static void test_foreign_filters(void **state)
{
	(void)state;
	foreign_qdisc_make();
	put_foreign_filter(BPF_TC_INGRESS, 1);
	put_foreign_filter(BPF_TC_INGRESS, 49152);
	put_foreign_filter(BPF_TC_EGRESS, 1);
	kill_at_all();
	foreign_qdisc_remove();
}

/* An instance that lives keeps its filters and its qdisc, and takes them along when it ends. */
static void test_living(void **state)
{
	struct picture picture;
	int ready[2], end[2], status = 0;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready) | pipe(end), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct flow_source *source = open_source(ATTACH_CLSACT);

		close(end[1]);
		if (!source || write(ready[1], "", 1) != 1 || read(end[0], &byte, 1) != 0)
			_exit(1);
		source->ops->detach(source);
		bpf_source_free(source);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	kill_at_all();
	for (int i = 0; i < 2; i++) {
		close(end[1 - i]);
		close(ready[i]);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	take_picture(&picture);
	assert_int_equal(picture.qdisc, TC_QDISC_NONE);
}

int main(int argc, char **argv)
{
	struct faults_bed bed;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_empty_qdisc),
		cmocka_unit_test(test_foreign_filters),
		cmocka_unit_test(test_living),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	bpf_source_silence();
	if (faults_bed_open(&bed))
		return 77;
	/* What libbpf asks the kernel only once is asked before. */
	(void)!run(ATTACH_CLSACT, 0);
	bpf_source_free(open_source(ATTACH_CLSACT));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
