/* SPDX-License-Identifier: MIT */
/*
 * Finds the processes behind flows: a thread of its own, a reader of the ring, that writes the owner
 * into the flow table entries of what it sees and nothing else. Opened by the main thread while it
 * still has all capabilities; no cost in the data path.
 */
#ifndef PKTSTAT_OWNERS_H
#define PKTSTAT_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "owner.h"
#include "process.h"
#include "ring.h"

struct owners;

struct owners_options {
	struct ring *ring;	   /* these two stay the caller's and outlive it */
	struct owner_table *table; /* the thread becomes its only writer */
	int netns_fd; /* namespace of the interfaces, borrowed until owners_free(); -1: this one */
	bool no_iterator; /* as if the kernel had none: for tests of the other ways */
	bool no_hook;
	struct user_source users; /* names of users; without a function they are looked up here */
	void (*on_thread)(void *context); /* the thread's first act; NULL: none */
	void *context;
};

/*
 * Loads and attaches what the kernel allows: the iterator over sockets and their processes and the
 * hook at the release of a socket; without them sock_diag and /proc. Succeeds even if none of them
 * works; fails without memory or descriptors: -ENOMEM, -EMFILE, ...
 */
int owners_open(const struct owners_options *options, struct owners **ret_owners);

/*
 * Starts the thread; signals stay blocked as they are in the caller. 0 or a negative errno.
 *
 * What the thread needs of the kernel, for whoever takes rights away before:
 *   system calls: bpf (BPF_ITER_CREATE only), openat, read, close, lseek, fstat, newfstatat, statx,
 *   getdents64, readlinkat, access, poll/ppoll, sendto, recvfrom, write, prctl (PR_SET_NAME),
 *   setpriority, clock_gettime, getpid, memory and futex; without `users`, what users_name() does;
 *   capabilities: CAP_BPF for the iterator where unprivileged BPF is off; CAP_SYS_PTRACE for other
 *   users' processes; CAP_DAC_READ_SEARCH for their descriptors, where owners_read_descriptors().
 *   Entering namespaces and attaching is done before.
 * Any of them refused: fewer owners are found, nothing else happens.
 */
int owners_start(struct owners *owners);

/* After the last snapshot was published: looks at it again, then ends the thread. */
void owners_finish(struct owners *owners);
/* Detaches all; NULL is allowed. */
void owners_free(struct owners *owners);

/* Whether /proc/PID/fd is read: the kernel does not list sockets by process. */
bool owners_read_descriptors(const struct owners *owners);

/* The file without which only /proc is read, as its path; NULL: it is there. */
const char *owners_missing(void);

/* Which way is used, for the health page and the report: "iterator and release hook", "/proc". */
const char *owners_way(const struct owners *owners);

/* Statistics; any thread. */
struct owners_health {
	uint64_t passes;	/* over all sockets */
	uint64_t pass_ns;	/* CPU time of the last one */
	uint32_t sockets;	/* seen in it */
	uint64_t found, missed; /* flows that got an owner, and that were given up */
};
void owners_health(const struct owners *owners, struct owners_health *ret_health);

#endif
