/* SPDX-License-Identifier: MIT */
/*
 * Which addresses are the host's own, by network namespace: that of the watched interfaces through
 * rtnetlink, others through /proc of a process that lives there. Belongs to the thread that looks
 * owners up.
 */
#ifndef PKTSTAT_ADDRESSES_H
#define PKTSTAT_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink.h"
#include "sockets.h"

struct addresses;

/*
 * `route` is an rtnetlink socket of the namespace `home`, or closed; it stays the caller's.
 * 0 or -ENOMEM.
 */
int addresses_new(uint32_t home, struct netlink *route, struct addresses **ret_addresses);
void addresses_free(struct addresses *addresses);

/*
 * A pass over all sockets is done: reads the own namespace's addresses anew, and notes which other
 * namespaces there are. Their addresses are read when asked for, and anew after a while.
 */
void addresses_refresh(struct addresses *addresses, const struct sockets *sockets,
		       uint64_t now_ns);

/* The own namespace has it; all of 127.0.0.0/8 is. */
bool addresses_is_home(const struct addresses *addresses, const uint8_t address[16]);
/* Sent to many, or nobody's: multicast, broadcast, 0.0.0.0 and ::. */
bool addresses_is_shared(const struct addresses *addresses, const uint8_t address[16]);
/* The namespace has it (not for the own one). */
bool addresses_has(struct addresses *addresses, uint32_t netns, const uint8_t address[16]);
/* Some namespace that is known has it. */
bool addresses_is_somewhere(struct addresses *addresses, const uint8_t address[16]);

bool address_is_loopback(const uint8_t address[16]);
bool address_is_multicast(const uint8_t address[16]);

#endif
