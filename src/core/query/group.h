/* SPDX-License-Identifier: MIT */
/*
 * Groups of flows as rows: each flow is in exactly one group, so groups sum to the
 * same totals as flows. One owner, one thread.
 */
#ifndef PKTSTAT_GROUP_H
#define PKTSTAT_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "ifaces.h"
#include "owner.h"
#include "past.h"
#include "row.h"

enum group_by {
	GROUP_FLOW,	    /* every flow by itself */
	GROUP_CONVERSATION, /* both directions of a tuple */
	GROUP_HOST,	    /* the address on the far side of the interface */
	GROUP_SERVICE,	    /* protocol and the lower port */
	GROUP_PROTOCOL,
	GROUP_PROCESS,	 /* by the owner: pid and start */
	GROUP_CONTAINER, /* its unit or container */
	GROUP_USER,
	GROUP_IFACE,  /* the interface, sums included */
	GROUP_SITE,   /* the domain of the server's name, as packets or DNS said */
	GROUP_SERVER, /* the whole name: what a site consists of */
	GROUP_APP,    /* the application, as packets said */
	GROUPS,
};

/*
 * A group is a struct row (row.h) whose key names it. Conversation: near end in src, far end in dst;
 * host: address in dst; service: port in dport; owners: an id and a kind; interface: slot in `where`;
 * site, server: id of the first sight of it; application: its number.
 * What does not matter is 0; `where` always has direction 0.
 */
struct group;

/* No groups yet; 0 or -ENOMEM. */
int group_new(struct group **ret_group);
void group_free(struct group *group);
/* Forgets all groups, to be filled by `by` next, with what these tables say (NULL: nothing is known).
 * Keeps the memory as long as `by` stays: another grouping may need far less. */
void group_reset(struct group *group, enum group_by by, const struct about_tables *tables);

/* Makes room for so many groups in all at once; 0 or -ENOMEM. */
int group_reserve(struct group *group, size_t rows);
/* Adds a flow to the group it falls into; 0 or -ENOMEM. */
int group_add(struct group *group, const struct flow_key *key, const struct flow_counts *delta,
	      const struct flow_counts *total, int64_t first_wall_ns, struct flow_about about);
/*
 * The same in three steps, each to be taken for some flows at once: with many groups, memory is what
 * adding waits for, and the first two steps ask for what the next one needs.
 */
struct group_place {
	struct flow_key key; /* of the group */
	uint32_t hash;
	bool sum; /* the flow is one */
};
void group_seek(const struct group *group, const struct flow_key *key, struct flow_about about,
		struct group_place *ret_place);
void group_fetch(const struct group *group, const struct group_place *place);
int group_add_at(struct group *group, const struct group_place *place, enum flow_dir dir,
		 const struct flow_counts *delta, const struct flow_counts *total,
		 int64_t first_wall_ns, struct flow_about about);

/*
 * The owner of a group is the process that all of its flows have. Of a conversation it is enough to
 * know it in one direction: both have the same socket. Brings it up to date by the owner of another
 * flow; `first`: there was none before.
 */
void group_join_owner(enum group_by by, const struct owner_table *owners, bool first,
		      uint32_t owner, uint32_t *ret_owner, bool *ret_mixed);
/*
 * What packets said of a conversation is what they said of the first of its flows that is known; brings it
 * up to date by another flow, which went in that direction.
 */
void group_join_sight(uint32_t sight, uint32_t word, enum flow_dir dir, uint32_t *ret_sight,
		      uint32_t *ret_word);
/* Adds totals, flows, owner and sight of `other`, a group with the same key; there is no such group: appends
 * it. 0 or -ENOMEM. */
void group_absorb(struct group *group, size_t i, const struct row *other);
int group_append(struct group *group, const struct row *row);

/* Of a conversation that was added to last: what packets said of its flow (struct source_flow), which
 * went in that direction. */
void group_add_sight(struct group *group, uint32_t sight, uint32_t word, enum flow_dir dir);
/* Of the group that was added to last: when its flow was last seen, and the flow's averages. */
void group_add_last_seen(struct group *group, int64_t last_wall_ns);
void group_add_averages(struct group *group, const double average_bps[PAST_WINDOWS]);

/* Groups there are; and one of them, in no order but of first appearance. */
size_t group_count(const struct group *group);
const struct row *group_get(const struct group *group, size_t i);
/* Asks for the memory of a group's counts, which will be needed soon. */
void group_fetch_counts(const struct group *group, size_t i);
/* Place of the group with that key, or of the group of a flow that was sought; -1: there is none. */
long group_find(const struct group *group, const struct flow_key *key);
long group_find_at(const struct group *group, const struct group_place *place);
/* Bytes of memory held. */
size_t group_bytes(const struct group *group);

/* Key of the group that a flow falls into; `tables` may be NULL, as in group_reset(). */
struct flow_key group_key(enum group_by by, const struct flow_key *key,
			  const struct about_tables *tables, struct flow_about about);
/* True for groupings by what is known of the owner. */
bool group_by_owner(enum group_by by);
/* What of the owner they go by; of other groupings, the process. */
enum owner_part group_owner_part(enum group_by by);
/* True for groupings by what packets said. */
bool group_by_sight(enum group_by by);
/* Groupings by an owner or by what packets said: the id in the key of a group; 0: not known. */
uint32_t group_id_of_key(const struct flow_key *key);
/* What names a group by what packets said, safe to print: "example.org", "~example.org" by DNS,
 * "https"; "": the rest. */
const char *group_sight_name(enum group_by by, const struct flow_key *key,
			     const struct sight_table *sights);
/* The owner to ask for that part of a group: by that part, the one that represents it (whatever
 * else its flows differ in); otherwise the one that all its flows have. */
uint32_t group_row_owner(enum group_by by, const struct row *row, enum owner_part part);

/* Name of a grouping, "conversation", and of many, "conversations"; and the reverse, or -1. */
const char *group_name(enum group_by by);
const char *group_plural(enum group_by by);
int group_of_name(const char *name);

/*
 * The ends of a group's key as tables show them, as in flow.h; of owners, the process ("nginx
 * (1234)"), unit or user as source; of what packets said, its name or "-"; of interfaces, the name in
 * `ifaces` (NULL: "?"). Write at most `size` bytes; return `text`.
 */
char *group_source(enum group_by by, const struct flow_key *key, const struct about_tables *tables,
		   const struct ifaces *ifaces, char *text, size_t size);
char *group_destination(enum group_by by, const struct flow_key *key, char *text, size_t size);

#endif
