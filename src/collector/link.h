/* SPDX-License-Identifier: MIT */
/*
 * What rtnetlink says of an interface: its own counters, and that it went away. One socket each;
 * owned by whoever opened it, one thread at a time.
 */
#ifndef PKTSTAT_LINK_H
#define PKTSTAT_LINK_H

#include <stdbool.h>
#include <stdint.h>

/* The interface's own counters (struct rtnl_link_stats64). */
struct link_counters {
	uint64_t rx_packets, rx_bytes, rx_dropped;
	uint64_t tx_packets, tx_bytes, tx_dropped;
};

/* 0, -ENODEV, or the errno of a failed call. */
int link_read_counters(unsigned int ifindex, struct link_counters *ret_counters);

/* A socket that hears of interfaces that come, change and go: its descriptor or a negative errno. */
int link_watch_open(void);

/*
 * Reads what the socket has; true when the interface was removed, or moved out of this network
 * namespace. Does not block.
 */
bool link_watch_removed(int fd, unsigned int ifindex);

#endif
