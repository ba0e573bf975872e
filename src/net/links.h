/* SPDX-License-Identifier: MIT */
/*
 * The current links of a network namespace: listed once, then updated by notifications. Opened by
 * the main thread, inside the namespace; used by the collector thread.
 */
#ifndef PKTSTAT_LINKS_H
#define PKTSTAT_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"

struct links_record {
	struct link_info info;
	uint64_t serial; /* differs for a new link, even one with a reused index */
	bool touched;	 /* changed since links_settle() */
	bool filters;	 /* its tc filters changed since then */
	bool listed;	 /* internal: seen in the current list */
	/* For the caller, kept while the link exists: */
	bool usable;  /* can be watched */
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
 * Lists all links and watches for changes. 0 or a negative errno; links_close() is due either way.
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
