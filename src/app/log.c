/* SPDX-License-Identifier: MIT */
/* The log sink, one for the process; see log.h. */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format.h"

#define LOG_PREFIX   "pktstat-bpf: "
#define LOG_LINE_MAX 1024
#define LOG_HELD_MAX 16384

/* The one mutable object at file scope: the process has one stderr. */
static struct {
	pthread_mutex_t mutex;
	bool hold;
	size_t lost;
	size_t used;
	char held[LOG_HELD_MAX];
} sink = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* stderr may be closed or full: an error cannot be reported. */
static void write_stderr(const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(STDERR_FILENO, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		text += written;
		length -= (size_t)written;
	}
}

static void put_line(const char *line, size_t length)
{
	if (!sink.hold) {
		write_stderr(line, length);
	} else if (length > sizeof(sink.held) - sink.used) {
		sink.lost++;
	} else {
		memcpy(sink.held + sink.used, line, length);
		sink.used += length;
	}
}

void log_line(const char *format, ...)
{
	char message[LOG_LINE_MAX];
	char line[LOG_LINE_MAX + sizeof(LOG_PREFIX)] = LOG_PREFIX;
	int saved_errno = errno;
	size_t length;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	format_outside(message, line + strlen(LOG_PREFIX), LOG_LINE_MAX);
	length = strlen(line);
	line[length++] = '\n';
	pthread_mutex_lock(&sink.mutex);
	put_line(line, length);
	pthread_mutex_unlock(&sink.mutex);
	errno = saved_errno;
}

void log_hold(void)
{
	pthread_mutex_lock(&sink.mutex);
	sink.hold = true;
	pthread_mutex_unlock(&sink.mutex);
}

void log_release(void)
{
	char line[64];

	pthread_mutex_lock(&sink.mutex);
	sink.hold = false;
	write_stderr(sink.held, sink.used);
	if (sink.lost) {
		snprintf(line, sizeof(line), LOG_PREFIX "%zu more messages were lost\n", sink.lost);
		write_stderr(line, strlen(line));
	}
	sink.used = 0;
	sink.lost = 0;
	pthread_mutex_unlock(&sink.mutex);
}
