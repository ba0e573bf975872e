/* SPDX-License-Identifier: MIT */
/*
 * The golden frames: every kind of frame the counting rules speak of, and the flow key and counts
 * each must get. Written from the rules (flow_abi.h and the README), not from the parser. Used by
 * the parser's unit test, the tests on the real programs, the fuzzer's corpus and the replayed
 * capture. Constant data; any thread.
 */
#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>

#include "flow_abi.h"
#include "packet.h"

enum capture_kind { CAPTURE_SUM, CAPTURE_IPV4, CAPTURE_IPV6, CAPTURE_ARP };

struct capture {
	const char *name;
	const char *words; /* see packet.h */
	struct capture_want {
		enum capture_kind kind;
		__u16 ethertype; /* sums */
		__u8 ipproto;
		__u16 sport; /* sums: enum flow_sum */
		__u16 dport;
	} want;
	bool same; /* the same addresses as the frame before, which must come first */
	/* Super-packets only: what the kernel says of it, and what was on the wire. */
	__u16 gso_size;
	__u64 packets, bytes;
};

size_t capture_count(void);
const struct capture *capture_get(size_t i);
/*
 * Builds frame `i` and the key (interface slot 0, direction in) and counts it must get. 0, or what
 * packet_build() fails with.
 */
int capture_build(size_t i, struct packet *packet, struct flow_key *ret_key,
		  struct flow_counts *ret_counts);

#endif
