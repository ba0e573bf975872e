/* SPDX-License-Identifier: MIT */
/*
 * A process of its own for the little that the guard forbids to the program itself: it gets one
 * request at a time over a socket pair and answers it, and can do what its own needs say and no
 * more. It is forked while the program has one thread and no file of value open, has no capability,
 * no terminal and no descriptor but the socket, and ends when the program closes its end or dies.
 */
#ifndef PKTSTAT_HELPER_H
#define PKTSTAT_HELPER_H

#include <stddef.h>
#include <sys/types.h>

/* Longest request and answer, in bytes. */
#define HELPER_MESSAGE_MAX 8192

struct helper;

struct helper_options {
	const char *name;      /* of the process, at most 15 bytes */
	unsigned int needs;    /* of guard.h */
	void (*prepare)(void); /* before the guard closes, in the helper; NULL: nothing */
	/* Answers a request: the length of what it wrote to `answer`, at most `size` bytes. */
	size_t (*serve)(const void *request, size_t length, void *answer, size_t size);
};

/* Starts it. Main thread, before any other. 0 or a negative errno. */
int helper_start(const struct helper_options *options, struct helper **ret_helper);

/*
 * Asks, and waits for the answer: its length, at most `size`, or a negative errno (-EPIPE: it is no
 * longer there). One thread at a time; NULL is allowed: -EPIPE.
 */
ssize_t helper_ask(struct helper *helper, const void *request, size_t length, void *answer,
		   size_t size);

/* Lets it end; NULL is allowed. */
void helper_stop(struct helper *helper);

#endif
