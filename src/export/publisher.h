/* SPDX-License-Identifier: MIT */
/*
 * A thread that reads the ring and hands what changed to an output: a stream, metrics, flow records.
 * Made and started by the main thread. An output that is slow, or stands still, gets longer intervals;
 * the collector never waits for it. Outputs never print: what is to be said goes to `say`.
 */
#ifndef PKTSTAT_PUBLISHER_H
#define PKTSTAT_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "change.h"
#include "ring.h"

/* What an output has to tell; `err` is a negative errno. */
enum publisher_news {
	PUBLISHER_ENDED,  /* as many intervals as were wanted; the program is to end */
	PUBLISHER_CLOSED, /* its reader has gone, or nothing can ever be written again */
	PUBLISHER_UNDELIVERED, /* at the end: what was left could not be written */
};

struct publisher_options {
	struct ring *ring;
	uint64_t every_ns; /* least time between two changes */
	/*
	 * A change for each snapshot that is still whole in the ring, instead of the newest one, also
	 * when the thread is late; without every_ns and count.
	 */
	bool each;
	/* How long it waits before a change, for owners of new flows to become known; 0: not. */
	int settle_ms;
	uint64_t count;	   /* intervals; the last one ends with the program; 0: no limit */
	/*
	 * The output. Thread of the publisher; a negative errno ends it. A snapshot that is SNAPSHOT_FINAL is
	 * not published before publisher_end().
	 */
	int (*publish)(void *output, const struct change *change);
	/* After the last change; `last` is the newest snapshot, NULL if there was none. */
	int (*finish)(void *output, const struct snapshot *last);
	void *output;
	/*
	 * What the thread waits for beside the ring, and what it does then and twice a second; NULL:
	 * nothing.
	 */
	int extra_fd;
	void (*extra)(void *output);
	/* First action of the thread, and what it has to tell. */
	void (*on_thread)(void *context);
	void (*say)(void *context, enum publisher_news news, int err);
	void *context;
};

struct publisher;

/* Before the collector starts. 0, -ENOMEM, -ENOSPC (too many readers), or the error of eventfd(). */
int publisher_new(const struct publisher_options *options, struct publisher **ret_publisher);
/* Starts the thread; 0 or a negative errno. */
int publisher_start(struct publisher *publisher);
/*
 * After the collector has stopped: tells the thread to publish what is left, without waiting for it. All
 * outputs are told before any is waited for, so that their times to end run at once.
 */
void publisher_end(struct publisher *publisher);
/* The same, and waits for the thread. */
void publisher_finish(struct publisher *publisher);
/* NULL is allowed. */
void publisher_free(struct publisher *publisher);

/* Readable, and so for good, when the program ends. For outputs that wait. */
int publisher_stop_fd(const struct publisher *publisher);

#endif
