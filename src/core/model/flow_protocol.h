/* SPDX-License-Identifier: MIT */
/*
 * The protocols over IP: one table of what is known of each. Names in the tables, JSON and the filter,
 * whether there are ports, and what the numbers in their place are all come from it. Constant; any
 * thread.
 */
#ifndef PKTSTAT_FLOW_PROTOCOL_H
#define PKTSTAT_FLOW_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"

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

#endif
