/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The contract between the tc programs and user space: what a flow is, where its counts stand,
 * and how much of everything there is. Included by both sides and by nothing else's leave: a
 * change here changes both.
 *
 * Numbers in a key are in host byte order; addresses are in network byte order.
 */
#ifndef PKTSTAT_FLOW_ABI_H
#define PKTSTAT_FLOW_ABI_H

#include <linux/types.h>

enum flow_dir {
	FLOW_IN = 0,  /* ingress: received by the interface */
	FLOW_OUT = 1, /* egress: sent by it */
	FLOW_DIRS = 2,
};

/* What a frame begins with at the hook. */
enum flow_link {
	FLOW_LINK_ETHERNET = 0, /* an Ethernet header, which counts */
	FLOW_LINK_IP = 1,	/* the packet; on ingress what lies before it does not count */
	FLOW_LINK_GRE = 2,	/* on egress too an outer header that does not count may lie before it */
	FLOW_LINKS = 3,
};

/* Interfaces one run can watch; the slot fills seven bits of flow_key.where. */
#define FLOW_IFACES_MAX 128
/* Every value `where` can take: an interface and a direction. */
#define FLOW_WHERES (FLOW_IFACES_MAX * FLOW_DIRS)

/*
 * The slot of sums over interfaces that are gone and lost their slots to others. No interface gets
 * this slot, unless all of them were asked for by name: then none is given to another.
 */
#define FLOW_SLOT_GONE (FLOW_IFACES_MAX - 1)

#define FLOW_WHERE(slot, dir) ((__u8)((slot) << 1 | (dir)))
#define FLOW_WHERE_DIR(where) ((enum flow_dir)((where) & 1))
#define FLOW_WHERE_SLOT(where) ((unsigned int)(where) >> 1)

/*
 * Who talks to whom. `sport` and `dport` hold what identifies a flow of that protocol:
 *   TCP, UDP, UDP-Lite, SCTP, DCCP   the ports
 *   ICMP, ICMPv6                     type, code
 *   ESP, AH                          upper and lower half of the SPI
 *   GRE                              protocol type, flags and version
 *   OSPF                             packet type, version
 *   ARP (ethertype 0x0806)           operation, 0; the addresses are the protocol addresses
 *   other IP protocols               0, 0
 * IPv4 addresses stand as ::ffff:a.b.c.d; `ethertype` is that of the innermost header read
 * (behind VLAN tags, SNAP, PPPoE and MPLS), so it tells IPv4 from IPv6.
 * With `ipproto` FLOW_PROTO_NONE and a `sport` that is not 0, the row is no flow but a named sum:
 * `sport` is an enum flow_sum, `dport` says more of it, both addresses are 0.
 */
struct flow_key {
	union {
		struct {
			__u8 src[16];
			__u8 dst[16];
			__u16 sport;
			__u16 dport;
			__u16 ethertype;
			__u8 ipproto;
			__u8 where; /* FLOW_WHERE(interface slot, direction) */
		};
		__u64 word[5];
	};
};

#define FLOW_PROTO_NONE 255 /* reserved by IANA, so no packet means it */

/* Rows that are sums, not flows (flow_key.sport); what `dport` holds stands behind each. */
enum flow_sum {
	FLOW_SUM_NONE = 0,
	/* Made by the tc programs: there is no address to tell flows apart by. */
	FLOW_SUM_ETHERTYPE = 1, /* not IP, not ARP; dport: DSAP and SSAP if ethertype is 802.2 */
	FLOW_SUM_TRUNCATED = 2, /* cut short before its addresses; dport: 0 */
	FLOW_SUM_MALFORMED = 3, /* header contradicts itself (version, length); dport: 0 */
	FLOW_SUM_ARP_OFF = 4,	/* ARP with --no-arp; dport: 0 */
	/* Made by user space: flows that were folded together. dport: enum flow_class. */
	FLOW_SUM_MAP_FULL = 16,	 /* the kernel map was full when they came */
	FLOW_SUM_AGED = 17,	 /* the ledger was full and they had been idle longest */
	FLOW_SUM_REMAINDER = 18, /* rows thinned out of an old snapshot */
	FLOW_SUM_GONE = 19,	 /* their interfaces are gone, and others have the slots */
	FLOW_SUM_UNSEEN = 20,	 /* packets, without bytes: a socket had no room for them */
};

/* Coarse protocol of a packet, by which what found no room is still told apart. */
enum flow_class {
	FLOW_CLASS_TCP,
	FLOW_CLASS_UDP,
	FLOW_CLASS_ICMPV4,
	FLOW_CLASS_ICMPV6,
	FLOW_CLASS_IP, /* any other protocol over IPv4 or IPv6 */
	FLOW_CLASS_ARP,
	FLOW_CLASS_NONIP,
	FLOW_CLASS_MIXED, /* more than one of the above */
	FLOW_CLASSES,
};

struct flow_counts {
	__u64 packets; /* frames on the wire: a GSO super-packet counts as its segments */
	__u64 bytes;   /* frame bytes, Ethernet header and VLAN tags in, FCS out */
};

