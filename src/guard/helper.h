/* SPDX-License-Identifier: MIT */
/*
 * A process that does what the guard forbids in the program itself: it receives one request at a
 * time over a socket pair, answers it, and is restricted to its own needs. It is forked while the
 * program has one thread and no important file open; it has no capabilities, no terminal and no
 * descriptor except the socket, and ends when the program closes its end or dies.
 */
#ifndef PKTSTAT_HELPER_H
#define PKTSTAT_HELPER_H

#include <stddef.h>
#include <sys/types.h>

/* Longest request and answer, in bytes. */
#define HELPER_MESSAGE_MAX 8192

/* How long an answer is waited for: a helper may be stopped, or wait for a disk or a directory service. */
#define HELPER_WAIT_MS 5000

struct helper;

struct helper_options {
	const char *name;      /* of the process, at most 15 bytes */
	unsigned int needs;    /* of guard.h */
	void (*prepare)(void); /* called in the helper before it is restricted; NULL: nothing */
	/* Writes the answer to a request, at most `size` bytes; returns its length. */
	size_t (*serve)(const void *request, size_t length, void *answer, size_t size);
	/*
	 * Instead: opens the file that a request is about. Its descriptor, which is handed to the
	 * program and closed, or a negative errno. 0 is no descriptor: done, without one.
	 */
	int (*serve_file)(const void *context, const void *request, size_t length);
	const void *context; /* as it was when the helper was started */
	unsigned int wait_ms; /* 0: HELPER_WAIT_MS */
};

/* Starts it. Main thread, before any other. 0 or a negative errno. */
int helper_start(const struct helper_options *options, struct helper **ret_helper);

/*
 * Sends a request and waits for the answer. Returns its length, at most `size`, or a negative errno
 * (-EPIPE: the helper has ended; -ETIMEDOUT: it does not answer, or has not yet answered an earlier
 * request). One thread at a time; for NULL: -EPIPE.
 */
ssize_t helper_ask(struct helper *helper, const void *request, size_t length, void *answer,
		   size_t size);

/*
 * The same of a helper that opens files: a descriptor that the caller closes, 0 if the helper was to
 * do something else and did, or a negative errno. One thread at a time; for NULL: -EPIPE.
 */
int helper_ask_file(struct helper *helper, const void *request, size_t length);

/* Ends the helper and frees; NULL is allowed. */
void helper_stop(struct helper *helper);

#endif
