/* SPDX-License-Identifier: MIT */
/* The parser of bpf/, compiled natively; see captured.h. */
#include "captured.h"

#include "native_skb.h"

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
	struct __sk_buff skb = native_skb_of(captured);
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
	ret_read->rest = 0;
	ret_read->counts = (struct flow_counts){
		1, captured->length + (captured->stripped ? VLAN_TAG : 0)};
	transport = flow_parse_usual(&frame, captured->ethertype, &ret_read->key);
	if (!transport) {
		flow_parse_any(&frame, captured->ethertype, captured->stripped, &pkt);
		ret_read->key = flow_packet_key(&pkt);
		transport = pkt.transport;
		ret_read->rest = pkt.payload;
		jumbo = pkt.jumbo;
		if (pkt.fragment != FLOW_FRAGMENT_NONE)
			read_fragment(&pkt, ret_read);
	}
	ret_read->transport = transport;
	if (captured->gso_size)
		count_beyond(captured, transport, jumbo, ret_read);
}
