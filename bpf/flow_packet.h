/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What the parser works on: the readable bytes of a frame, and what was found in them so far.
 * Loads from packet memory stand here too, since they differ between the kernel and elsewhere.
 */
#ifndef PKTSTAT_FLOW_PACKET_H
#define PKTSTAT_FLOW_PACKET_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>

#include "flow_abi.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifdef __clang__
#define FLOW_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define FLOW_NO_UNROLL
#endif

/*
 * Makes the compiler read a flow_packet that is in memory again, so that the verifier sees an
 * unknown number and not one of many. Costs nothing where it is in registers.
 */
#ifdef __bpf__
#define FLOW_FORGET() asm volatile("" ::: "memory")
#else
#define FLOW_FORGET() ((void)0)
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif

enum flow_fragment {
	FLOW_FRAGMENT_NONE,  /* whole packet */
	FLOW_FRAGMENT_FIRST, /* has the transport header; later ones want its ports */
	FLOW_FRAGMENT_LATER, /* ports are those of the first fragment */
};

/* What the parser found. Wide fields, so that the compiler keeps them in registers. */
struct flow_packet {
	__u64 address[4];     /* source and destination, as in flow_key.word[0..3] */
	__u32 sport;          /* these four as in flow_key */
	__u32 dport;
	__u32 ethertype;
	__u32 ipproto;
	__u32 offset;         /* of the header to read next, from the begin of the frame */
	__u32 payload;        /* bytes behind `offset` that the IP header accounts for */
	__u32 transport;      /* offset of the transport header, 0: none reached */
	__u32 fragment;       /* enum flow_fragment */
	__u32 fragment_id;    /* IPv4 or IPv6 identification */
	__u32 fragment_proto; /* protocol that tells fragments apart: IPv4's; IPv6: 0 */
	__u32 cut;            /* a header lies beyond the end of the readable bytes */
	__u32 jumbo;          /* bytes of headers that only the kernel's super-packets have */
};

/* The readable bytes of a frame. */
struct flow_frame {
	void *data;
	void *end;
	__u64 start; /* offset of what is parsed; 0 for a frame with an Ethernet header */
};

/* Headers beyond are not looked for; what remains of an offset is small enough for the verifier. */
#define FLOW_OFFSET_MAX 0x7fff

static __always_inline __u16 flow_load16(const void *from)
{
	__u16 value;

#ifdef __bpf__
	value = *(const __u16 *)from;
#else
	__builtin_memcpy(&value, from, sizeof(value));
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	value = __builtin_bswap16(value);
#endif
	return value;
}

static __always_inline __u32 flow_load32(const void *from)
{
	__u32 value;

#ifdef __bpf__
	value = *(const __u32 *)from;
#else
	__builtin_memcpy(&value, from, sizeof(value));
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	value = __builtin_bswap32(value);
#endif
	return value;
}

static __always_inline __u64 flow_load_raw64(const void *from)
{
	__u64 value;

#ifdef __bpf__
	value = *(const __u64 *)from;
#else
	__builtin_memcpy(&value, from, sizeof(value));
#endif
	return value;
}

/* The second word of ::ffff:a.b.c.d; the first is 0. */
static __always_inline __u64 flow_mapped_ipv4(const void *from)
{
	__u32 address;

#ifdef __bpf__
	address = *(const __u32 *)from;
#else
	__builtin_memcpy(&address, from, sizeof(address));
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u64)address << 32 | 0xffff0000ULL;
#else
	return 0x0000ffff00000000ULL | address;
#endif
}

/* The last word of a key. Whole words, not fields: a key is compared as words. */
static __always_inline __u64 flow_last_word(__u64 sport, __u64 dport, __u64 ethertype,
					    __u64 ipproto)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return sport | dport << 16 | ethertype << 32 | ipproto << 48;
#else
	return sport << 48 | dport << 32 | ethertype << 16 | ipproto << 8;
#endif
}

/* The same with the place where the packet was seen. */
static __always_inline __u64 flow_last_word_at(__u64 word, __u8 where)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return word | (__u64)where << 56;
#else
	return word | where;
#endif
}

/* The key of the packet; `where` is left 0. */
static __always_inline struct flow_key flow_packet_key(const struct flow_packet *pkt)
{
	struct flow_key key;

	key.word[0] = pkt->address[0];
	key.word[1] = pkt->address[1];
	key.word[2] = pkt->address[2];
	key.word[3] = pkt->address[3];
	key.word[4] = flow_last_word(pkt->sport, pkt->dport, pkt->ethertype, pkt->ipproto);
	return key;
}

/* The `size` bytes at the offset, or NULL, and a note of it, when they are not all readable. */
static __always_inline const __u8 *flow_at(const struct flow_frame *frame, struct flow_packet *pkt,
					   __u32 size)
{
	__u32 offset;

	FLOW_FORGET();
	offset = pkt->offset;
	if (offset > FLOW_OFFSET_MAX || frame->data + offset + size > frame->end) {
		pkt->cut = 1;
		return NULL;
	}
	return frame->data + offset;
}

#endif
