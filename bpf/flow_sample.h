/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The sampler: hands the first packets of a flow to whoever finds names in them. It looks at a packet
 * that was counted already, so whatever becomes of it here, no count is wrong.
 *
 * A busy flow pays for one comparison: its slot says that nothing is left. All else is in
 * flow_sample(), which is called for a few packets of each flow. `flow_inspect` is a constant: with
 * 0 the verifier removes all of this.
 *
 * The sieve tells flows apart by hash alone, and programs on several CPUs may change one cell at a
 * time: then a flow gets some packets more or less, and nothing else depends on it.
 */
#ifndef PKTSTAT_FLOW_SAMPLE_H
#define PKTSTAT_FLOW_SAMPLE_H

#include "flow_hash.h"
#include "flow_maps.h"
#include "flow_parse.h"
#include "sample_abi.h"

#define FLOW_PORT_DNS	  53
#define FLOW_PORT_NETBIOS 137
#define FLOW_PORT_MDNS	  5353
#define FLOW_PORT_LLMNR	  5355

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

/*
 * Hands over a packet with room for so many bytes of payload, a constant: a power of two, or 0 where
 * there is none. `wake`: whether the reader is to be woken. It comes by itself, so that is needed only
 * when the ring fills.
 */
static __always_inline int flow_hand_over(struct __sk_buff *skb, const struct flow_key *key,
					  const struct flow_segment *segment, __u32 room,
					  __u64 wake)
{
	struct flow_sample *sample;
	__u64 size = segment->length < room ? segment->length : room;

	sample = bpf_ringbuf_reserve(&flow_samples, sizeof(*sample) + room, 0);
	if (!sample)
		return SAMPLE_REFUSED_FULL;
	sample->key = *key;
	sample->mono_ns = bpf_ktime_get_ns();
	sample->seq = segment->seq;
	sample->ack = segment->ack;
	sample->length = segment->length;
	sample->captured = size;
	sample->tcp_flags = segment->tcp_flags;
	sample->unused = 0;
	/* The verifier of Linux 6.12 must be shown that it is 1 to room bytes. */
	size--;
	asm volatile("" : "+r"(size));
	if (room && bpf_skb_load_bytes(skb, segment->offset, sample + 1, (size & (room - 1)) + 1)) {
		bpf_ringbuf_discard(sample, BPF_RB_NO_WAKEUP);
		return SAMPLE_REFUSED_UNREADABLE;
	}
	bpf_ringbuf_submit(sample, wake);
	return SAMPLE_REFUSALS;
}

/* Hands a packet over unless enough were, and counts what becomes of it. */
static __always_inline void flow_offer(struct __sk_buff *skb, struct flow_front *front,
				       const struct flow_key *key,
				       const struct flow_segment *segment, __u32 limit)
{
	__u64 handed = front->handed, wake = BPF_RB_NO_WAKEUP;
	int refusal = SAMPLE_REFUSED_LIMIT;

	if (handed < limit) {
		if (!(handed & (SAMPLE_WAKE_EACH - 1)) &&
		    bpf_ringbuf_query(&flow_samples, BPF_RB_AVAIL_DATA) > SAMPLE_RING_WAKE)
			wake = BPF_RB_FORCE_WAKEUP;
		if (!segment->length)
			refusal = flow_hand_over(skb, key, segment, 0, wake);
		else if (segment->length <= SAMPLE_SMALL)
			refusal = flow_hand_over(skb, key, segment, SAMPLE_SMALL, wake);
		else
			refusal = flow_hand_over(skb, key, segment, SAMPLE_LARGE, wake);
	}
	if (refusal == SAMPLE_REFUSALS)
		__sync_fetch_and_add(&front->handed, 1);
	else
		__sync_fetch_and_add(&front->refused[refusal & 3], 1);
}

/*
 * Spends a flow's budget on a packet: returns what is left of it, and in `limit` how many records
 * there may be for the packet to be one of them; 0: it is not wanted.
 */
static __always_inline __u32 flow_spend(__u32 left, int first, const struct flow_segment *segment,
					__u32 *limit)
{
	*limit = 0;
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

/* The same as flow_sample() for TCP, and for UDP but name services. */
static __always_inline void flow_sample_budgeted(struct __sk_buff *skb, struct flow_front *front,
						 const struct flow_key *key, __u64 transport,
						 __u64 *left)
{
	int first = *left & (SAMPLE_LEFT_FIRST | SAMPLE_LEFT_NEW);
	__u64 hash = flow_hash(key, flow_seed);
	__u32 place = hash >> (64 - SAMPLE_SIEVE_BITS), tag = (__u32)(hash >> 16) | 1, budget,
	      limit;
	__u64 *cell = bpf_map_lookup_elem(&flow_sieve, &place);
	struct flow_segment segment = {};

	if (!cell)
		return;
	budget = flow_budget(cell, tag, *left);
	*left = budget;
	if (!budget && !first)
		return;
	if (!flow_read_segment(skb, key, transport, &segment)) {
		__sync_fetch_and_add(&front->refused[SAMPLE_REFUSED_UNREADABLE], 1);
		segment.length = 0;
	}
	if (!budget && !(segment.tcp_flags & SAMPLE_SYN))
		return;
	budget = flow_spend(budget, first, &segment, &limit);
	*left = budget;
	*cell = (__u64)tag << 32 | budget;
	if (limit)
		flow_offer(skb, front, key, &segment, limit);
}

/*
 * Looks at a packet of a flow that has some of its budget left, `left`, and hands it over if it is
 * one of those that are wanted. Not inlined: busy flows do not pay for its registers.
 */
static __noinline void flow_sample(struct __sk_buff *skb, struct flow_front *front,
				   const struct flow_key *key, __u64 transport, __u64 *left)
{
	struct flow_segment segment = {};

	if (key->ipproto != IPPROTO_TCP && key->ipproto != IPPROTO_UDP) {
		*left = 0;
		return;
	}
	if (!(__u32)transport) /* a later fragment, or cut short */
		return;
	if (key->ipproto == IPPROTO_TCP ||
	    !(flow_is_name_port(key->sport) || flow_is_name_port(key->dport))) {
		flow_sample_budgeted(skb, front, key, transport, left);
		return;
	}
	*left = SAMPLE_LEFT_ALWAYS;
	if (flow_read_segment(skb, key, transport, &segment) && segment.length)
		flow_offer(skb, front, key, &segment, SAMPLE_LIMIT / 2);
}

#endif
