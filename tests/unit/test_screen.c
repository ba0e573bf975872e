/* SPDX-License-Identifier: MIT */
/* screen.h on a pseudo-terminal: what becomes of signals that wait while the screen is at work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "frame.h"
#include "screen.h"

struct bed {
	int master;
	FILE *terminal;
	pthread_t reader;
	struct screen *screen;
	struct frame frame;
};

/* Nobody looks at what is drawn, but a full pseudo-terminal would make the screen wait. */
static void *read_all(void *arg)
{
	char text[4096];

	while (read(*(const int *)arg, text, sizeof(text)) > 0)
		;
	return NULL;
}

static void set_up(struct bed *bed)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	const char *why = NULL;

	setenv("TERM", "xterm", 1);
	setenv("COLORFGBG", "15;0", 1);
	bed->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(bed->master >= 0);
	assert_int_equal(grantpt(bed->master), 0);
	assert_int_equal(unlockpt(bed->master), 0);
	assert_int_equal(ioctl(bed->master, TIOCSWINSZ, &size), 0);
	/* The test's own process group has no business with it. */
	bed->terminal = fdopen(open(ptsname(bed->master), O_RDWR | O_NOCTTY | O_CLOEXEC), "r+");
	assert_non_null(bed->terminal);
	assert_int_equal(pthread_create(&bed->reader, NULL, read_all, &bed->master), 0);
	assert_int_equal(screen_open(bed->terminal, bed->terminal, THEME_AUTO, &bed->screen, &why), 0);
	assert_int_equal(frame_init(&bed->frame, 80, 24), 0);
}

static void tear_down(struct bed *bed)
{
	frame_done(&bed->frame);
	screen_close(bed->screen);
	fclose(bed->terminal);
	pthread_join(bed->reader, NULL);
	close(bed->master);
}

static bool is_pending(int number)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, number) == 1;
}

/* Takes a pending signal away, as reading from the signalfd does. */
static void take(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	if (is_pending(number))
		sigwaitinfo(&set, NULL);
}

/*
 * A key that stops or interrupts may be pressed while a picture is put together. It is read after
 * the picture was written, if writing it has not thrown the signal away: POSIX discards a pending
 * signal, blocked or not, as soon as somebody says that it is ignored.
 */
static void test_no_signal_is_lost(void **state)
{
	static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
	struct bed bed = {0};

	set_up(&bed);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		assert_int_equal(kill(getpid(), ours[i]), 0);
		frame_put(&bed.frame, 0, 0, 20, 0, i % 2 ? "one picture" : "another picture");
		assert_int_equal(screen_show(bed.screen, &bed.frame), 0);
		if (!is_pending(ours[i]))
			print_error("lost by drawing: %s\n", strsignal(ours[i]));
		assert_true(is_pending(ours[i]));
		if (ours[i] != SIGCONT)
			screen_resume(bed.screen);
		assert_true(is_pending(ours[i]));
		take(ours[i]);
	}
	tear_down(&bed);
}

static void stop_though_continued(void)
{
	struct bed bed = {0};

	set_up(&bed);
	kill(getpid(), SIGTSTP);
	take(SIGTSTP);
	kill(getpid(), SIGCONT);
	screen_stop(bed.screen);
	assert_true(is_pending(SIGCONT));
	assert_int_equal(screen_show(bed.screen, &bed.frame), 0);
	tear_down(&bed);
}

/* Who stops a program and continues it before it came to stop does not want it to stop. */
static void test_continued_before_it_stopped(void **state)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		/* The kernel does not stop a group that nobody in the session could continue. */
		setpgid(0, 0);
		stop_though_continued();
		_exit(0);
	}
	setpgid(child, child);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	if (WIFSTOPPED(status)) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_signal_is_lost),
		cmocka_unit_test(test_continued_before_it_stopped),
	};
	sigset_t all;

	/* Before any thread is there; the program does the same with those that it reads. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
