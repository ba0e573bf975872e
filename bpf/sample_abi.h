/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The contract between the sampler in the tc programs and the one who reads its records: what is
 * handed over, how much of it, and why not. Counting does not depend on any of it.
 *
 * Each flow has a budget: the first packets with payload, and of a TCP connection its handshake.
 * It is kept in the flow's slot, where it costs a busy flow one comparison, and in the sieve, which
 * outlives the slot: a flow gets another slot in the other generation, on another CPU, and when
 * slots become more.
 */
#ifndef PKTSTAT_SAMPLE_ABI_H
#define PKTSTAT_SAMPLE_ABI_H

#include <linux/types.h>

#include "flow_abi.h"

/* Ports of name services: their datagrams are always wanted. */
#define FLOW_PORT_DNS	  53
#define FLOW_PORT_NETBIOS 137
#define FLOW_PORT_MDNS	  5353
#define FLOW_PORT_LLMNR	  5355

/* Budget of a flow: packets with payload, and packets that are looked at to find them. */
#define SAMPLE_PAYLOADS 4
#define SAMPLE_LOOKS	32

/*
 * The ring that records pass through, and at which fill level its reader is woken: by one in so many
 * records of a CPU, as waking takes microseconds, and not again before it has read something. A
 * power of two.
 */
#define SAMPLE_RING_BYTES (1U << 20)
#define SAMPLE_RING_WAKE  (SAMPLE_RING_BYTES / 4)
#define SAMPLE_WAKE_EACH  64
/* How often the reader should look otherwise. */
#define SAMPLE_POLL_MS 50

/*
 * Records that a CPU hands over in one generation, at most. Handshakes and the datagrams that are
 * always wanted get half of them, so that a flood of these leaves room for payloads.
 */
#define SAMPLE_LIMIT 8192

/* Records have room for no payload, or for one of these. 512 bytes: RFC 1035, section 4.2.1. */
#define SAMPLE_SMALL 512
#define SAMPLE_LARGE 2048

/* Cells of the sieve. A power of two. */
#define SAMPLE_SIEVE_BITS  16
#define SAMPLE_SIEVE_CELLS (1U << SAMPLE_SIEVE_BITS)

/*
 * One packet of a flow, once for each interface and direction that counted it. `captured` bytes of
 * payload follow. Numbers are in host byte order.
 */
struct flow_sample {
	struct flow_key key;
	__u64 mono_ns;	/* CLOCK_MONOTONIC when it was counted; 0: no handshake, not timed */
	__u32 seq;	/* TCP: sequence number of the first byte, */
	__u32 ack;	/* and the acknowledged one */
	__u32 length;	/* payload bytes of the packet; of a super-packet, of all its segments */
	__u16 captured; /* of these, those that follow: at most SAMPLE_LARGE */
	__u8 tcp_flags; /* byte 13 of the header (RFC 9293, 3.1); 0 for UDP */
	__u8 unused;
};

/* Bits of flow_sample.tcp_flags. */
#define SAMPLE_FIN 0x01
#define SAMPLE_SYN 0x02
#define SAMPLE_RST 0x04
#define SAMPLE_ACK 0x10

/* Why a packet that was wanted is not handed over; its budget is spent all the same. */
enum sample_refusal {
	SAMPLE_REFUSED_LIMIT,	   /* its CPU has handed over enough in this generation */
	SAMPLE_REFUSED_FULL,	   /* the ring is full: its reader is slow */
	SAMPLE_REFUSED_UNREADABLE, /* its bytes could not be read */
	SAMPLE_REFUSALS,
};

/*
 * What is left of a flow's budget: the upper 16 bits of flow_slot.packets, and the lower half of a
 * cell of the sieve. 0: the flow's packets are not looked at.
 */
#define SAMPLE_LEFT_SHIFT    FLOW_PACKETS_BITS
#define SAMPLE_LEFT_PAYLOADS 0x000fU /* mask: packets with payload */
#define SAMPLE_LEFT_LOOK     0x0010U /* one packet to be looked at */
#define SAMPLE_LEFT_LOOKS    0x03f0U /* mask: how many of these */
#define SAMPLE_LEFT_ACK	     0x0400U /* the ACK that ends the handshake is wanted */
#define SAMPLE_LEFT_ALWAYS   0x0800U /* each packet is wanted: a name service */
/* These two are in slots alone. */
#define SAMPLE_LEFT_FIRST 0x1000U /* first packet of the generation: a SYN begins again */
#define SAMPLE_LEFT_NEW	  0x2000U /* the flow took the slot: the sieve knows its budget */
#define SAMPLE_LEFT_FRESH (SAMPLE_LOOKS * SAMPLE_LEFT_LOOK | SAMPLE_PAYLOADS)

#endif
