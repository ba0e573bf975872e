/* SPDX-License-Identifier: MIT */
/* Words of sights, and a flow's own word as bits; the table is in sight_table.c. See sight.h. */
#include "sight.h"

/* Ends in two bits each, then round trips of ten bits and four bits of shift. */
#define RTT_DIGITS 10
#define RTT_BITS   14
#define RTT_MASK   ((1U << RTT_BITS) - 1)

static uint32_t pack_rtt(uint32_t us)
{
	uint32_t shift = 0;

	while (us >> shift >= 1U << RTT_DIGITS)
		shift++;
	if (shift > 15)
		return RTT_MASK;
	return shift << RTT_DIGITS | us >> shift;
}

static uint32_t unpack_rtt(uint32_t bits)
{
	return (bits & ((1U << RTT_DIGITS) - 1)) << (bits >> RTT_DIGITS & 15);
}

uint32_t sight_flow_pack(const struct sight_flow *flow)
{
	return (uint32_t)flow->initiator << 30 | (uint32_t)flow->named << 28 |
	       pack_rtt(flow->server_rtt_us) << RTT_BITS | pack_rtt(flow->client_rtt_us);
}

struct sight_flow sight_flow_unpack(uint32_t word)
{
	return (struct sight_flow){
		.initiator = (enum sight_end)(word >> 30),
		.named = (enum sight_end)(word >> 28 & 3),
		.server_rtt_us = unpack_rtt(word >> RTT_BITS & RTT_MASK),
		.client_rtt_us = unpack_rtt(word & RTT_MASK),
	};
}

static enum sight_end other_end(enum sight_end end)
{
	switch (end) {
	case SIGHT_END_SOURCE: return SIGHT_END_DESTINATION;
	case SIGHT_END_DESTINATION: return SIGHT_END_SOURCE;
	default: return end;
	}
}

struct sight_flow sight_flow_turn(const struct sight_flow *flow)
{
	struct sight_flow turned = *flow;

	turned.initiator = other_end(flow->initiator);
	turned.named = other_end(flow->named);
	return turned;
}

const char *sight_name_from(const struct sight *sight)
{
	if (!*sight->name)
		return *sight->dns ? "dns" : "";
	return sight->application == APPLICATION_HTTP ? "host" : "sni";
}

const char *sight_tls_name(uint16_t version)
{
	switch (version) {
	case 0x0300: return "SSL 3.0";
	case 0x0301: return "TLS 1.0";
	case 0x0302: return "TLS 1.1";
	case 0x0303: return "TLS 1.2";
	case 0x0304: return "TLS 1.3";
	case 0xfeff: return "DTLS 1.0";
	case 0xfefd: return "DTLS 1.2";
	case 0xfefc: return "DTLS 1.3";
	default: return "";
	}
}
