/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The maps and variables of the tc programs; flow_abi.h says what is in them. */
#ifndef PKTSTAT_FLOW_MAPS_H
#define PKTSTAT_FLOW_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "flow_abi.h"
#include "flow_parse.h"
#include "sample_abi.h"

/* Set before loading, constant afterwards: what they switch off costs nothing. */
const volatile __u8 flow_slot = 0;       /* interface slot in keys */
const volatile __u8 flow_shared = 0;     /* the slot is looked up by interface instead */
const volatile __u8 flow_link = FLOW_LINK_ETHERNET; /* enum flow_link */
const volatile __u8 flow_no_arp = 0;     /* one row for all ARP */
const volatile __u8 flow_can_wake = 0;   /* the collector listens to flow_wakes */
const volatile __u8 flow_front_bits = FLOW_FRONT_BITS; /* slots of a front, a power of two */
const volatile __u8 flow_known_bits = FLOW_KNOWN_BITS; /* cells of flow_knowns, a power of two */
const volatile __u8 flow_inspect = 0;    /* the first packets of flows are handed over */
const volatile __u8 flow_preempted = 0;  /* PREEMPT_RT: see flow_count.h */
/* Jiffies that a first fragment is remembered. */
const volatile __u64 flow_fragment_ticks = FLOW_FRAGMENT_MAX_AGE_S * 1000ULL;

/* Of the hash; user space sets random ones, the last of them odd. */
const volatile __u64 flow_seed[FLOW_SEEDS] = {
	0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL, 0xa4093822299f31d0ULL,
	0x082efa98ec4e6c89ULL, 0x452821e638d01377ULL, 0xbe5466cf34e90c6dULL,
};

/* Changed by user space while the programs run. */
struct flow_control flow_control SEC(".bss");
struct flow_place flow_places[FLOW_PLACES] SEC(".bss");

/* By flow_key.where: what flow_link_size() returned last. A guess, so CPUs need not agree. */
__u16 flow_link_sizes[FLOW_WHERES] SEC(".bss");

/* [cpu * FLOW_GENERATIONS + generation]; user space sets max_entries by the possible CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_GENERATIONS);
	__type(key, __u32);
	__type(value, struct flow_front);
} flow_fronts SEC(".maps");

/*
 * A CPU's flow map of one generation; the real ones are made by user space, as large as needed,
 * without type information. So this one may have none either: for kernels before 6.2 the two would
 * be different kinds of maps.
 */
struct flow_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct flow_key));
	__uint(value_size, sizeof(struct flow_counts));
};

/*
 * [cpu * FLOW_GENERATIONS + generation] as well; one more element at the end exists only to wait
 * for running programs. User space sets max_entries.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, FLOW_GENERATIONS + 1);
	__type(key, __u32);
	__array(values, struct flow_map);
} flow_maps SEC(".maps");

/*
 * A CPU's flow table of one generation, made by user space like the flow maps, and mapped there:
 * BPF_F_INNER_MAP lets tables have different sizes.
 */
struct flow_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct flow_bucket));
};

/* Places as in flow_maps, none at the end. Without a table, bits_max is that of the front. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, FLOW_GENERATIONS);
	__type(key, __u32);
	__array(values, struct flow_table);
} flow_tables SEC(".maps");

/* [cpu]: cells of flow_known_cell(). User space sets max_entries, and value_size by flow_known_bits. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u64) << FLOW_KNOWN_BITS);
} flow_knowns SEC(".maps");

/* Which datagram a fragment belongs to; each interface and direction sees its own. */
struct flow_fragment_key {
	__u64 address[4];
	__u32 id;
	__u16 ethertype;
	__u8 proto;
	__u8 where;
};

/* What the first fragment said. */
struct flow_fragment_value {
	__u16 sport;
	__u16 dport;
	__u8 ipproto;
	__u8 unused[3];
	__u64 ticks; /* jiffies, which go on between two reads of the collector */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct flow_fragment_key);
	__type(value, struct flow_fragment_value);
} flow_fragments SEC(".maps");

/* Where the unusual frames are parsed; with flow_preempted, FLOW_COPIES of them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_packet);
} flow_scratch SEC(".maps");

/*
 * With flow_preempted: the copies of flow_scratch that no program uses, filled by user space. The
 * kernel's stack hands out each of them once.
 */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__uint(key_size, 0);
	__uint(value_size, sizeof(__u32));
} flow_copies SEC(".maps");

/* Wake-ups for the collector, struct flow_wake. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} flow_wakes SEC(".maps");

/* Packets handed over, struct flow_sample. User space makes it small where nobody reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SAMPLE_RING_BYTES);
} flow_samples SEC(".maps");

/* The sieve: budgets of flows by hash. Tag in the upper half, SAMPLE_LEFT_ in the lower. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SAMPLE_SIEVE_CELLS);
	__type(key, __u32);
	__type(value, __u64);
} flow_sieve SEC(".maps");

#endif
