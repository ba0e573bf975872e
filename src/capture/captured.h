/* SPDX-License-Identifier: MIT */
/*
 * The kernel's parser, compiled for user space: from a captured frame to the key of its flow. Pure;
 * any thread.
 */
#ifndef PKTSTAT_CAPTURED_H
#define PKTSTAT_CAPTURED_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"

/* A frame as it was captured: perhaps only its first bytes. */
struct captured {
	const uint8_t *data;
	uint32_t size;	    /* bytes at `data` */
	uint32_t length;    /* of the frame on the wire, or of the super-packet */
	uint32_t start;	    /* where the packet begins, if `ethertype` is not 0 */
	uint16_t ethertype; /* 0: an Ethernet header says; else that of the packet, or 0xffff: IP */
	bool stripped;	    /* the kernel holds a VLAN tag beside the frame; not in `length` */
	uint16_t gso_size;  /* of a super-packet; 0: an ordinary frame */
};

/* Of a fragment: what tells its datagram from others. */
struct fragment_key {
	uint64_t address[4];
	uint32_t id;
	uint16_t ethertype;
	uint8_t ipproto;
	uint8_t where;
};

enum fragment_part { FRAGMENT_WHOLE, FRAGMENT_FIRST, FRAGMENT_LATER };

struct frame_read {
	struct flow_key key;	   /* `where` is 0 */
	struct flow_counts counts; /* what it is on the wire */
	uint32_t transport; /* offset of the transport header, 0: none was reached; */
	uint32_t rest;	    /* and bytes from there on, 0: its IP header says it */
	enum fragment_part part;
	struct fragment_key fragment; /* unless FRAGMENT_WHOLE; `where` is 0 */
};

/*
 * Reads a frame. A super-packet counts as the segments it stands for; the rest of
 * doc/architecture.md's counting rules is the parser's. Reads no byte beyond `size`.
 */
void frame_read(const struct captured *captured, struct frame_read *ret_read);

#endif
