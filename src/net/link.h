/* SPDX-License-Identifier: MIT */
/*
 * What rtnetlink says of interfaces: which there are, how they lie upon each other, their own
 * counters, and what changes. A socket stays in the network namespace where it was opened, so it
 * may be used from any thread, one at a time; owned by whoever opened it.
 */
#ifndef PKTSTAT_LINK_H
#define PKTSTAT_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"

/* Room for an own or an alternative name, its end included (the kernel's ALTIFNAMSIZ). */
#define LINK_NAME_SIZE 128

/* The interface's own counters (struct rtnl_link_stats64). */
struct link_counters {
	uint64_t rx_packets, rx_bytes, rx_dropped;
	uint64_t tx_packets, tx_bytes, tx_dropped;
};

/* How an interface lies upon others that see the same packets. */
enum link_kind {
	LINK_PLAIN,  /* on none, or not the same packets: veth, tunnels, physical ports */
	LINK_MASTER, /* on the ports or members that name it as master: bridge, bond, team */
	LINK_CHILD,  /* on its parent: VLAN, macvlan, ipvlan, MACsec, DSA */
};

#define LINK_ADDRESS_MAX 32 /* the kernel's MAX_ADDR_LEN */

/* An interface as a message describes it. */
struct link_info {
	char name[IF_NAMESIZE]; /* outside text */
	unsigned int index;
	unsigned int arphrd;
	unsigned int master; /* index of the bridge, bond or other it is a port of; 0: none */
	unsigned int parent; /* of LINK_CHILD: index in the same namespace; 0: none */
	enum link_kind kind;
	bool up; /* IFF_UP */
	uint8_t address[LINK_ADDRESS_MAX]; /* of the hardware, zeroes behind it; all zeroes: none */
};

enum link_event {
	LINK_OTHER,   /* no news of an interface */
	LINK_NEW,     /* it is there: came or changed */
	LINK_REMOVED, /* removed, or moved to another network namespace */
	/* tc filters of it came, changed or went: after link_watch_hooks(); only the index is known */
	LINK_FILTERS,
};

/*
 * What one message says; `ret_info` is set unless it is LINK_OTHER. Messages of the bridge family,
 * which say that a port left its bridge in the words of a removal, are LINK_OTHER. Pure.
 */
enum link_event link_parse(const struct nlmsghdr *message, struct link_info *ret_info);

struct link_visitor {
	/* A list begins, or begins again: what it brought so far is void. NULL: nothing to do. */
	void (*begin)(void *arg);
	void (*visit)(void *arg, enum link_event event, const struct link_info *info);
	void *arg;
};

/* A socket that hears of interfaces that come, change and go. 0 or a negative errno. */
int link_watch_open(struct netlink *watch);

/* Makes a watch hear of tc filters and of the clsact qdisc as well. 0 or a negative errno. */
int link_watch_hooks(struct netlink *watch);

/* 0, -ENODEV, or what else the kernel answered. `query`: netlink_open(), NETLINK_ROUTE. */
int link_read_counters(struct netlink *query, unsigned int ifindex,
		       struct link_counters *ret_counters);

/*
 * The interface with that name, be it its own or an alternative one (ip link property). 0; -ENODEV;
 * -ENAMETOOLONG; or what else the kernel answered.
 */
int link_find(struct netlink *query, const char *name, struct link_info *ret_info);

/*
 * Visits all interfaces, as LINK_NEW. 0; -EINTR: they change so fast that some may be missing; or
 * another negative errno, with some of them visited.
 */
int link_list(struct netlink *query, const struct link_visitor *visitor);

/*
 * Visits the news of a watch without waiting for more. 0; -ENOBUFS: some were lost, list them all;
 * or another negative errno.
 */
int link_watch_read(struct netlink *watch, const struct link_visitor *visitor);

#endif
