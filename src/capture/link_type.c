/* SPDX-License-Identifier: MIT */
/* Link types of capture files; see link_type.h. */
#include "link_type.h"

#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <stdio.h>

#define NO_DIR	   (-1)
#define IP_VERSION 0xffff /* FLOW_ETH_P_UNSAID: the version nibble says */

/* As files have them; where libpcap's own number is another one, both. */
enum {
	TYPE_NULL = 0,
	TYPE_ETHERNET = 1,
	TYPE_RAW_BSD = 12,
	TYPE_RAW_OPENBSD = 14,
	TYPE_PPPOE = 51,
	TYPE_RAW = 101,
	TYPE_LOOP = 108,
	TYPE_COOKED = 113,
	TYPE_MPLS = 219,
	TYPE_IPV4 = 228,
	TYPE_IPV6 = 229,
	TYPE_COOKED2 = 276,
};

#define COOKED_SIZE	16
#define COOKED2_SIZE	20
#define COOKED_OUTGOING 4 /* PACKET_OUTGOING of linux/if_packet.h */

bool link_type_is_known(uint32_t type)
{
	switch (type) {
	case TYPE_NULL:
	case TYPE_ETHERNET:
	case TYPE_RAW_BSD:
	case TYPE_RAW_OPENBSD:
	case TYPE_PPPOE:
	case TYPE_RAW:
	case TYPE_LOOP:
	case TYPE_COOKED:
	case TYPE_MPLS:
	case TYPE_IPV4:
	case TYPE_IPV6:
	case TYPE_COOKED2: return true;
	default: return false;
	}
}

bool link_type_has_dir(uint32_t type)
{
	return type == TYPE_COOKED || type == TYPE_COOKED2;
}

char *link_type_name(uint32_t type, char *text, size_t size)
{
	const char *name = type <= INT32_MAX ? pcap_datalink_val_to_name((int)type) : NULL;

	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "%u", type);
	return text;
}

static uint16_t load16(const uint8_t *from)
{
	return (uint16_t)(from[0] << 8 | from[1]);
}

static bool is_vlan(uint16_t ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

/* The packet begins at `start`, perhaps behind VLAN tags. */
static void begin_at(struct captured *captured, uint32_t start, uint16_t ethertype)
{
	while (is_vlan(ethertype) && captured->size >= start + 4) {
		ethertype = load16(captured->data + start + 2);
		start += 4;
	}
	captured->start = start;
	/* 0 would stand for an Ethernet header. */
	captured->ethertype = ethertype ? ethertype : IP_VERSION;
}

/* The header is cut: nothing is known of the packet. */
static int begin_nowhere(struct captured *captured)
{
	captured->size = 0;
	captured->ethertype = 0;
	return NO_DIR;
}

static int read_cooked(struct captured *captured, uint32_t size, uint32_t dir_at,
		       uint32_t protocol_at)
{
	int dir;

	if (captured->size < size)
		return begin_nowhere(captured);
	dir = captured->data[dir_at] == COOKED_OUTGOING ? FLOW_OUT : FLOW_IN;
	begin_at(captured, size, load16(captured->data + protocol_at));
	return dir;
}

int link_type_read(uint32_t type, struct captured *captured)
{
	switch (type) {
	case TYPE_ETHERNET: return NO_DIR;
	case TYPE_COOKED: return read_cooked(captured, COOKED_SIZE, 1, 14);
	case TYPE_COOKED2: return read_cooked(captured, COOKED2_SIZE, 10, 0);
	case TYPE_NULL:
	case TYPE_LOOP: /* an address family, which every system numbers in its own way */
		if (captured->size < 4)
			return begin_nowhere(captured);
		begin_at(captured, 4, IP_VERSION);
		return NO_DIR;
	case TYPE_PPPOE: begin_at(captured, 0, ETH_P_PPP_SES); return NO_DIR;
	case TYPE_MPLS: begin_at(captured, 0, ETH_P_MPLS_UC); return NO_DIR;
	default: begin_at(captured, 0, IP_VERSION); return NO_DIR;
	}
}
