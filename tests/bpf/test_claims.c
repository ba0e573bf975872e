/* SPDX-License-Identifier: MIT */
/*
 * Claims, and instances that share the clsact qdisc of an interface, in a network namespace of the
 * test's own: strangers without privilege, dead instances, and many that come and go at once.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "claim.h"
#include "clsact.h"
#include "foreign_qdisc.h"
#include "tc.h"

#define LOOPBACK    1
#define NOBODY	    65534
#define LONG_MS	    60000
#define RACERS	    3
#define RACE_ROUNDS 200
#define RACE_LOOKS  5

/* In children: cmocka's assertions belong to the test program. */
#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                               \
		}                                                                               \
	} while (0)

/* Between the last look at a qdisc and its removal others have all the time they need. */
int __real_bpf_tc_hook_destroy(struct bpf_tc_hook *hook);
int __wrap_bpf_tc_hook_destroy(struct bpf_tc_hook *hook);
int __wrap_bpf_tc_hook_destroy(struct bpf_tc_hook *hook)
{
	poll(NULL, 0, 1);
	return __real_bpf_tc_hook_destroy(hook);
}

/* Programs of those names that let every packet pass. */
static int prog_fd[FLOW_DIRS];

static int load(const char *name)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL", code, 2, NULL);
}

/* Runs `body` in a process of its own, which must end well. */
static void in_child(void (*body)(void *arg), void *arg)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		body(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void become_nobody(void)
{
	CHECK(!setgid(NOBODY) && !setuid(NOBODY));
}

static int take_port(uint32_t port)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = port};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static enum tc_qdisc qdisc_now(void)
{
	enum tc_qdisc qdisc = TC_QDISC_NONE;

	assert_int_equal(tc_qdisc_find(LOOPBACK, &qdisc), 0);
	return qdisc;
}

static void test_claim(void **state)
{
	struct claim claim, other;
	uint32_t number;

	(void)state;
	claim_init(&claim);
	claim_init(&other);
	assert_int_equal(claim_open(&claim), 0);
	assert_int_equal(claim_open(&other), 0);
	number = claim.number;
	assert_int_equal(number & CLAIM_MASK, CLAIM_KIND);
	assert_int_not_equal(number, other.number);
	assert_int_equal(claim_open(&claim), 0);
	assert_int_equal(claim.number, number);
	assert_true(claim_is_held(number));
	claim_close(&claim);
	assert_false(claim_is_held(number));
	assert_true(claim_is_held(other.number));
	claim_close(&other);
	claim_close(&other);
}

static void be_a_stranger(void *arg)
{
	const uint32_t *numbers = arg; /* of a dead instance, of a living one */
	const uint32_t group = RTNLGRP_IPV4_MROUTE_R;
	struct claim claim;
	int fd;

	claim_init(&claim);
	become_nobody();
	CHECK(claim_open(&claim) == -EPERM);
	CHECK(take_port(numbers[1]) < 0);
	fd = take_port(numbers[0]);
	CHECK(fd >= 0);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0);
	/* A stranger with the number of a dead instance is no instance. */
	CHECK(!claim_is_held(numbers[0]));
	CHECK(claim_is_held(numbers[1]));
}

/* Where the kernel does not tell who has the number, it may be an instance. */
static void be_a_stranger_without_proc(void *arg)
{
	const uint32_t *numbers = arg;

	CHECK(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	      !mount("none", "/proc", "tmpfs", 0, NULL));
	CHECK(!claim_is_held(numbers[0]));
	CHECK(take_port(numbers[0]) >= 0);
	CHECK(claim_is_held(numbers[0]));
}

static void test_stranger(void **state)
{
	struct claim dead, living;
	uint32_t numbers[2];

	(void)state;
	claim_init(&dead);
	claim_init(&living);
	assert_int_equal(claim_open(&dead), 0);
	assert_int_equal(claim_open(&living), 0);
	numbers[0] = dead.number;
	numbers[1] = living.number;
	claim_close(&dead);
	in_child(be_a_stranger, numbers);
	in_child(be_a_stranger_without_proc, numbers);
	claim_close(&living);
}

/* The mark of a qdisc remains correct whatever happens to it. */
static void test_qdisc(void **state)
{
	(void)state;
	assert_int_equal(qdisc_now(), TC_QDISC_NONE);
	assert_int_equal(tc_qdisc_make(LOOPBACK), 0);
	assert_int_equal(qdisc_now(), TC_QDISC_OURS);
	assert_int_equal(tc_qdisc_make(LOOPBACK), -EEXIST);
	foreign_qdisc_remove();
	foreign_qdisc_make();
	assert_int_equal(qdisc_now(), TC_QDISC_CLSACT);
	assert_int_equal(tc_qdisc_make(LOOPBACK), -EEXIST);
	assert_int_equal(qdisc_now(), TC_QDISC_CLSACT);
	assert_int_equal(clsact_sweep(), 0);
	assert_int_equal(qdisc_now(), TC_QDISC_CLSACT);
	foreign_qdisc_remove();
	assert_int_equal(tc_qdisc_make(12345), -ENODEV);
}

/* Two instances in one process. */
struct pair {
	struct claim first, second; /* by number */
	struct clsact clsact;	    /* of the first */
	struct clsact_filter sign;  /* of the second */
};

static void pair_open(struct pair *pair)
{
	struct claim swap;

	claim_init(&pair->first);
	claim_init(&pair->second);
	clsact_init(&pair->clsact);
	assert_int_equal(claim_open(&pair->first), 0);
	assert_int_equal(claim_open(&pair->second), 0);
	if (pair->first.number > pair->second.number) {
		swap = pair->first;
		pair->first = pair->second;
		pair->second = swap;
	}
}

