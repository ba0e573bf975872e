/* SPDX-License-Identifier: MIT */
/*
 * Which addresses are the host's own, by network namespace: that of the watched interfaces through
 * rtnetlink, others through /proc of a process that lives there. Belongs to the thread that looks
 * owners up.
 */
#ifndef PKTSTAT_ADDRESSES_H
#define PKTSTAT_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"
#include "owner_abi.h"
#include "sockets.h"

struct addresses;

struct addresses_options {
	uint32_t home;	       /* inode of the own namespace; 0: not known */
	struct netlink *route; /* an rtnetlink socket there, or closed; borrowed */
	int proc_fd;	       /* of process_open_proc(), borrowed; -1: none */
	bool sees_all;	       /* no process is hidden, nor is a namespace that others live in */
};

/* 0 or -ENOMEM. */
int addresses_new(const struct addresses_options *options, struct addresses **ret_addresses);
void addresses_free(struct addresses *addresses);

/*
 * After a pass over all sockets: reads the own namespace's addresses again, and notes which other
 * namespaces exist. Their addresses are read when needed, and again after a while.
 */
void addresses_refresh(struct addresses *addresses, const struct sockets *sockets, uint64_t now_ns);

/* False when the own namespace's addresses could not be read: then nothing is known of any. */
bool addresses_know_home(const struct addresses *addresses);
/* The own namespace has it; all of 127.0.0.0/8 is. */
bool addresses_is_home(const struct addresses *addresses, const uint8_t address[16]);
/* Not of a single host: multicast, broadcast, 0.0.0.0 and ::. */
bool addresses_is_shared(const struct addresses *addresses, const uint8_t address[16]);
enum address_place {
	PLACE_NONE,   /* no other namespace has it */
	PLACE_HIDDEN, /* none of those that can be seen, but others may be there */
	PLACE_ONE,    /* exactly one has it: *ret_netns */
	PLACE_UNSURE, /* several have it, or it is not known which addresses one of them has */
};

/* Where an address is that the own namespace does not have. */
enum address_place addresses_place(struct addresses *addresses, const uint8_t address[16],
				   uint32_t *ret_netns);

bool address_is_loopback(const uint8_t address[16]);
bool address_is_multicast(const uint8_t address[16]);

/* A sorted list of addresses, and how the kernel prints one for a namespace. One thread. */

/* Most addresses of a namespace; further ones are left out. */
#define ADDRESS_LIST_MAX 65536

struct address_list {
	uint8_t (*address)[16];
	size_t count, room;
};

#endif
