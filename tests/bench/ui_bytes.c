/* SPDX-License-Identifier: MIT */
/*
 * Bytes that a full-screen program writes to its terminal, per refresh: runs it on a
 * pseudo-terminal, leaves out the first second, and counts. Works with any program that ends on
 * SIGTERM, to compare.
 *
 *   ui_bytes WIDTH HEIGHT SECONDS REFRESHES_A_SECOND COMMAND [ARG...]
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Bytes until then; below 0 when the program has ended. */
static long count_until(int fd, int64_t deadline_ms)
{
	char buffer[65536];
	long bytes = 0;
	int64_t left;

	while ((left = deadline_ms - now_ms()) > 0) {
		struct pollfd polled = {fd, POLLIN, 0};
		ssize_t got;

		if (poll(&polled, 1, (int)left) <= 0)
			continue;
		got = read(fd, buffer, sizeof(buffer));
		if (got <= 0)
			return -1;
		bytes += got;
	}
	return bytes;
}

int main(int argc, char **argv)
{
	struct winsize size = {0};
	double seconds, rate;
	long start, bytes;
	int fd;
	pid_t child;

	if (argc < 6) {
		fprintf(stderr, "usage: %s WIDTH HEIGHT SECONDS REFRESHES COMMAND...\n", argv[0]);
		return 2;
	}
	size.ws_col = (unsigned short)strtoul(argv[1], NULL, 10);
	size.ws_row = (unsigned short)strtoul(argv[2], NULL, 10);
	seconds = strtod(argv[3], NULL);
	rate = strtod(argv[4], NULL);
	child = forkpty(&fd, NULL, NULL, &size);
	if (child < 0)
		return 1;
	if (!child) {
		execvp(argv[5], argv + 5);
		_exit(127);
	}
	start = count_until(fd, now_ms() + 1500);
	bytes = start < 0 ? -1 : count_until(fd, now_ms() + (int64_t)(seconds * 1000));
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	if (bytes < 0) {
		fprintf(stderr, "%s ended early\n", argv[5]);
		return 1;
	}
	printf("%sx%s: first 1.5 s %ld bytes, then %.0f bytes a refresh\n", argv[1], argv[2], start,
	       (double)bytes / (seconds * rate));
	return 0;
}
