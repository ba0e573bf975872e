/* SPDX-License-Identifier: MIT */
/*
 * What the program may do once everything is attached, and no more: capabilities it no longer
 * needs are dropped, no_new_privs is set, a seccomp filter lets through what the threads use and
 * answers anything else with EPERM. Main thread, before the other threads are started: they
 * inherit it.
 */
#ifndef PKTSTAT_GUARD_H
#define PKTSTAT_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* What is still to be done later, which decides what is kept. */
struct guard_needs {
	bool attach; /* programs will be loaded and attached later (-i any, waiting for a return) */
	/* The collector thread is yet to enter the namespace of --netns, and then gives this up. */
	bool netns;  /* CAP_SYS_ADMIN and setns() */
	bool clsact; /* filters are to be removed at the end */
	bool owners; /* other users' processes are looked at */
	bool names;  /* DNS is asked */
	bool live;   /* a terminal is drawn on, settings are saved */
};

/* True when it runs set-user-ID or set-group-ID, which it refuses to. */
bool guard_is_setuid(void);

/*
 * While it still may: lets kernel maps grow where the kernel counts them as locked memory (before
 * 5.11), as far as that is allowed.
 */
void guard_raise_limits(void);

/*
 * Closes it; what an earlier step achieved stays when a later one fails. 0, or the negative errno
 * of what failed, with its name ("capabilities", "no_new_privs", "the system call filter") in
 * *ret_what. A kernel without seccomp is no failure: there is no filter then.
 */
int guard_close(const struct guard_needs *needs, const char **ret_what);

/*
 * The calling thread has entered the namespace, or never will: it loses CAP_SYS_ADMIN, unless that
 * stands for a capability that was not given. `needs` as at guard_close(). 0 or a negative errno.
 */
int guard_leave_netns(const struct guard_needs *needs);

#endif
