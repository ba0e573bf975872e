/* SPDX-License-Identifier: MIT */
/* wait.h: a poll(2) that fails does not make a loop hot, and leaves nothing that looks ready. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "wait.h"

static void test_ready(void **state)
{
	int fd = wait_new_event();
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	assert_int_equal(wait_ready(&wait, 1, 0), 0);
	assert_false(wait_take_event(fd));
	wait_signal_event(fd);
	wait_signal_event(fd);
	assert_int_equal(wait_ready(&wait, 1, -1), 1);
	assert_int_equal(wait.revents, POLLIN);
	assert_true(wait_take_event(fd));
	assert_false(wait_take_event(fd));
	close(fd);
}

/* More descriptors than the limit allows is what poll(2) refuses. */
static void test_rests(void **state)
{
	struct pollfd wait = {.fd = 0, .events = POLLIN, .revents = POLLIN};
	struct rlimit before, lowered;
	uint64_t begin_ns;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	lowered = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lowered), 0);
	begin_ns = clock_mono_ns();
	assert_int_equal(wait_ready(&wait, 1, 0), -EINVAL);
	assert_true(clock_mono_ns() - begin_ns >= WAIT_REST_NS);
	assert_int_equal(wait.revents, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A signal is no reason to rest; nothing is ready then either. */
static void test_interrupted(void **state)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 10000},
				       .it_interval = {.tv_usec = 10000}};
	const struct itimerval never = {0};
	struct pollfd wait = {.fd = -1, .revents = POLLIN};

	signal(SIGALRM, on_alarm);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(wait_ready(&wait, 1, -1), -EINTR);
	assert_int_equal(wait.revents, 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_rests),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
