/* SPDX-License-Identifier: MIT */
/* helper.h: a helper answers, has no descriptor of ours, and ends with whoever asks it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard_private.h"
#include "helper.h"

static int descriptor = -1;

/* 'p': its process; 'f': whether the descriptor is open; 'w': whether a file can be written. */
static size_t serve(const void *request, size_t length, void *answer, size_t size)
{
	long number = 0;

	(void)length;
	(void)size;
	switch (*(const char *)request) {
	case 'p': number = getpid(); break;
	case 'f': number = fcntl(descriptor, F_GETFD) < 0 ? errno : 0; break;
	case 'w': number = open("/dev/null", O_WRONLY) < 0 ? errno : 0; break;
	case 'x': _exit(0);
	default: break;
	}
	memcpy(answer, &number, sizeof(number));
	return sizeof(number);
}

static struct helper *start(void)
{
	const struct helper_options options = {
		.name = "test-helper", .needs = GUARD_SETTINGS, .serve = serve};
	struct helper *helper = NULL;

	assert_int_equal(helper_start(&options, &helper), 0);
	return helper;
}

static long ask(struct helper *helper, const char *request)
{
	long number = -1;

	assert_int_equal(helper_ask(helper, request, 1, &number, sizeof(number)), sizeof(number));
	return number;
}

static void answers(void **state)
{
	struct helper *helper;
	int pair[2];
	long child;
	char byte;

	assert_int_equal(pipe(pair), 0);
	descriptor = pair[1];
	helper = start();
	child = ask(helper, "p");
	assert_true(child > 0 && child != getpid());
	assert_int_equal(ask(helper, "f"), EBADF);
	if (!GUARD_SANITIZED) /* they write reports */
		assert_int_equal(ask(helper, "w"), EPERM);
	assert_int_equal(kill((pid_t)child, SIGTERM), 0); /* it goes on: it ends with us */
	assert_int_equal(ask(helper, "p"), child);
	helper_stop(helper);
	close(pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 0); /* nobody else has the other end */
	close(pair[0]);
}

static void tells_its_end(void **state)
{
	struct helper *helper = start();
	long number;

	assert_int_equal(helper_ask(helper, "x", 1, &number, sizeof(number)), -EPIPE);
	assert_int_equal(helper_ask(helper, "p", 1, &number, sizeof(number)), -EPIPE);
	helper_stop(helper);
	assert_int_equal(helper_ask(NULL, "p", 1, &number, sizeof(number)), -EPIPE);
	helper_stop(NULL);
}

/* One that is stopped is not waited for; once it goes on, answers are those of new requests. */
static void is_stopped(void **state)
{
	const struct helper_options hasty = {
		.name = "test-helper", .needs = GUARD_SETTINGS, .serve = serve, .wait_ms = 1};
	struct helper *helper = NULL;
	ssize_t length;
	long child, number = -1;

	assert_int_equal(helper_start(&hasty, &helper), 0);
	while (helper_ask(helper, "p", 1, &child, sizeof(child)) != sizeof(child))
		usleep(1000);
	assert_int_equal(kill((pid_t)child, SIGSTOP), 0);
	/* Before it takes effect, it may still answer. */
	while ((length = helper_ask(helper, "p", 1, &number, sizeof(number))) == sizeof(number))
		usleep(1000);
	assert_int_equal(length, -ETIMEDOUT);
	assert_int_equal(helper_ask(helper, "f", 1, &number, sizeof(number)), -ETIMEDOUT);
	assert_int_equal(kill((pid_t)child, SIGCONT), 0);
	for (int i = 0; i < 100; i++) {
		while (helper_ask(helper, "p", 1, &number, sizeof(number)) != sizeof(number))
			usleep(1000);
		assert_int_equal(number, child);
		length = helper_ask(helper, "0", 1, &number, sizeof(number));
		assert_true(length == -ETIMEDOUT || !number);
	}
	helper_stop(helper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(tells_its_end),
		cmocka_unit_test(is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
