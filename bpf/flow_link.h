/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Where the packet begins on an interface without an Ethernet header.
 *
 * On ingress tc gives a program everything from the MAC header on. Many tunnels leave that where it
 * was on the interface below: then the Ethernet header of the underlay, or the outer IP and tunnel
 * headers too, lie before the packet that was received. On egress a GRE interface without one remote
 * address writes its outer header before the hook; elsewhere the packet is the first thing there,
 * and the network header is wherever a packet socket has put it.
 *
 * A program is not told where the network header is. bpf_skb_load_bytes_relative() reads from there,
 * but not beyond the end of the linear bytes: which is the last byte it can read tells the place.
 */
#ifndef PKTSTAT_FLOW_LINK_H
#define PKTSTAT_FLOW_LINK_H

#include "flow_maps.h"

#define FLOW_LINK_BITS 16 /* the kernel's lengths of headers have as many */

static __always_inline __u32 flow_link_linear(const struct __sk_buff *skb)
{
	return (void *)(long)skb->data_end - (void *)(long)skb->data;
}

/*
 * Negative when `size` bytes or more lie before the network header, else 0; `behind` is how many
 * linear bytes there are, less `size`.
 */
static __always_inline int flow_link_probe(const struct __sk_buff *skb, __u32 behind)
{
	__u8 byte;

	return bpf_skb_load_bytes_relative(skb, behind, &byte, sizeof(byte), BPF_HDR_START_NET);
}

/* Bit by bit. Without branches, or the verifier would follow every possible result. */
static __always_inline __u32 flow_link_search(const struct __sk_buff *skb, __u32 linear)
{
	__u32 size = 0, bit, behind, more;

	FLOW_NO_UNROLL
	for (bit = 1U << (FLOW_LINK_BITS - 1); bit; bit >>= 1) {
		behind = linear - size - bit; /* negative: not so many are there */
		more = flow_link_probe(skb, behind) & ~behind;
		size += bit & -(more >> 31);
	}
	return size;
}

/*
 * Bytes before the network header, at most those that are linear: one look where there are none,
 * two more where there are as many as before the last packet of this interface and direction. Not
 * inlined and not static, so that the verifier looks at it once and other interfaces do not pay for
 * it.
 */
__noinline __u64 flow_link_size(struct __sk_buff *skb, __u32 where)
{
	__u16 *last = &flow_link_sizes[where & (FLOW_WHERES - 1)];
	__u32 linear = flow_link_linear(skb), size = *last;

	if (!flow_link_probe(skb, linear - 1))
		return 0;
	if (size && flow_link_probe(skb, linear - size) && !flow_link_probe(skb, linear - size - 1))
		return size;
	size = flow_link_search(skb, linear);
	*last = size;
	return size;
}

/* Bytes of the frame that are not counted and not parsed: those before the packet. */
static __always_inline __u64 flow_link_before(struct __sk_buff *skb, enum flow_link link,
					      enum flow_dir dir, __u8 where)
{
	if (link == FLOW_LINK_GRE || (link == FLOW_LINK_IP && dir == FLOW_IN))
		return flow_link_size(skb, where);
	return 0;
}

#endif
