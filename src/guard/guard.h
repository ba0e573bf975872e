/* SPDX-License-Identifier: MIT */
/*
 * What the program may still do once everything is attached. Two steps: the process keeps what any of
 * its threads will need (guard_close(), before the first thread starts), then each thread keeps what it
 * needs itself (guard_narrow()). Both drop capabilities and install a seccomp filter that answers all
 * other system calls with EPERM. What is allowed, and for which need, is in the tables of
 * capabilities.c and syscalls.c: a new need is a bit here and a line there.
 *
 * Threads share their memory, so code that runs in one thread can in the end make another one run it
 * too: what it can reach then is the sum of all threads' needs.
 */
#ifndef PKTSTAT_GUARD_H
#define PKTSTAT_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* What is still to be done later, as bits. */
enum guard_need {
	GUARD_THREADS = 1 << 0, /* threads are started, and narrow themselves */
	GUARD_COLLECT = 1 << 1, /* kernel maps are made, swapped and emptied */
	GUARD_ATTACH = 1 << 2, /* programs are loaded and attached (-i any, waiting for a return) */
	GUARD_CLSACT = 1 << 3, /* filters are removed at the end */
	GUARD_NETNS = 1 << 4,  /* the namespace of --netns is entered */
	GUARD_OWNERS = 1 << 5, /* other users' processes are looked at */
	GUARD_PROC =
		1 << 6, /* their descriptors, too, where the kernel lists no sockets by process */
	GUARD_NAMES = 1 << 7,	 /* DNS is asked */
	GUARD_VIEW = 1 << 8,	 /* a terminal is drawn on */
	GUARD_SETTINGS = 1 << 9, /* files are made and replaced: a helper process, see helper.h */
	GUARD_USERS = 1 << 10,	 /* name services are asked for users: a helper process */
};

/* True when it runs set-user-ID or set-group-ID, which it refuses to. */
bool guard_is_setuid(void);

/*
 * While it still may: lets kernel maps grow where the kernel counts them as locked memory (before
 * 5.11), and the process open as many files as its hard limit says, as far as that is allowed.
 */
void guard_raise_limits(void);

/*
 * Closes it for the process: `needs` is what all its threads need together. Main thread, before the
 * others are started: they inherit it. What an earlier step achieved stays when a later one fails.
 * 0, or the negative errno of what failed, with its name ("capabilities", "no_new_privs", "the
 * system call filter") in *ret_what. A kernel without seccomp is no failure: there is no filter then.
 */
int guard_close(unsigned int needs, const char **ret_what);

/*
 * The calling thread keeps only what `needs` says, of what guard_close() left (with GUARD_THREADS
 * among its needs). Errors as there.
 */
int guard_narrow(unsigned int needs, const char **ret_what);

#endif