static void pair_close(struct pair *pair)
{
	claim_close(&pair->first);
	claim_close(&pair->second);
	assert_int_equal(qdisc_now(), TC_QDISC_NONE);
}

static void sign(const struct claim *claim, struct clsact_filter *ret_sign)
{
	assert_int_equal(clsact_put(LOOPBACK, FLOW_IN, claim->leaving_fd, claim->number,
				    CLSACT_PRIORITY_LAST, ret_sign),
			 0);
}

/* Who is about to remove the qdisc is left to do it; who is dead is not waited for. */
static void test_leave(void **state)
{
	struct clsact_survey survey;
	struct pair pair;

	(void)state;
	pair_open(&pair);
	for (int i = 0; i < 2; i++) {
		const struct claim *busy = i ? &pair.first : &pair.second;
		const struct claim *other = i ? &pair.second : &pair.first;

		assert_int_equal(tc_qdisc_make(LOOPBACK), 0);
		sign(busy, &pair.sign);
		assert_int_equal(clsact_leave(LOOPBACK, other), -EBUSY);
		assert_int_equal(qdisc_now(), TC_QDISC_OURS);
		/* Its own sign is away again. */
		assert_int_equal(clsact_survey(LOOPBACK, FLOW_IN, other->number, &survey), 0);
		assert_false(survey.leaving);
		clsact_remove(LOOPBACK, FLOW_IN, &pair.sign);
		assert_int_equal(clsact_leave(LOOPBACK, other), 0);
		assert_int_equal(qdisc_now(), TC_QDISC_NONE);
	}
	assert_int_equal(tc_qdisc_make(LOOPBACK), 0);
	sign(&pair.second, &pair.sign);
	claim_close(&pair.second);
	assert_int_equal(clsact_leave(LOOPBACK, &pair.first), 0);
	pair_close(&pair);
}

/* A qdisc that is used by another instance, or was made by somebody else, stays. */
static void test_used(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	assert_int_equal(clsact_open(&pair.clsact, prog_fd, LOOPBACK, &pair.first), 0);
	assert_int_equal(clsact_leave(LOOPBACK, &pair.second), 0);
	assert_int_equal(clsact_sweep(), 0);
	assert_int_equal(qdisc_now(), TC_QDISC_OURS);
	foreign_qdisc_remove();
	foreign_qdisc_make();
	clsact_close(&pair.clsact);
	assert_int_equal(qdisc_now(), TC_QDISC_CLSACT);
	assert_int_equal(clsact_leave(LOOPBACK, &pair.second), 0);
	assert_int_equal(qdisc_now(), TC_QDISC_CLSACT);
	foreign_qdisc_remove();
	pair_close(&pair);
}

/* Without patience nobody is waited for: the filters are on, and no error. */
static void test_no_patience(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	assert_int_equal(tc_qdisc_make(LOOPBACK), 0);
	sign(&pair.second, &pair.sign);
	assert_int_equal(clsact_open(&pair.clsact, prog_fd, LOOPBACK, &pair.first), 0);
	clsact_close(&pair.clsact);
	assert_int_equal(pair.clsact.ifindex, LOOPBACK);
	clsact_remove(LOOPBACK, FLOW_IN, &pair.sign);
	clsact_close(&pair.clsact);
	assert_int_equal(pair.clsact.ifindex, 0);
	pair_close(&pair);
}

static void expect_counting(const struct claim *claim)
{
	struct clsact_survey survey;

	for (int look = 0; look < RACE_LOOKS; look++) {
		for (enum flow_dir dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
			CHECK(!clsact_survey(LOOPBACK, dir, claim->number, &survey));
			CHECK(survey.counting);
		}
	}
}

/* Attaches and detaches, again and again; each third time it only sweeps, as a start on TCX does. */
static void race(void)
{
	struct claim claim;
	struct clsact clsact;

	for (int round = 0; round < RACE_ROUNDS; round++) {
		if (round % 3 == 2) {
			clsact_sweep();
			continue;
		}
		claim_init(&claim);
		clsact_init(&clsact);
		claim_be_patient(&claim, LONG_MS);
		CHECK(!claim_open(&claim));
		claim_be_patient(&claim, LONG_MS);
		CHECK(!clsact_open(&clsact, prog_fd, LOOPBACK, &claim));
		expect_counting(&claim);
		clsact_close(&clsact);
		CHECK(!clsact.ifindex);
		claim_close(&claim);
	}
}

static void test_race(void **state)
{
	int status, failed = 0;

	(void)state;
	for (int i = 0; i < RACERS; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child) {
			race();
			_exit(0);
		}
	}
	for (int i = 0; i < RACERS; i++) {
		assert_true(wait(&status) > 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	assert_int_equal(qdisc_now(), TC_QDISC_NONE);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim), cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_qdisc), cmocka_unit_test(test_leave),
		cmocka_unit_test(test_used),  cmocka_unit_test(test_no_patience),
		cmocka_unit_test(test_race),
	};

	libbpf_set_print(print_nothing);
	if (unshare(CLONE_NEWNET)) {
		fprintf(stderr, "skipped: needs a network namespace: %s\n", strerror(errno));
		return 77;
	}
	prog_fd[FLOW_IN] = load("flow_ingress");
	prog_fd[FLOW_OUT] = load("flow_egress");
	if (prog_fd[FLOW_IN] < 0 || prog_fd[FLOW_OUT] < 0) {
		fprintf(stderr, "skipped: needs BPF: %s\n", strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
