/* SPDX-License-Identifier: MIT */
/*
 * The headers of bpf/, compiled natively. Those on super-packets are written for an skb: here is one
 * with just the fields and the one call that they use.
 */
#include "captured.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

struct __sk_buff {
	const uint8_t *bytes; /* of which so many are there: */
	uint32_t there;
	uint32_t len;
	uint32_t gso_size;
	uint32_t gso_segs;
	uint32_t vlan_present;
};

/* As the kernel's: what is not there is not written, and the caller has zeroes. */
static inline long bpf_skb_load_bytes(const struct __sk_buff *skb, uint32_t offset, void *to,
				      uint32_t size)
{
	if (offset > skb->there || size > skb->there - offset)
		return -1;
	memcpy(to, skb->bytes + offset, size);
	return 0;
}

#define bpf_ntohs(value) ntohs(value)
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "flow_parse.h"
#include "flow_gso.h"
#pragma GCC diagnostic pop

/* The parser's pointers are not const, since those of the kernel are not. It writes nothing. */
static struct flow_frame flow_frame_of(const struct captured *captured)
{
	union {
		const uint8_t *from;
		uint8_t *to;
	} bytes = {.from = captured->data};

	return (struct flow_frame){.data = bytes.to,
				   .end = bytes.to + captured->size,
				   .start = captured->start};
}

static void count_beyond(const struct captured *captured, uint32_t transport, uint32_t jumbo,
			 struct frame_read *read)
{
	struct __sk_buff skb = {
		.bytes = captured->data,
		.there = captured->size,
		.len = captured->length,
		.gso_size = captured->gso_size,
		.vlan_present = captured->stripped,
	};
	struct flow_counts beyond = {0};

	/* No kernel says so much; and where it does (SCTP), how many segments is not known here. */
	if (captured->gso_size == FLOW_GSO_BY_FRAGS)
		return;
	flow_gso_beyond(&skb, transport, read->key.ipproto, jumbo, captured->start, &beyond);
	flow_counts_add(&read->counts, &beyond);
}

static void read_fragment(const struct flow_packet *pkt, struct frame_read *read)
{
	read->part = pkt->fragment == FLOW_FRAGMENT_FIRST ? FRAGMENT_FIRST : FRAGMENT_LATER;
	read->fragment = (struct fragment_key){
		.address = {pkt->address[0], pkt->address[1], pkt->address[2], pkt->address[3]},
		.id = pkt->fragment_id,
		.ethertype = (uint16_t)pkt->ethertype,
		.ipproto = (uint8_t)pkt->fragment_proto,
	};
}

void frame_read(const struct captured *captured, struct frame_read *ret_read)
{
	const struct flow_frame frame = flow_frame_of(captured);
	uint32_t transport, jumbo = 0;
	struct flow_packet pkt;

	ret_read->part = FRAGMENT_WHOLE;
	ret_read->counts = (struct flow_counts){
		1, captured->length + (captured->stripped ? VLAN_TAG : 0)};
	transport = flow_parse_usual(&frame, captured->ethertype, &ret_read->key);
	if (!transport) {
		flow_parse_any(&frame, captured->ethertype, captured->stripped, &pkt);
		ret_read->key = flow_packet_key(&pkt);
		transport = pkt.transport;
		jumbo = pkt.jumbo;
		if (pkt.fragment != FLOW_FRAGMENT_NONE)
			read_fragment(&pkt, ret_read);
	}
	if (captured->gso_size)
		count_beyond(captured, transport, jumbo, ret_read);
}
