/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Which packets of a flow are handed over as samples: the rule of the programs at the hook and of the
 * counter in user space. Works on a struct __sk_buff and bpf_skb_load_bytes(), which the includer
 * brings where there is no kernel.
 */
#ifndef PKTSTAT_SAMPLE_RULE_H
#define PKTSTAT_SAMPLE_RULE_H

#include "flow_hash.h"
#include "flow_packet.h"
#include "sample_abi.h"

#define FLOW_TCP_HEADER 20
#define FLOW_UDP_HEADER 8

/*
 * Where the transport header of a frame is, as one number, which the compiler keeps in a register:
 * its offset, 0 if none was reached; and in the upper half how many bytes there are from it on. For
 * the usual frame that is 0, since its IP header says it.
 */
#define FLOW_TRANSPORT(offset, rest) ((__u64)(rest) << 32 | (offset))

/* What a record says of a packet, read from its headers. */
struct flow_segment {
	__u32 offset; /* of its payload */
	__u32 length;
	__u32 seq, ack;
	__u32 tcp_flags;
	__u32 timed; /* it is part of a handshake: its time counts */
};

/* Names services answer there, in datagrams. */
static __always_inline int flow_is_name_port(__u16 port)
{
	return port == FLOW_PORT_DNS || port == FLOW_PORT_MDNS || port == FLOW_PORT_LLMNR ||
	       port == FLOW_PORT_NETBIOS;
}

/* Bytes from the transport header to the end of the packet, without what pads its frame. */
static __always_inline __u32 flow_rest(struct __sk_buff *skb, const struct flow_key *key,
				       __u64 transport)
{
	__u32 offset = transport, rest = skb->len - offset, said = transport >> 32;
	__u16 length = 0;

	if (!said && key->ethertype == ETH_P_IP) {
		bpf_skb_load_bytes(skb, offset - 18, &length, sizeof(length));
		said = bpf_ntohs(length);
		said = said ? said - 20 : ~0U;
	} else if (!said) {
		bpf_skb_load_bytes(skb, offset - 36, &length, sizeof(length));
		said = bpf_ntohs(length);
		said = said ? said : ~0U;
	}
	return said < rest ? said : rest;
}

/* Reads the transport header. False when it is not all there. */
static __always_inline int flow_read_segment(struct __sk_buff *skb, const struct flow_key *key,
					     __u64 transport, struct flow_segment *segment)
{
	__u32 offset = transport, rest = flow_rest(skb, key, transport), size = FLOW_UDP_HEADER;
	__u32 tcp[FLOW_TCP_HEADER / sizeof(__u32)];

	if (key->ipproto == IPPROTO_TCP) {
		if (bpf_skb_load_bytes(skb, offset, tcp, sizeof(tcp)))
			return 0;
		segment->seq = bpf_ntohl(tcp[1]);
		segment->ack = bpf_ntohl(tcp[2]);
		segment->tcp_flags = bpf_ntohl(tcp[3]) >> 16 & 0xff;
		size = (bpf_ntohl(tcp[3]) >> 28) * 4;
	}
	segment->offset = offset + size;
	segment->length = rest > size ? rest - size : 0;
	return 1;
}

/* A flow's cell of the sieve, and what tells it there from others, by the flow's hash. */
#define FLOW_SIEVE_PLACE(hash) ((__u32)((hash) >> (64 - SAMPLE_SIEVE_BITS)))
#define FLOW_SIEVE_TAG(hash)   ((__u32)((hash) >> 16) | 1)

/*
 * Spends a flow's budget on a packet: returns what is left of it, and in `limit` how many records
 * there may be for the packet to be one of them; 0: it is not wanted.
 */
static __always_inline __u32 flow_spend(__u32 left, int first, struct flow_segment *segment,
					__u32 *limit)
{
	*limit = 0;
	segment->timed = segment->tcp_flags & SAMPLE_SYN || left & SAMPLE_LEFT_ACK;
	left -= SAMPLE_LEFT_LOOK;
	if (segment->tcp_flags & SAMPLE_SYN) {
		left = first ? SAMPLE_LEFT_FRESH : (left & SAMPLE_LEFT_LOOKS) | SAMPLE_PAYLOADS;
		if (!(segment->tcp_flags & SAMPLE_ACK))
			left |= SAMPLE_LEFT_ACK;
		*limit = SAMPLE_LIMIT / 2;
		left -= !!segment->length;
	} else if (segment->length && left & SAMPLE_LEFT_PAYLOADS) {
		left = (left & ~SAMPLE_LEFT_ACK) - 1;
		*limit = SAMPLE_LIMIT;
	} else if (left & SAMPLE_LEFT_ACK && segment->tcp_flags & SAMPLE_ACK) {
		left &= ~SAMPLE_LEFT_ACK;
		*limit = SAMPLE_LIMIT / 2;
	}
	if (!(left & SAMPLE_LEFT_LOOKS) || !(left & (SAMPLE_LEFT_PAYLOADS | SAMPLE_LEFT_ACK)))
		left = 0;
	return left;
}

/* What is left of a flow's budget. That of the sieve counts, as long as the cell is the flow's. */
static __always_inline __u32 flow_budget(const __u64 *cell, __u32 tag, __u32 left)
{
	if (*cell >> 32 == tag)
		return *cell;
	return left & SAMPLE_LEFT_NEW ? SAMPLE_LEFT_FRESH : left & ~SAMPLE_LEFT_FIRST;
}

/*
 * Whether a packet of TCP or UDP, of no name service, is wanted: how many records there may be for it
 * to be one of them, and where its payload is; 0: not wanted. Spends the budget in the cell and in
 * `left`. *ret_unreadable is set where its header is cut short.
 */
static __always_inline __u32 flow_wants(struct __sk_buff *skb, const struct flow_key *key,
					__u64 transport, __u64 *cell, __u32 tag, __u64 *left,
					struct flow_segment *segment, int *ret_unreadable)
{
	int first = *left & (SAMPLE_LEFT_FIRST | SAMPLE_LEFT_NEW);
	__u32 budget = flow_budget(cell, tag, *left), limit;

	*left = budget;
	if (!budget && !first)
		return 0;
	if (!flow_read_segment(skb, key, transport, segment)) {
		*ret_unreadable = 1;
		segment->length = 0;
	}
	if (!budget && !(segment->tcp_flags & SAMPLE_SYN))
		return 0;
	budget = flow_spend(budget, first, segment, &limit);
	*left = budget;
	*cell = (__u64)tag << 32 | budget;
	return limit;
}

#endif
