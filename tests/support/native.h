/* SPDX-License-Identifier: MIT */
/*
 * The kernel's parser, compiled for user space. Reads `size` bytes and must not touch one beside.
 * Include before anything that brings <linux/in.h>. Pure; any thread.
 */
#ifndef TESTS_NATIVE_H
#define TESTS_NATIVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#include "flow_parse.h"
#pragma GCC diagnostic pop

struct native {
	struct flow_key key; /* where: 0 */
	bool cut;	     /* something lies beyond the bytes given */
	bool later;	     /* a later fragment */
	bool differs;	     /* the short way through the parser and the long one disagree */
	uint32_t transport;  /* offset of the transport header, 0: none reached */
};

static inline struct native native_of_packet(const struct flow_packet *pkt)
{
	return (struct native){
		.key = flow_packet_key(pkt),
		.cut = pkt->cut,
		.later = pkt->fragment == FLOW_FRAGMENT_LATER,
		.transport = pkt->transport,
	};
}

/* With `ethertype` not 0 the packet begins at the offset `start`. */
static inline struct native native_parse_at(uint8_t *bytes, size_t size, uint32_t start,
					    uint16_t ethertype, bool stripped)
{
	struct flow_frame frame = {.data = bytes, .end = bytes + size, .start = start};
	struct flow_key usual;
	struct native native;
	struct flow_packet pkt;
	uint32_t transport;

	flow_parse_any(&frame, ethertype, stripped, &pkt);
	native = native_of_packet(&pkt);
	transport = flow_parse_usual(&frame, ethertype, &usual);
	if (transport)
		native.differs = memcmp(&usual, &native.key, sizeof(usual)) != 0 || native.cut ||
				 native.later || transport != native.transport;
	return native;
}

static inline struct native native_parse(uint8_t *bytes, size_t size, uint16_t ethertype,
					 bool stripped)
{
	return native_parse_at(bytes, size, 0, ethertype, stripped);
}

#endif
