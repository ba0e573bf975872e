/* SPDX-License-Identifier: MIT */
/* Netlink dumps over a socket that was opened before. One thread a socket. */
#ifndef PKTSTAT_NETLINK_H
#define PKTSTAT_NETLINK_H

#include <linux/netlink.h>
#include <stdint.h>

/*
 * A netlink socket in the namespace of the descriptor, -1: the caller's own. To enter another one
 * takes CAP_SYS_ADMIN, and the calling thread is back in its own afterwards. A negative errno.
 */
int netlink_open(int protocol, int netns_fd, int *ret_fd);

/*
 * Sends the request, a struct nlmsghdr with what belongs to it, and calls back for each answer of
 * the dump. 0, what the kernel answered, or -EINTR when the dump is not consistent.
 */
int netlink_dump(int fd, struct nlmsghdr *request,
		 void (*on_message)(void *arg, const struct nlmsghdr *message), void *arg);

#endif
