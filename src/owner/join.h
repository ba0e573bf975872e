/* SPDX-License-Identifier: MIT */
/*
 * The rule that says which socket a flow belongs to. Pure; a result that is not certain is
 * unknown.
 *
 * A packet that goes out was sent by its source, one that comes in is for its destination: that is
 * the flow's natural end. First the end is chosen, then its socket is looked for, and at no other:
 *   1. the natural end, if that is an address of the watched interfaces' own namespace: a socket
 *      there with just these two ends, else a listening or unconnected one, bound to the address,
 *      else to any
 *   2. a socket of the own namespace with just these two ends, though the address is not its own
 *      (a transparent proxy), or one for the multicast group
 *   3. the flow's other end, if exactly one other namespace has it: what comes in at a container's
 *      port was sent by the container
 *   4. the natural end, if exactly one other namespace has it
 * In 3 and 4 a socket with just these two ends also says where the end is. A namespace with
 * unreadable addresses may have any address: then a socket without a peer names no owner. What
 * remains belongs to the kernel, is forwarded, or is unknown.
 *
 * A named process had the socket. A flow that fits sockets in two namespaces or two processes, or
 * a socket without a known process, is unknown.
 */
#ifndef PKTSTAT_JOIN_H
#define PKTSTAT_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "addresses.h"
#include "flow_abi.h"
#include "sockets.h"

enum join_result {
	JOIN_UNKNOWN,
	JOIN_DOUBTFUL, /* not known, and never will be: later looks would see less of the doubt */
	JOIN_SOCKET, /* *ret_socket is its */
	JOIN_KERNEL,
	JOIN_FORWARDED,
};

struct join_view {
	const struct sockets *sockets;
	struct addresses *addresses; /* reads what it has not read yet */
	uint64_t walk_ns; /* CLOCK_MONOTONIC, when the walk over the sockets began */
	uint32_t home; /* inode of the namespace of the watched interfaces; 0: not known */
};

/* What is known of a flow beside its key. */
struct join_flow {
	/* CLOCK_MONOTONIC, when it may have begun: a socket closed well before is not its. */
	uint64_t begin_ns;
	uint32_t device; /* index of the interface it was counted on; 0: not known */
};

enum join_result join_flow(const struct join_view *view, const struct flow_key *key,
			   const struct join_flow *flow, const struct owner_socket **ret_socket);

/*
 * The connection of such a socket may be another process's next: it waits to be accepted, or a
 * server that has accepted it may start a process for it.
 */
bool join_may_be_handed_on(const struct join_view *view, const struct owner_socket *socket);

#endif
