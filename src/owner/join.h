/* SPDX-License-Identifier: MIT */
/*
 * The rule that says which socket a flow belongs to. Pure over its arguments: what is not certain
 * is not known.
 *
 * A packet that goes out was sent by its source, one that comes in is for its destination: that is
 * the flow's natural end. In this order, the first that holds:
 *   1. a socket of the watched interfaces' own namespace with just these two ends
 *   2. a listening or unconnected socket there at the natural end, if that is an address of the
 *      namespace or a multicast one: bound to the address, else to any
 *   3. a socket of exactly one other namespace whose own end is the flow's other end: what comes in
 *      at a container's port was sent by the container
 *   4. one of exactly one other namespace at the natural end
 *   5. listening or unconnected ones of exactly one other namespace that has the address, as in 3,
 *      then as in 4
 * Then what the kernel itself does, what is only passing through, and what nobody knows.
 */
#ifndef PKTSTAT_JOIN_H
#define PKTSTAT_JOIN_H

#include <stdint.h>

#include "addresses.h"
#include "flow_abi.h"
#include "sockets.h"

enum join_result {
	JOIN_UNKNOWN,
	JOIN_SOCKET, /* *ret_socket is its */
	JOIN_KERNEL,
	JOIN_FORWARDED,
};

struct join_view {
	const struct sockets *sockets;
	struct addresses *addresses; /* reads what it has not read yet */
	uint32_t home;		     /* inode of the namespace of the watched interfaces */
};

/*
 * `begin_ns` (CLOCK_MONOTONIC) is when the flow may have begun: a socket closed well before it is
 * not its.
 */
enum join_result join_flow(const struct join_view *view, const struct flow_key *key,
			   uint64_t begin_ns, const struct owner_socket **ret_socket);

#endif
