/* SPDX-License-Identifier: MIT */
/* What a parsed filter looks like; for filter*.c only. */
#ifndef PKTSTAT_FILTER_PRIVATE_H
#define PKTSTAT_FILTER_PRIVATE_H

#include "filter.h"

#define FILTER_NODES_MAX 128
#define FILTER_DEPTH_MAX 32
#define FILTER_WORD_MAX	 64

enum filter_test {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_DIR,
	FILTER_ETHERTYPE,
	FILTER_OTHER_ETHERTYPE, /* neither IP nor ARP: a sum by EtherType */
	FILTER_IPPROTO,
	FILTER_SUM, /* any row that is a sum */
	FILTER_NET,
	FILTER_PORT,
	FILTER_HOST_NAME, /* the whole host name */
	FILTER_COMPARE,
	FILTER_PID,
	FILTER_UID,
	FILTER_UID_NAME, /* the whole name of the user */
	FILTER_COMM,
	FILTER_EXE,
	FILTER_USER,
	FILTER_CGROUP,	  /* path, unit or container */
	FILTER_CONTAINER, /* unit or container; of a container also its path */
	FILTER_NAME,	  /* in the host name of either end */
	FILTER_IFACE,
	FILTER_WORD,
};

enum filter_side {
	FILTER_SRC = 1,
	FILTER_DST = 2,
	FILTER_EITHER = 3,
	FILTER_BOTH = 4,
};

enum filter_field {
	FILTER_BPS,
	FILTER_PPS,
	FILTER_PACKETS,
	FILTER_BYTES,
};

/* Bits of a comparison that are true. */
enum filter_relation {
	FILTER_LESS = 1,
	FILTER_EQUAL = 2,
	FILTER_GREATER = 4,
};

struct filter_node {
	enum filter_test test;
	unsigned int left, right; /* nodes, for AND, OR, NOT (left only) */
	enum filter_side side;
	enum filter_field field;
	unsigned int relation;
	double value;
	uint32_t first, last; /* numbers: direction, EtherType, protocol, ports */
	uint32_t ipproto;     /* of ports; 0: any */
	uint64_t address[2];  /* as in a flow key; bits that are not in `mask` are 0 */
	uint64_t mask[2];
	bool ipv6;
	char word[FILTER_WORD_MAX]; /* lower case */
};

struct filter {
	unsigned int root;
	unsigned int count;
	bool uses_counts;
	bool uses_owners;
	bool uses_names;
	struct filter_node node[FILTER_NODES_MAX];
};

#endif
