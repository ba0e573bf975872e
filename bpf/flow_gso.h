/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What a GSO or GRO super-packet stands for on the wire: so many segments, each with a copy of all
 * headers up to the end of the (innermost) transport header. Only super-packets come here, so the
 * headers are read with bpf_skb_load_bytes(), wherever in the skb they are.
 */
#ifndef PKTSTAT_FLOW_GSO_H
#define PKTSTAT_FLOW_GSO_H

#include "flow_parse.h"

/* gso_size of SCTP: segments have lengths of their own, gso_segs says how many. */
#define FLOW_GSO_BY_FRAGS 0xffff

#define VLAN_TAG 4 /* bytes of a tag that the kernel keeps beside the frame */

#define FLOW_ETH_P_TEB 0x6558 /* Ethernet inside GRE or Geneve */

/* A place in the headers: where it is, and which protocol begins there. */
struct flow_gso_cursor {
	struct __sk_buff *skb;
	__u32 offset;
	__u16 ethertype; /* a network header begins here, if not 0; */
	__u8 ipproto;    /* else a transport header */
};

static __always_inline __u32 flow_gso_load16(const struct flow_gso_cursor *cur, __u32 offset)
{
	__u16 value = 0;

	bpf_skb_load_bytes(cur->skb, cur->offset + offset, &value, sizeof(value));
	return bpf_ntohs(value);
}

static __always_inline __u32 flow_gso_load8(const struct flow_gso_cursor *cur, __u32 offset)
{
	__u8 value = 0;

	bpf_skb_load_bytes(cur->skb, cur->offset + offset, &value, sizeof(value));
	return value;
}

/* Ethernet header inside a tunnel, with at most one VLAN tag. */
static __always_inline void flow_gso_ethernet(struct flow_gso_cursor *cur)
{
	cur->ethertype = flow_gso_load16(cur, 12);
	cur->offset += ETH_HLEN;
	if (flow_is_vlan(cur->ethertype)) {
		cur->ethertype = flow_gso_load16(cur, 2);
		cur->offset += 4;
	}
}

/* Network header: moves to the transport header behind it. False when it is not IP. */
static __always_inline int flow_gso_network(struct flow_gso_cursor *cur)
{
	int i;

	if (cur->ethertype == ETH_P_IP) {
		cur->ipproto = flow_gso_load8(cur, 9);
		cur->offset += (flow_gso_load8(cur, 0) & 0xf) * 4;
		return 1;
	}
	if (cur->ethertype != ETH_P_IPV6)
		return 0;
	cur->ipproto = flow_gso_load8(cur, 6);
	cur->offset += 40;
	for (i = 0; i < 2; i++) {
		if (cur->ipproto != IPPROTO_HOPOPTS && cur->ipproto != IPPROTO_DSTOPTS &&
		    cur->ipproto != IPPROTO_ROUTING)
			break;
		cur->ipproto = flow_gso_load8(cur, 0);
		cur->offset += (flow_gso_load8(cur, 1) + 1) * 8;
	}
	return 1;
}

/*
 * Whether IP begins at the cursor and, if it gives its length, ends with the super-packet. That of
 * a tunnel does; but where UDP GSO or GRO holds tunnelled datagrams together it ends with the first
 * of them, and every one has these headers already.
 */
static __always_inline int flow_gso_is_whole(const struct flow_gso_cursor *cur)
{
	__u32 size;

	if (cur->ethertype == ETH_P_IP && flow_gso_load8(cur, 0) >> 4 == 4) {
		size = flow_gso_load16(cur, 2);
	} else if (cur->ethertype == ETH_P_IPV6 && flow_gso_load8(cur, 0) >> 4 == 6) {
		size = flow_gso_load16(cur, 4);
		if (size)
			size += 40;
	} else {
		return 0;
	}
	return !size || cur->offset + size == cur->skb->len;
}

/* VXLAN (RFC 7348) and Geneve (RFC 8926), on whatever port: what is inside tells them. */
static __always_inline int flow_gso_enter_udp(struct flow_gso_cursor *cur)
{
	struct flow_gso_cursor inside = *cur;

	inside.offset += 8 + 8;
	flow_gso_ethernet(&inside);
	if (!flow_gso_is_whole(&inside)) {
		inside.ethertype = flow_gso_load16(cur, 8 + 2);
		inside.offset = cur->offset + 8 + 8 + (flow_gso_load8(cur, 8) & 0x3f) * 4;
		if (inside.ethertype == FLOW_ETH_P_TEB)
			flow_gso_ethernet(&inside);
		if (!flow_gso_is_whole(&inside))
			return 0;
	}
	*cur = inside;
	return 1;
}

/* Steps into a tunnel when the transport header at the cursor opens one; else returns 0. */
static __always_inline int flow_gso_enter_tunnel(struct flow_gso_cursor *cur)
{
	__u32 flags;

	switch (cur->ipproto) {
	case IPPROTO_IPIP:
		cur->ethertype = ETH_P_IP;
		return 1;
	case IPPROTO_IPV6:
		cur->ethertype = ETH_P_IPV6;
		return 1;
	case IPPROTO_GRE: /* RFC 2890: checksum, key and sequence number are 4 bytes each */
		flags = flow_gso_load8(cur, 0);
		cur->ethertype = flow_gso_load16(cur, 2);
		cur->offset += 4 + !!(flags & 0x80) * 4 + !!(flags & 0x20) * 4 +
			       !!(flags & 0x10) * 4;
		if (cur->ethertype == FLOW_ETH_P_TEB)
			flow_gso_ethernet(cur);
		return 1;
	case IPPROTO_UDP:
		return flow_gso_enter_udp(cur);
	default:
		return 0;
	}
}

/*
 * Bytes from the begin of the frame to the end of the headers that every segment repeats. Not
 * inlined and not static, so that the verifier looks at it once.
 */
__noinline __u32 flow_gso_header(struct __sk_buff *skb, __u32 transport, __u8 ipproto)
{
	struct flow_gso_cursor cur = {.skb = skb, .offset = transport, .ipproto = ipproto};

	if (flow_gso_enter_tunnel(&cur) && !flow_gso_network(&cur))
		return cur.offset;
	switch (cur.ipproto) {
	case IPPROTO_TCP:
		return cur.offset + (flow_gso_load8(&cur, 12) >> 4) * 4;
	case IPPROTO_SCTP:
		return cur.offset + 12;
	default:
		return cur.offset + 8; /* UDP */
	}
}

/*
 * What a super-packet stands for beyond the one frame that it is in memory. `transport` is the
 * offset of the transport header, 0 when there is none. Every segment has a copy of the headers,
 * and of a VLAN tag that stands beside the frame, but not of the `jumbo` bytes of headers that only
 * super-packets have, nor of the `before` bytes before the packet.
 */
static __always_inline void flow_gso_beyond(struct __sk_buff *skb, __u32 transport, __u8 ipproto,
					    __u32 jumbo, __u32 before,
					    struct flow_counts *beyond)
{
	__u32 header, size = skb->gso_size, segments;

	if (!transport)
		return;
	header = flow_gso_header(skb, transport, ipproto);
	if (header >= skb->len)
		return;
	if (size == FLOW_GSO_BY_FRAGS)
		segments = skb->gso_segs;
	else
		segments = (skb->len - header + size - 1) / size;
	if (segments < 2)
		return;
	if (skb->vlan_present)
		header += VLAN_TAG;
	beyond->packets = segments - 1;
	beyond->bytes = (__u64)(segments - 1) * (header - before - jumbo) - jumbo;
}

#endif
