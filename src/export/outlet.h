/* SPDX-License-Identifier: MIT */
/*
 * Where a stream is written: standard output, or a file that may be opened again when it was renamed.
 * Waits for a slow reader and for space on a full disk, until some time after the program was told to
 * end. Thread of the stream, except outlet_reopen().
 */
#ifndef PKTSTAT_OUTLET_H
#define PKTSTAT_OUTLET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long after the end a reader may take none of what is left. */
#define OUTLET_GRACE_NS 10000000000ULL

struct outlet {
	int fd;
	int stop_fd;		/* readable when the program ends */
	bool owned;		/* close `fd` */
	atomic_int next_fd;	/* the file that was opened again, or -1 */
	/* Called when writing stops, and when it goes on. */
	void (*stuck)(void *context, int err);
	void *context;
	bool is_stuck;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none yet */
};

/* Writes everything; 0, -EPIPE or another negative errno, -ETIMEDOUT behind the grace. */
int outlet_write(struct outlet *outlet, const char *text, size_t size);
/* Any thread: from the next write on, to this descriptor, which it takes over. */
void outlet_reopen(struct outlet *outlet, int fd);
void outlet_close(struct outlet *outlet);

#endif
