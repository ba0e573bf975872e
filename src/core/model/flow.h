/* SPDX-License-Identifier: MIT */
/*
 * Flows as user space sees them: tests on a key, names for its numbers, and the order of keys.
 * Pure functions over flow_abi.h; any thread may call them.
 */
#ifndef PKTSTAT_FLOW_H
#define PKTSTAT_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"

/* Room for the longest text any function here writes, its end included. */
#define FLOW_TEXT_MAX 128

/* What was counted of one flow, or of a part of it, since the time before. */
struct flow_delta {
	struct flow_key key;
	struct flow_counts counts;
};

static inline enum flow_dir flow_key_dir(const struct flow_key *key)
{
	return FLOW_WHERE_DIR(key->where);
}

static inline unsigned int flow_key_slot(const struct flow_key *key)
{
	return FLOW_WHERE_SLOT(key->where);
}

/* The kind of sum the row is, FLOW_SUM_NONE for a real flow. */
static inline enum flow_sum flow_key_sum(const struct flow_key *key)
{
	return key->ipproto == FLOW_PROTO_NONE ? (enum flow_sum)key->sport : FLOW_SUM_NONE;
}

static inline void flow_counts_add(struct flow_counts *sum, const struct flow_counts *counts)
{
	sum->packets += counts->packets;
	sum->bytes += counts->bytes;
}

/* By how much `counts` is above `other`: packets and bytes each at least 0. */
static inline struct flow_counts flow_counts_above(const struct flow_counts *counts,
						   const struct flow_counts *other)
{
	return (struct flow_counts){
		.packets = counts->packets > other->packets ? counts->packets - other->packets : 0,
		.bytes = counts->bytes > other->bytes ? counts->bytes - other->bytes : 0,
	};
}

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return ((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
		(a->word[3] ^ b->word[3]) | (a->word[4] ^ b->word[4])) == 0;
}

/* True if sport and dport are port numbers (TCP, UDP, UDP-Lite, SCTP, DCCP). */
bool flow_key_has_ports(const struct flow_key *key);

/* True for an IP flow (false for ARP and for sums). */
bool flow_key_is_ip(const struct flow_key *key);

/*
 * Total order of tuples: source address, source port, destination address, destination port,
 * EtherType, protocol, interface, direction. Returns <0, 0 or >0. IPv4 and ARP sort before IPv6,
 * sums behind both.
 */
int flow_key_compare(const struct flow_key *a, const struct flow_key *b);

/*
 * The same order as numbers, most significant first, for sorting by radix or cached keys: all but
 * interface and direction stand in words 0 to FLOW_ORDER_WORDS - 1.
 */
#define FLOW_ORDER_WORDS 5
uint64_t flow_key_order_word(const struct flow_key *key, unsigned int word);

/* The key of a sum over flows of `class` seen at `where`. */
struct flow_key flow_key_of_sum(enum flow_sum sum, uint16_t detail, uint16_t ethertype,
				uint8_t where);

/* The class a flow falls into when it is folded into a sum. */
enum flow_class flow_key_class(const struct flow_key *key);

/*
 * Name of the protocol of a key as JSON and the table print it: "TCP", "UDP", "ICMPv4",
 * "IPv6-ICMP", "IPSEC-ESP", "ARP", ..., "other" for a sum, "Unknown" for a protocol number that
 * IANA has not given a name. Static storage. Source: IANA protocol numbers, with the spellings of
 * the Go program pktstat-bpf where it has one.
 */
const char *flow_proto_name(const struct flow_key *key);

/* Name of an IP protocol number, NULL when it has none. */
const char *flow_ipproto_name(uint8_t ipproto);

/* IP protocol number of a name (any case; also "icmp", "icmp6", "esp", "ah", "ospf"), or -1. */
int flow_ipproto_of_name(const char *name);

