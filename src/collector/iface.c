/* SPDX-License-Identifier: MIT */
/* Looking up interfaces (rtnetlink for one, /proc/net for the default route), and their layers. */
#include "iface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "link.h"

#define RTF_UP	   0x0001 /* linux/route.h clashes with the C library's headers */
#define RTF_REJECT 0x0200

int iface_find(const char *name, struct iface *ret_iface)
{
	struct link_info link;
	struct netlink query;
	int err = netlink_open(&query, NETLINK_ROUTE, -1);

	if (err)
		return err;
	err = link_find(&query, name, &link);
	netlink_close(&query);
	if (err)
		return err;
	*ret_iface = (struct iface){.index = link.index, .arphrd = link.arphrd};
	memcpy(ret_iface->name, link.name, sizeof(ret_iface->name));
	return 0;
}

/* A line of a routing table: the interface and metric of a default route, or false. */
static bool parse_route_ipv4(const char *line, char name[IF_NAMESIZE], unsigned int *metric)
{
	unsigned int destination, gateway, flags, mask;

	return sscanf(line, "%15s %x %x %x %*d %*d %u %x", name, &destination, &gateway, &flags,
		      metric, &mask) == 6 &&
	       !destination && !mask && (flags & RTF_UP) && !(flags & RTF_REJECT);
}

/* The same of /proc/net/ipv6_route, where every number is hexadecimal. */
static bool parse_route_ipv6(const char *line, char name[IF_NAMESIZE], unsigned int *metric)
{
	char destination[33];
	unsigned int length, flags;

	return sscanf(line, "%32s %x %*s %*x %*s %x %*x %*x %x %15s", destination, &length, metric,
		      &flags, name) == 5 &&
	       !length && strspn(destination, "0") == 32 && (flags & RTF_UP) &&
	       !(flags & RTF_REJECT);
}

/* Interface of the default route with the least metric in a table of the kernel's. */
static int default_route(const char *table,
			 bool (*parse)(const char *line, char name[IF_NAMESIZE],
				       unsigned int *metric),
			 char name[IF_NAMESIZE])
{
	char line[256], found[IF_NAMESIZE];
	unsigned int metric, best = 0;
	FILE *file = fopen(table, "re");
	int err = -ENODEV;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (!parse(line, found, &metric) || (!err && metric >= best))
			continue;
		memcpy(name, found, sizeof(found));
		best = metric;
		err = 0;
	}
	fclose(file);
	return err;
}

/* First interface that is up and is not a loopback. */
static int first_up(char name[IF_NAMESIZE])
{
	struct ifaddrs *all, *one;
	int err = -ENODEV;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (one = all; one && err; one = one->ifa_next) {
		if (!(one->ifa_flags & IFF_UP) || one->ifa_flags & IFF_LOOPBACK ||
		    strlen(one->ifa_name) >= IF_NAMESIZE)
			continue;
		memcpy(name, one->ifa_name, strlen(one->ifa_name) + 1);
		err = 0;
	}
	freeifaddrs(all);
	return err;
}

int iface_default(struct iface *ret_iface)
{
	char name[IF_NAMESIZE];

	if (!default_route("/proc/net/route", parse_route_ipv4, name) &&
	    !iface_find(name, ret_iface))
		return 0;
	if (!default_route("/proc/net/ipv6_route", parse_route_ipv6, name) &&
	    !iface_find(name, ret_iface))
		return 0;
	if (!first_up(name) && !iface_find(name, ret_iface))
		return 0;
	return iface_find("lo", ret_iface);
}

/*
 * Plain IP are the types of which the kernel itself says so (dev_is_mac_header_xmit() in its
 * include/linux/if_arp.h), and SLIP: its driver adds and removes all that it has of a header.
 */
int iface_link_layer(unsigned int arphrd, enum flow_link *ret_link)
{
	switch (arphrd) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK: *ret_link = FLOW_LINK_ETHERNET; return 0;
	case ARPHRD_NONE: /* tun, WireGuard, xfrm, bareudp */
	case ARPHRD_VOID: /* teql */
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:  /* ipip, vti */
	case ARPHRD_TUNNEL6: /* ip6tnl, vti6 */
	case ARPHRD_SIT:
	case ARPHRD_PIMREG:
	case ARPHRD_SLIP:
	case ARPHRD_CSLIP:
	case ARPHRD_SLIP6:
	case ARPHRD_CSLIP6:
	case ARPHRD_ADAPT: /* one of the above, by what it receives */
		*ret_link = FLOW_LINK_IP;
		return 0;
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE: *ret_link = FLOW_LINK_GRE; return 0;
	default: return -EPROTONOSUPPORT;
	}
}

char *iface_list(char *text, size_t size)
{
	struct if_nameindex *all = if_nameindex(), *one;
	char safe[4 * IF_NAMESIZE + 1];
	size_t used = 0;
	int wrote;

	text[0] = '\0';
	for (one = all; one && one->if_index; one++) {
		wrote = snprintf(text + used, size - used, "%s%s", used ? ", " : "",
				 format_outside(one->if_name, safe, sizeof(safe)));
		if (wrote < 0 || (size_t)wrote >= size - used) {
			text[used] = '\0'; /* a whole name or none */
			break;
		}
		used += (size_t)wrote;
	}
	if_freenameindex(all);
	return text;
}

/* Walks down from an interface to those below. */

/* The kernel allows eight; what comes round in a circle ends here as well. */
#define LAYERS_MAX 8

static bool covered(const struct links *links, const struct links_record *record,
		    unsigned int depth)
{
	const struct links_record *lower;
	bool any = false;

	for (size_t i = 0; depth && (lower = links_lower(links, record, i)); i++) {
		if (!lower->info.up)
			continue;
		if (!lower->usable && !covered(links, lower, depth - 1))
			return false;
		any = true;
	}
	return any;
}

bool layers_covered(const struct links *links, const struct links_record *record)
{
	return covered(links, record, LAYERS_MAX);
}

static int lower_slot(const struct links *links, const struct links_record *record,
		      unsigned int depth)
{
	const struct links_record *lower;
	int slot = -1;

	for (size_t i = 0; depth && slot < 0 && (lower = links_lower(links, record, i)); i++)
		slot = lower->watched ? lower->slot : lower_slot(links, lower, depth - 1);
	return slot;
}

int layers_lower_slot(const struct links *links, const struct links_record *record)
{
	return lower_slot(links, record, LAYERS_MAX);
}
