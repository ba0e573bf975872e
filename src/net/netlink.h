/* SPDX-License-Identifier: MIT */
/*
 * Netlink sockets: requests, dumps and notifications, and everything that can go wrong with them
 * (netlink(7), Documentation/userspace-api/netlink/intro.rst of the kernel). Used for interfaces,
 * tc filters, addresses and sockets. A socket stays in the network namespace where it was opened;
 * one thread at a time.
 *
 * libmnl was considered: it gives up at the first answer of an older request, leaves the rest of an
 * interrupted dump in the socket, and knows no retry, so this file would be needed above it as
 * well.
 */
#ifndef PKTSTAT_NETLINK_H
#define PKTSTAT_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct rtattr;

struct netlink {
	int fd;	       /* -1: closed */
	uint32_t port; /* the accepted sender; others are ignored. 0: the kernel */
	uint32_t seq;  /* of the latest request */
	char *buffer;  /* of one datagram */
	size_t room;
};

struct netlink_taker {
	/* A dump starts, or starts again: discard what it brought. NULL: nothing to do. */
	void (*begin)(void *arg);
	/* One message, complete; its body may be shorter than its type promises. */
	void (*take)(void *arg, const struct nlmsghdr *message);
	void *arg;
};

/* Safe to close afterwards. */
void netlink_init(struct netlink *netlink);

/*
 * A socket to ask with, in the namespace of the descriptor; -1: the caller's own. To enter another
 * one takes CAP_SYS_ADMIN, and the calling thread is back in its own afterwards. 0 or a negative
 * errno, with nothing to close.
 */
int netlink_open(struct netlink *netlink, int protocol, int netns_fd);

/*
 * A socket that hears notifications of `group`, here, without ever blocking. It holds up to `bytes`
 * of them, as far as the caller may have that. 0 or a negative errno, with nothing to close.
 */
int netlink_listen(struct netlink *netlink, int protocol, uint32_t group, int bytes);

/* Hears notifications of another group as well. 0 or a negative errno. */
int netlink_join(const struct netlink *netlink, uint32_t group);

/* Safe to call twice. */
void netlink_close(struct netlink *netlink);

/*
 * Sends the request, a struct nlmsghdr with its body, and takes the one message of the answer; to a
 * request with NLM_F_ACK in its flags there may be none. 0 or what the kernel answered, a negative
 * errno.
 */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *request,
		const struct netlink_taker *taker);

/*
 * Sends the request as a dump and takes every message of the answer. A dump that the kernel calls
 * inconsistent, or of which a part was lost, is asked for again, a few times. 0: all were taken;
 * -EINTR: things change so fast that no dump is consistent, and some may be missing from what was
 * taken last; or what the kernel answered, a negative errno.
 */
int netlink_dump(struct netlink *netlink, struct nlmsghdr *request,
		 const struct netlink_taker *taker);

/*
 * Takes the notifications that are there. 0; -ENOBUFS: some were lost, dump everything; or another
 * negative errno.
 */
int netlink_news(struct netlink *netlink, const struct netlink_taker *taker);

/* The number in an attribute of 32 bits; 0 if the attribute is too short. Any thread. */
uint32_t netlink_u32(const struct rtattr *attr);

#endif
