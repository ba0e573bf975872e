/* SPDX-License-Identifier: MIT */
/*
 * Sockets that a test makes up, flows between their ends, and the owners that join.h finds; with the
 * addresses of three namespaces in place of addresses.c. One thread.
 */
#ifndef PKTSTAT_JOIN_BED_H
#define PKTSTAT_JOIN_BED_H

#include <stdint.h>

#include "join.h"

#define HOME	  100
#define CONTAINER 200
#define OTHER	  300
#define S	  1000000000ULL

/* 10.0.0.1 is the host's, 10.0.0.2 the container's, 10.0.0.3 another one's; 10.0.9.x are foreign. */
#define HOST   "\x0a\0\0\x01"
#define INSIDE "\x0a\0\0\x02"
#define THIRD  "\x0a\0\0\x03"
#define FAR    "\x0a\0\x09\x01"
#define FAR2   "\x0a\0\x09\x02"
#define ANY    "\0\0\0\0"
#define GROUP  "\xe0\0\0\xfb"
/* The address that nobody can tell the place of. */
#define HIDDEN "\x0a\0\0\x07"
/* One that a namespace may have that cannot be seen. */
#define UNSEEN "\x0a\0\0\x08"

/* The interface that all flows are counted on. */
#define DEVICE 5

/* What join_bed_join() returns where it is no pid. */
#define UNKNOWN	  0
#define KERNEL	  (-1)
#define FORWARDED (-2)
#define DOUBTFUL  (-3)

/* A socket of the own namespace, TCP, and open, unless it says otherwise. */
struct made {
	uint32_t pid, netns;
	uint8_t protocol;
	const char *local, *remote;
	uint16_t local_port, remote_port;
	uint64_t start_ns, inode, closed_ns;
	uint32_t device;
	uint8_t flags;
};

/* The state is a struct sockets. */
int join_bed_set_up(void **state);
int join_bed_tear_down(void **state);

void join_bed_ipv4(uint8_t to[16], const char *bytes);
void join_bed_add(struct sockets *sockets, struct made made);
struct flow_key join_bed_flow(uint8_t protocol, const char *src, uint16_t sport, const char *dst,
			      uint16_t dport, enum flow_dir dir);
/* Whose it is: a pid, or what stands above; of a flow that may have begun at any time. */
int join_bed_join(struct sockets *sockets, struct flow_key key);
int join_bed_since(struct sockets *sockets, struct flow_key key, uint64_t begin_ns);

#endif
