/* SPDX-License-Identifier: MIT */
/* log.h: one safe line on stderr, held back while the screen is somebody else's. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define THREADS 4
#define LINES 200

/* stderr goes into a file in memory meanwhile. */
struct catch {
	int saved_fd, fd;
	char text[262144];
};

static int catch_begin(void **state)
{
	struct catch *caught = calloc(1, sizeof(*caught));

	caught->saved_fd = dup(STDERR_FILENO);
	caught->fd = memfd_create("stderr", MFD_CLOEXEC);
	dup2(caught->fd, STDERR_FILENO);
	*state = caught;
	return 0;
}

static int catch_end(void **state)
{
	struct catch *caught = *state;

	dup2(caught->saved_fd, STDERR_FILENO);
	close(caught->saved_fd);
	close(caught->fd);
	free(caught);
	return 0;
}

/* Everything written so far. */
static const char *text_of(struct catch *caught)
{
	ssize_t length = pread(caught->fd, caught->text, sizeof(caught->text) - 1, 0);

	assert_true(length >= 0);
	caught->text[length] = '\0';
	return caught->text;
}

static void test_line(void **state)
{
	errno = ENOTTY;
	log_line("no interface \"%s\", %d others", "eth9", 3);
	assert_int_equal(errno, ENOTTY);
	assert_string_equal(text_of(*state), "pktstat-bpf: no interface \"eth9\", 3 others\n");
}

/* Nobody listens: nothing happens, and errno is kept. */
static void test_closed(void **state)
{
	close(STDERR_FILENO);
	errno = ENOTTY;
	log_line("to nobody");
	assert_int_equal(errno, ENOTTY);
}

static void test_hostile(void **state)
{
	const char *text;

	log_line("name %s", "a\033[2J\nb\xff");
	text = text_of(*state);
	assert_string_equal(text, "pktstat-bpf: name a\\x1b[2J\\x0ab\\xff\n");
}

/* However long, it is one line. */
static void test_long(void **state)
{
	char message[5000];
	const char *text;

	memset(message, '\001', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_line("%s", message);
	text = text_of(*state);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_true(strlen(text) > 900 && strlen(text) < 1100);
}

static void test_hold(void **state)
{
	log_line("before");
	log_hold();
	log_line("one");
	log_line("two");
	assert_string_equal(text_of(*state), "pktstat-bpf: before\n");
	log_release();
	assert_string_equal(text_of(*state),
			    "pktstat-bpf: before\npktstat-bpf: one\npktstat-bpf: two\n");
	log_line("after");
	log_hold();
	log_release(); /* nothing is said twice */
	assert_string_equal(text_of(*state), "pktstat-bpf: before\npktstat-bpf: one\n"
					     "pktstat-bpf: two\npktstat-bpf: after\n");
}

static size_t lines_in(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* Some kilobytes are held; of the rest the number is said, once. */
static void test_hold_much(void **state)
{
	unsigned long lost = 0;
	const char *text, *more;

	log_hold();
	for (int i = 0; i < 2000; i++)
		log_line("message %04d", i);
	log_release();
	text = text_of(*state);
	more = strstr(text, " more messages were lost\n");
	assert_non_null(more);
	while (more[-1] != ' ')
		more--;
	lost = strtoul(more, NULL, 10);
	assert_int_equal(lines_in(text), 2000 - lost + 1);
	assert_true(lost < 2000 - 100);
	assert_non_null(strstr(text, "message 0000\n"));
	log_hold();
	log_release();
	assert_ptr_equal(strstr(strstr(text_of(*state), "lost") + 1, "lost"), NULL);
}

static void *log_many(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_line("thread %d line %d", *(int *)arg, i);
	return NULL;
}

/* Lines of several threads are never mixed. */
static void test_threads(void **state)
{
	pthread_t thread[THREADS];
	int number[THREADS];
	const char *line;
	size_t lines = 0;

	for (int i = 0; i < THREADS; i++) {
		number[i] = i;
		assert_int_equal(pthread_create(&thread[i], NULL, log_many, &number[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (line = text_of(*state); *line; line = strchr(line, '\n') + 1, lines++)
		assert_memory_equal(line, "pktstat-bpf: thread ", 20);
	assert_int_equal(lines, THREADS * LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line, catch_begin, catch_end),
		cmocka_unit_test_setup_teardown(test_closed, catch_begin, catch_end),
		cmocka_unit_test_setup_teardown(test_hostile, catch_begin, catch_end),
		cmocka_unit_test_setup_teardown(test_long, catch_begin, catch_end),
		cmocka_unit_test_setup_teardown(test_hold, catch_begin, catch_end),
		cmocka_unit_test_setup_teardown(test_hold_much, catch_begin, catch_end),
		cmocka_unit_test_setup_teardown(test_threads, catch_begin, catch_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
