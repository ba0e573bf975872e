/* SPDX-License-Identifier: MIT */
/*
 * The interfaces that are watched, by slot (flow_key_slot()): immutable once made, shared by
 * snapshots by reference. The source makes a new one whenever something changes; a slot keeps its
 * interface's flows also when the interface is gone or has another name, until slots run short and
 * another interface gets it.
 */
#ifndef PKTSTAT_IFACES_H
#define PKTSTAT_IFACES_H

#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"

enum iface_state {
	IFACE_WATCHED,	/* the programs are attached */
	IFACE_GONE,	/* removed or moved away: its rows stay, it may return */
	IFACE_FAILED,	/* could not be attached to; `error` says why */
	IFACE_LEFT_OUT, /* by --dedup: those below it are watched; its rows stay */
	/* No interfaces: */
	IFACE_FREE, /* the slot has none and no rows */
	IFACE_SUM,  /* FLOW_SLOT_GONE: rows of removed interfaces without a slot */
};

/* Name of IFACE_SUM. No interface name can contain a space. */
#define IFACES_SUM_NAME "any gone"

struct ifaces_entry {
	char name[IF_NAMESIZE]; /* its latest name: untrusted text */
	unsigned int index;
	bool raw_ip;		/* no Ethernet header */
	enum iface_state state;
	int error;		/* negative errno of IFACE_FAILED, or of the failed return from `away` */
	/* Of IFACE_WATCHED: another program detached ours, nothing is counted now. */
	bool away;
	unsigned int removals; /* how often that happened, */
	uint64_t away_ns;      /* and for how long, at most: all times together */
	/* Other programs that run before ours: packets they drop are not counted. */
	unsigned int before[FLOW_DIRS];
	int64_t since_wall_ns;	/* when it entered this state */
	/*
	 * Slot of a watched interface below that sees the same packets (port of a bridge, parent of
	 * a VLAN, member of a bond), or -1: a packet of this one is counted there as well.
	 */
	int lower_slot;
	/* How often the slot was reused: the same number means the same interface. */
	unsigned int tenant;
};

struct ifaces {
	atomic_uint references;
	bool any;	       /* -i any: others join as they come up */
	bool dedup;	       /* --dedup: interfaces above watched ones are left out */
	unsigned int left_out; /* interfaces left out by --dedup now */
	unsigned int no_slot;  /* interfaces not watched because FLOW_IFACES_MAX are */
	unsigned int given_up; /* gone interfaces that lost their slots since start */
	unsigned int watched;  /* entries that are IFACE_WATCHED */
	unsigned int count;    /* slots in use, IFACE_FREE ones between them */
	struct ifaces_entry entry[];
};

/* Room for `count` entries, zeroed but references = 1 and count; 0 or -ENOMEM. */
int ifaces_new(unsigned int count, struct ifaces **ret_ifaces);
struct ifaces *ifaces_ref(struct ifaces *ifaces);
/* Puts one reference, frees with the last; NULL is allowed. Returns NULL. */
struct ifaces *ifaces_unref(struct ifaces *ifaces);

/* Bytes of memory held. */
size_t ifaces_bytes(const struct ifaces *ifaces);
/* Whether both are equal. */
bool ifaces_equal(const struct ifaces *a, const struct ifaces *b);

/* Name of a slot, untrusted text; "?" for a slot that does not exist, or without ifaces (NULL). */
const char *ifaces_name(const struct ifaces *ifaces, unsigned int slot);

/* ifaces_entry.tenant of a slot; 0 for a slot that does not exist, or without ifaces (NULL). */
unsigned int ifaces_tenant(const struct ifaces *ifaces, unsigned int slot);

/*
 * All watched ones in one phrase for a header, made safe: "eth0", "eth0, wg0", "eth0 and 11 more";
 * "any (12)" where others join; the first that was when none is. "" without ifaces (NULL). Writes
 * at most `size` bytes with the end; returns `text`.
 */
char *ifaces_text(const struct ifaces *ifaces, char *text, size_t size);

/* Longest time that an interface was not counted because another program detached ours. */
uint64_t ifaces_away_ns(const struct ifaces *ifaces);

/* Other programs that run before ours, on the hook with most of them. */
unsigned int ifaces_before(const struct ifaces *ifaces);

/* "eth0 was detached or moved away 2 times, for up to 3.2 s". Returns `text`. */
char *ifaces_entry_away(const struct ifaces_entry *entry, char *text, size_t size);

/*
 * What limits the counts, in phrases joined by "; ", the most serious first, as many as fit; "" when there is nothing: "eth0 is gone, waiting for its return", "3 interfaces have no
 * slot", "cannot attach to eth2: ...", "eth0 was detached or moved away ...", "eth1 is gone",
 * "1 program runs before this one ...", "br0 and eth0 count the same packets
 * (--dedup)". With `any` a removed interface is not mentioned. Returns `text`.
 */
char *ifaces_notice(const struct ifaces *ifaces, char *text, size_t size);

#endif
