/* SPDX-License-Identifier: MIT */
/*
 * Where a stream is written: standard output, or a file that may be opened again when it was renamed.
 * Waits for a slow reader and for space on a full disk, until some time after the program was told to
 * end: that time is bounded, whatever a reader does. Thread of the stream, except outlet_reopen().
 */
#ifndef PKTSTAT_OUTLET_H
#define PKTSTAT_OUTLET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * After the end: how long a reader may take nothing of what is left, and how long all of it may take. The
 * second is below the 90 seconds after which systemd kills a service.
 */
#define OUTLET_GRACE_NS	    10000000000ULL
#define OUTLET_GRACE_ALL_NS 60000000000ULL

struct outlet {
	int fd;
	int stop_fd;		/* readable when the program ends */
	bool owned;		/* close `fd` */
	atomic_int next_fd;	/* the file that was opened again, or -1 */
	/* Called when writing stops, and when it goes on. */
	void (*stuck)(void *context, int err);
	void *context;
	bool is_stuck;
	uint64_t grace_ns, grace_all_ns; /* after the end, as above */
	uint64_t moved_ns;		 /* since then something was taken, or the end seen */
	uint64_t end_ns;		 /* CLOCK_MONOTONIC: the end was seen; 0: not yet */
};

/*
 * Writes everything; 0, -EPIPE or another negative errno. After the end -ETIMEDOUT: nothing was taken for
 * `grace_ns`; -ETIME: not everything within `grace_all_ns`; -ENOSPC, -EDQUOT: the disk is still full.
 */
int outlet_write(struct outlet *outlet, const char *text, size_t size);
/* Any thread: from the next write on, to this descriptor, which it takes over. */
void outlet_reopen(struct outlet *outlet, int fd);
void outlet_close(struct outlet *outlet);

#endif
