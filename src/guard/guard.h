/* SPDX-License-Identifier: MIT */
/*
 * What the program may still do once everything is attached. Two steps: the process keeps what any
 * of its threads will need (guard_close(), before the first thread starts), then each thread keeps
 * what it needs itself (guard_narrow()). Both drop capabilities and install a seccomp filter that
 * answers all other system calls with EPERM. What is allowed, and for which need, is in the tables
 * of guard.c and syscalls.c: a new need is a bit here and a line there.
 *
 * Threads share their memory, so code that runs in one thread can in the end make another one run
 * it too: what it can reach then is the sum of all threads' needs.
 */
#ifndef PKTSTAT_GUARD_H
#define PKTSTAT_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* What is still to be done later, as bits. */
enum guard_need {
	GUARD_THREADS = 1 << 0, /* start threads, which narrow themselves */
	GUARD_COLLECT = 1 << 1, /* create, swap and empty kernel maps */
	GUARD_ATTACH = 1 << 2,	/* load and attach programs (-i any, interfaces that return) */
	GUARD_CLSACT = 1 << 3,	/* remove filters at the end */
	GUARD_NETNS = 1 << 4,	/* enter the namespace of --netns */
	GUARD_OWNERS = 1 << 5,	/* look at processes of other users */
	GUARD_PROC =
		1
		<< 6, /* and at their descriptors, if the kernel does not list sockets by process */
	GUARD_NAMES = 1 << 7,	 /* query DNS */
	GUARD_VIEW = 1 << 8,	 /* draw on a terminal */
	GUARD_SETTINGS = 1 << 9, /* create and replace files: a helper process, see helper.h */
	GUARD_SERVE = 1 << 12,	 /* accept connections on a socket that listens already */
	GUARD_APPEND = 1 << 11,	 /* open files to append to them: a helper process */
	GUARD_SOCKET = 1 << 14,	 /* read packet sockets that are open */
	GUARD_CONNECT = 1 << 13, /* connect a socket again that is open */
	GUARD_USERS = 1 << 10,	 /* look up users in name services: a helper process */
};

/* True if the program runs set-user-ID or set-group-ID, which it refuses. */
bool guard_is_setuid(void);

/*
 * Raises the limit of locked memory, which limits kernel maps before Linux 5.11, and the soft limit
 * of open files to the hard limit, as far as permitted. Call before guard_close().
 */
void guard_raise_limits(void);

/*
 * Restricts the process: `needs` is what all its threads need together. Main thread, before others
 * are started: they inherit the restriction. If a step fails, the earlier steps remain in effect.
 * 0, or the negative errno of the step that failed, with its name ("capabilities", "no_new_privs",
 * "the system call filter") in *ret_what. On a kernel without seccomp there is no filter, which is
 * not an error.
 */
int guard_close(unsigned int needs, const char **ret_what);

/*
 * Restricts the calling thread to `needs`, within what guard_close() left; guard_close() must have
 * had GUARD_THREADS. Errors as there.
 */
int guard_narrow(unsigned int needs, const char **ret_what);

/* Which capabilities the program needs and has. Any thread. */

/*
 * Writes the names of required capabilities that are not effective ("cap_bpf, cap_perfmon"), at
 * most `size` bytes with the terminating zero. Returns their number; 0 and "" if none is missing.
 * CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON, as in the kernel.
 */
int privileges_missing(char *text, size_t size);

#endif