/*
 * A front: what one CPU writes during one generation. Element [cpu * FLOW_GENERATIONS + generation]
 * of the memory-mapped array `flow_fronts`, so that user space reads it without a system call.
 * While a generation is active only its CPU writes; once user space has swapped it out and every
 * program that could hold it has ended, only user space does, and leaves the counts zeroed.
 *
 * Flows are counted in slots, two to a cache line, FLOW_BUCKET of them a bucket. A flow of IPv4 takes
 * one, any other flow both of a line. As long as they are few, the slots are those of the front; then
 * those of the CPU's flow table, an array map of buckets, of which only the first 1 << bits slots are
 * used: the fewer pages, the faster. What finds no slot in its bucket is counted in the CPU's flow
 * map. One flow may be in several of these places; its counts are their sum.
 *
 * With many possible CPUs a front has fewer than FLOW_FRONT_SLOTS, and the map's value is cut short
 * behind the last.
 */
#define FLOW_GENERATIONS 2
#define FLOW_FRONT_BITS 12
#define FLOW_FRONT_SLOTS (1 << FLOW_FRONT_BITS)
#define FLOW_BUCKET_BITS 3
#define FLOW_BUCKET (1 << FLOW_BUCKET_BITS)
#define FLOW_PAIRS (FLOW_BUCKET / 2)
/* Flows that found their bucket full until one of them gets a slot there. A power of two. */
#define FLOW_FRONT_PATIENCE 4

/* A flow of IPv4 and its counts: flow_slots.h says more. */
struct flow_slot {
	__u64 addresses; /* source in the upper half, destination in the lower one */
	__u64 last;	 /* flow_key.word[4] */
	__u64 packets;	 /* the lower 48 bits; 0: the slot is free. Above: samples, sample_abi.h */
	__u64 bytes;	 /* less than 1 << FLOW_BYTES_BITS */
};

#define FLOW_PACKETS_BITS 48
#define FLOW_PACKETS_MASK ((1ULL << FLOW_PACKETS_BITS) - 1)
/* A terabit a second takes six days for that; no generation is as long. */
#define FLOW_BYTES_BITS 56

/* Any other flow. */
struct flow_wide {
	__u64 word0; /* these as in flow_key.word */
	__u64 last;
	__u64 packets; /* as in flow_slot */
	__u64 bytes;
	__u64 word1;
	__u64 mark; /* FLOW_WIDE_MARK */
	__u64 word2;
	__u64 word3;
};

struct flow_pair {
	union {
		struct flow_slot slot[2];
		struct flow_wide wide;
	};
};

struct flow_bucket {
	struct flow_pair pair[FLOW_PAIRS];
};

/* A packet that is counted together with the next one: flow_count_in_table(). */
struct flow_late {
	struct flow_key key;
	__u64 hash;
	__u64 packets; /* 0: there is none */
	__u64 bytes;
};

/*
 * Cells of tags: their flows' packets need not be looked at. Four tags a cell, 16 bits each, the newest
 * in the lowest bits. One such table a CPU, for both generations. Nobody else reads it, and no count
 * depends on it.
 */
#define FLOW_KNOWN_BITS 16

/* Counters of refused samples; sample_abi.h has a reason for all but the last. */
#define FLOW_REFUSALS 4

struct flow_front {
	struct flow_counts total[FLOW_WHERES];              /* taken before anything else */
	struct flow_counts full[FLOW_WHERES][FLOW_CLASSES]; /* came while the flow map was full */
	__u64 inserts;   /* flows that the CPU put into its flow map */
	__u64 misses;    /* packets that found their bucket full */
	__u64 wake_mask; /* set by user space: wake it when inserts & wake_mask == 0 */
	__u64 used;      /* slots that were taken since `bits` changed */
	__u64 grow_at;   /* of these: more slots are used then, or user space is woken */
	__u32 bits;      /* 1 << bits slots are used; more than the front's: those of the table */
	__u32 bits_max;  /* as many as there are */
	__u64 handed;	 /* packets handed over as samples, */
	__u64 refused[FLOW_REFUSALS]; /* and those that were not: enum sample_refusal */
	__u64 woken; /* the reader of samples, when it had read up to here: a position plus 1 */
	__u64 unused[4];
	struct flow_late late;
	struct flow_late slow; /* what flow_count_slow() and flow_sample() are asked about, */
	struct flow_late back; /* and flow_write_back() */
	struct flow_bucket bucket[FLOW_FRONT_SLOTS / FLOW_BUCKET];
};

/* By how much the slots in use grow at once. */
#define FLOW_GROW_BITS 2
/* Slots taken for which more, up to all there are, are used; and when that is all. */
#define FLOW_GROW_AT(bits) ((3ULL << (bits)) >> 2)
#define FLOW_WAKE_AT(bits) ((1ULL << (bits)) >> 1)

/* Random numbers that the hash of flows is keyed with: one for each word of a key, one for all. */
#define FLOW_SEEDS 6

/* Variables of the programs that user space changes while they run (their .bss, memory-mapped). */
struct flow_control {
	__u32 generation; /* 0 or 1: the generation that programs write to */
};

/*
 * Where programs that several interfaces share find the slot of one: at its index, or at one of the
 * next few places. User space fills it before it attaches to the interface.
 */
#define FLOW_PLACES 1024 /* a power of two */
#define FLOW_PLACE_PROBES 4

struct flow_place {
	__u32 ifindex; /* 0: free */
	__u32 slot;
};

/* One wake-up from the programs: a CPU's flow map fills. */
struct flow_wake {
	__u32 generation;
	__u32 cpu;
};

#define FLOW_FRAGMENT_MAX_AGE_S 60 /* RFC 8200, section 4.5 */

/* Programs that can read unusual frames at one time, where they interrupt each other. */
#define FLOW_COPIES 256

#endif
