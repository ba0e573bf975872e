/* SPDX-License-Identifier: MIT */
/*
 * Links as rtnetlink reports them: the list, how they are stacked, their counters, and changes. A
 * link is what the kernel reports; what the user names is an interface. A socket stays in the
 * network namespace where it was opened, so any thread may use it, one at a time; its opener owns
 * it.
 */
#ifndef PKTSTAT_LINK_H
#define PKTSTAT_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"

/* Size of a name or alternative name, with the terminating zero (the kernel's ALTIFNAMSIZ). */
#define LINK_NAME_SIZE 128

/* The counters of a link (struct rtnl_link_stats64). */
struct link_counters {
	uint64_t rx_packets, rx_bytes, rx_dropped;
	uint64_t tx_packets, tx_bytes, tx_dropped;
};

/* How a link is stacked on others that see the same packets. */
enum link_kind {
	LINK_PLAIN,  /* on none, or with different packets: veth, tunnels, physical ports */
	LINK_MASTER, /* on the ports or members with it as master: bridge, bond, team */
	LINK_CHILD,  /* on its parent: VLAN, macvlan, ipvlan, MACsec, DSA */
};

#define LINK_ADDRESS_MAX 32 /* the kernel's MAX_ADDR_LEN */

/* A link as a message describes it. */
struct link_info {
	char name[IF_NAMESIZE]; /* untrusted text */
	unsigned int index;
	unsigned int arphrd;
	unsigned int master; /* index of the bridge, bond or other it is a port of; 0: none */
	unsigned int parent; /* of LINK_CHILD: index in the same namespace; 0: none */
	enum link_kind kind;
	bool up; /* IFF_UP */
	uint8_t address
		[LINK_ADDRESS_MAX]; /* hardware address, padded with zeroes; all zeroes: none */
};

enum link_event {
	LINK_OTHER,   /* not about a link */
	LINK_NEW,     /* new or changed */
	LINK_REMOVED, /* removed, or moved to another network namespace */
	/* its tc filters changed, see link_watch_hooks(); only the index is known */
	LINK_FILTERS,
};

/*
 * Parses one message; sets `ret_info` unless it returns LINK_OTHER. Messages of the bridge family,
 * where RTM_DELLINK means that a port left its bridge, are LINK_OTHER. Pure.
 */
enum link_event link_parse(const struct nlmsghdr *message, struct link_info *ret_info);

struct link_visitor {
	/* A list starts, or starts again: discard what was visited. NULL: nothing to do. */
	void (*begin)(void *arg);
	void (*visit)(void *arg, enum link_event event, const struct link_info *info);
	void *arg;
};

/* Opens a socket for notifications of new, changed and removed links. 0 or a negative errno. */
int link_watch_open(struct netlink *watch);

/* Adds notifications of tc filters and the clsact qdisc. 0 or a negative errno. */
int link_watch_hooks(struct netlink *watch);

/*
 * Reads the counters of a link. `query`: netlink_open(), NETLINK_ROUTE. 0, -ENODEV, or another
 * error of the kernel as a negative errno.
 */
int link_read_counters(struct netlink *query, unsigned int ifindex,
		       struct link_counters *ret_counters);

/*
 * Finds the link with that name or alternative name (ip link property). 0; -ENODEV; -ENAMETOOLONG;
 * or another error of the kernel as a negative errno.
 */
int link_find(struct netlink *query, const char *name, struct link_info *ret_info);

/*
 * Visits all links, as LINK_NEW. 0; -EINTR: they change so fast that some may be missing; or
 * another negative errno, after visiting some of them.
 */
int link_list(struct netlink *query, const struct link_visitor *visitor);

/*
 * Visits pending notifications without waiting. 0; -ENOBUFS: some were lost, list all links again;
 * or another negative errno.
 */
int link_watch_read(struct netlink *watch, const struct link_visitor *visitor);

/*
 * The current links of a network namespace: listed once, then updated by notifications. Opened by
 * the main thread, inside the namespace; used by the collector thread.
 */

struct links_record {
	struct link_info info;
	uint64_t serial; /* differs for a new link, even one with a reused index */
	bool touched;	 /* changed since links_settle() */
	bool filters;	 /* its tc filters changed since then */
	bool listed;	 /* internal: seen in the current list */
	/* For the caller, kept while the link exists: */
	bool usable; /* can be watched */
	bool watched;
	int slot; /* -1: none */
};

struct links {
	struct links_record *record; /* in the order of their arrival */
	size_t count, room;
	uint64_t serials;
	struct netlink watch, query;
	int error;  /* of the current read */
	bool news;  /* anything changed since links_settle() */
	bool hooks; /* tc filters are watched, too */
	bool stale; /* changes may be missing: list everything again */
};

/* Safe to close afterwards. */
void links_init(struct links *links);
/*
 * Lists all links and watches for changes. 0 or a negative errno; the caller calls links_close() either way.
 */
int links_open(struct links *links);
/* Safe to call twice. */
void links_close(struct links *links);

/*
 * Reads all pending notifications without waiting; if some were lost, lists everything again. 0 or
 * a negative errno. If `stale` is set afterwards, call it again even without notifications: the
 * list failed, or links changed so fast that some may be missing.
 */
int links_read(struct links *links);
/* Watches tc filters as well; safe to call again. 0 or a negative errno. */
int links_watch_hooks(struct links *links);
/* Marks all changes as handled. */
void links_settle(struct links *links);

/* Applies one message, as links_read() does for each. Allocates, otherwise pure. */
void links_take(struct links *links, enum link_event event, const struct link_info *info);

/* The link with that index, or NULL. Valid until the next read. */
struct links_record *links_of_index(const struct links *links, unsigned int index);

/*
 * The `i`th link below `upper` that sees the same packets: port of the bridge, member of the bond,
 * parent of the VLAN; NULL: no more.
 */
struct links_record *links_lower(const struct links *links, const struct links_record *upper,
				 size_t i);

#endif