/* Name of an EtherType ("LLDP"), NULL when it has none here. Source: IEEE 802 numbers. */
const char *flow_ethertype_name(uint16_t ethertype);

/* Name of a class: "TCP", ..., "other IP", "ARP", "not IP", "mixed". */
const char *flow_class_name(enum flow_class class);

/*
 * One sentence without an end mark that says what a sum holds, e.g. "EtherType 0x88cc LLDP",
 * "802.2 LLC DSAP 0x42 STP", "IPv4 cut short", "flow map full: UDP", "over --max-flows: TCP". Writes at most
 * `size` bytes with the end; returns `text`.
 */
char *flow_sum_text(const struct flow_key *key, char *text, size_t size);

/* Address of one end, IPv4 dotted, IPv6 as RFC 5952; empty for a sum. Returns `text`. */
char *flow_address_text(const struct flow_key *key, const uint8_t address[16], char *text,
			size_t size);

/*
 * Names of protocol details, numbers in decimal (GRE: hexadecimal) where there is none:
 * "echo-request", "request", "Hello", "IPv4". They write at most `size` bytes; return `text`.
 */
char *flow_icmp_text(const struct flow_key *key, char *text, size_t size);
char *flow_arp_text(uint16_t operation, char *text, size_t size);
char *flow_ospf_text(uint16_t type, char *text, size_t size);
char *flow_gre_text(uint16_t protocol, char *text, size_t size);

/*
 * The protocols over IP: one table of what is known of each. Names in the tables, JSON and the filter,
 * whether there are ports, and what the numbers in their place are all come from it. Constant; any
 * thread.
 */

/* What sport and dport of a flow are. Source: flow_parse.h, which fills them. */
enum flow_numbers {
	FLOW_NUMBERS_NONE, /* both 0 */
	FLOW_NUMBERS_PORTS,
	FLOW_NUMBERS_ICMP, /* type and code */
	FLOW_NUMBERS_SPI,  /* its upper and lower half */
	FLOW_NUMBERS_GRE,  /* EtherType of what is inside, and flags */
	FLOW_NUMBERS_OSPF, /* type and version */
	FLOW_NUMBERS_ARP,  /* operation, and 0 */
};

struct flow_protocol {
	const char *name;    /* NULL: IANA has not given one */
	const char *keyword; /* of the filter; NULL: none */
	const char
		*aliases; /* that a filter takes after "proto", with blanks between; NULL: none */
	enum flow_numbers numbers;
};

extern const struct flow_protocol flow_protocols[256];

/* The same of a flow; FLOW_NUMBERS_NONE for a sum. */
enum flow_numbers flow_key_numbers(const struct flow_key *key);

/* The two ends of a flow as the tables show them. Pure; any thread. */

/* Room for the longest text, its end included. */
#define ENDPOINT_TEXT_MAX 128

/*
 * Source of a flow with what tells it apart: "10.0.0.4:51234", "[2001:db8::7]:443",
 * "192.0.2.1 echo-request", "10.0.0.1 spi 0x00001234", "10.0.0.1 request" (ARP). For a sum, what it
 * holds. Writes at most `size` bytes with the end; returns `text`.
 */
char *endpoint_source(const struct flow_key *key, char *text, size_t size);
/* Destination: address and port, or just the address; empty for a sum. */
char *endpoint_destination(const struct flow_key *key, char *text, size_t size);
/* The same with a host name, safe to print, in place of the address; not for sums. */
char *endpoint_source_named(const struct flow_key *key, const char *name, char *text, size_t size);
char *endpoint_destination_named(const struct flow_key *key, const char *name, char *text,
				 size_t size);
/* Room for two ends with ports. */
#define ENDPOINTS_TEXT_MAX 128
/* Both ends of a flow that has ports, with the end of a line between: to be searched. Returns `text`. */
char *endpoints_with_ports(const struct flow_key *key, char text[ENDPOINTS_TEXT_MAX]);

#endif
