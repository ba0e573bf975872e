/* SPDX-License-Identifier: MIT */
/* Network namespaces of others. A thread enters one for itself alone; any thread. */
#ifndef PKTSTAT_NETNS_H
#define PKTSTAT_NETNS_H

/*
 * The namespace that is meant by a path (with a slash), a name of ip netns, or the number of a
 * process that lives in it; a name goes before a number. 0 with a descriptor that is the caller's;
 * -ENOENT: there is no such thing; -EINVAL: it is no network namespace; or another negative errno.
 */
int netns_open(const char *which, int *ret_fd);

/* The one this thread is in. 0 or a negative errno. */
int netns_open_own(int *ret_fd);

/* Takes this thread there; -1 as descriptor: it stays. 0 or a negative errno. */
int netns_enter(int fd);

#endif
