/* SPDX-License-Identifier: MIT */
/*
 * All interfaces of a network namespace as they are now: listed once, then kept up to date by the
 * kernel's news. Opened by the main thread, inside the namespace; used by the collector thread.
 */
#ifndef PKTSTAT_LINKS_H
#define PKTSTAT_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"

struct links_record {
	struct link_info info;
	uint64_t serial; /* another one for an interface that came anew, even with the same index */
	bool touched;	 /* there was news of it since links_settle() */
	bool filters;	 /* of its tc filters, likewise */
	bool listed;	 /* links' own: seen in the list that is being read */
	/* The user's, kept while the interface is there: */
	bool usable;  /* is watched or could be */
	bool watched;
	int slot; /* -1: none */
};

struct links {
	struct links_record *record; /* in the order they came */
	size_t count, room;
	uint64_t serials;
	struct netlink watch, query;
	int error;  /* of the read that goes on */
	bool news;  /* there were any since links_settle() */
	bool hooks; /* tc filters are watched as well */
	bool stale; /* the kernel may know more: everything is to be listed again */
};

/* Safe to close afterwards. */
void links_init(struct links *links);
/* Lists what there is and listens from now on. 0 or a negative errno; links_close() is due. */
int links_open(struct links *links);
/* Safe to call twice. */
void links_close(struct links *links);

/*
 * Takes in all news without waiting; where some were lost, lists everything again. 0, or a negative
 * errno. `stale` says afterwards whether it is to be called again, also without news: the list
 * failed, or interfaces changed so fast that some may be missing from it.
 */
int links_read(struct links *links);
/* From now on, news of tc filters as well; safe to call again. 0 or a negative errno. */
int links_watch_hooks(struct links *links);
/* The news were looked at. */
void links_settle(struct links *links);

/* One message's news; links_read() does this for each. Pure but for memory. */
void links_take(struct links *links, enum link_event event, const struct link_info *info);

/* NULL: there is none. Valid until the next read. */
struct links_record *links_of_index(const struct links *links, unsigned int index);
struct links_record *links_of_name(const struct links *links, const char *name);

/*
 * The `i`th interface below that sees the same packets: port of the bridge, member of the bond,
 * parent of the VLAN; NULL: there are no more.
 */
struct links_record *links_lower(const struct links *links, const struct links_record *upper,
				 size_t i);

#endif
