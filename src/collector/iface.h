/* SPDX-License-Identifier: MIT */
/* Interfaces of this network namespace. Any thread; nothing is kept. */
#ifndef PKTSTAT_IFACE_H
#define PKTSTAT_IFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * Whether frames of the link type begin with an Ethernet header (`ret_raw_ip` false) or with the
 * IP header (true). 0, or -EPROTONOSUPPORT for a link type that is neither.
 */
int iface_link_layer(const struct iface *iface, bool *ret_raw_ip);

/*
 * Writes the names of all interfaces, comma separated, at most `size` bytes with the end, outside
 * text made safe. Returns `text`.
 */
char *iface_list(char *text, size_t size);

#endif
