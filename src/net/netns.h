/* SPDX-License-Identifier: MIT */
/* Network namespaces. Entering one affects the calling thread only; any thread. */
#ifndef PKTSTAT_NETNS_H
#define PKTSTAT_NETNS_H

/*
 * Opens a network namespace by path (with a slash), by its name in ip netns, or by the PID of a
 * process in it; a name takes precedence over a PID. 0 with a descriptor that the caller owns;
 * -ENOENT: not found; -EINVAL: not a network namespace; or another negative errno.
 */
int netns_open(const char *which, int *ret_fd);

/* Opens the namespace of this thread. 0 or a negative errno. */
int netns_open_own(int *ret_fd);

/* Moves this thread into the namespace; no effect if `fd` is -1. 0 or a negative errno. */
int netns_enter(int fd);

#endif
