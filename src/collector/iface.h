/* SPDX-License-Identifier: MIT */
/* Interfaces of this network namespace, and which lie upon which. Any thread; nothing is kept. */
#ifndef PKTSTAT_IFACE_H
#define PKTSTAT_IFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "link.h"

struct iface {
	char name[IF_NAMESIZE]; /* as the kernel has it: outside text */
	unsigned int index;
	unsigned int arphrd; /* link type, ARPHRD_ETHER and so on */
};

/*
 * By its own name or an alternative one; `ret_iface` has its own. 0; -ENODEV: no interface has that
 * name; -ENAMETOOLONG; or the errno of a failed call.
 */
int iface_find(const char *name, struct iface *ret_iface);

/*
 * The interface people mean when they name none: that of the default route (IPv4, then IPv6), else
 * the first one that is up, else lo. 0 or -ENODEV.
 */
int iface_default(struct iface *ret_iface);

/*
 * What frames of a link type (ARPHRD_ETHER and so on) begin with. 0, or -EPROTONOSUPPORT for one
 * with frames that are neither Ethernet nor plain IP packets: CAN, InfiniBand, IEEE 802.15.4, a monitor
 * of IEEE 802.11 or of netlink.
 */
int iface_link_layer(unsigned int arphrd, enum flow_link *ret_link);

/*
 * Writes the names of all interfaces, comma separated, at most `size` bytes with the end, outside
 * text made safe. Returns `text`.
 */
char *iface_list(char *text, size_t size);

/*
 * Whether every packet of an interface also passes one below that is usable, or that is covered
 * itself. One that is down passes none, and does not count; without any that is up nothing is
 * covered.
 */
bool layers_covered(const struct links *links, const struct links_record *record);

/* Slot of the first watched interface below, however far; -1: none. */
int layers_lower_slot(const struct links *links, const struct links_record *record);

#endif
