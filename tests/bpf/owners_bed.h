/* SPDX-License-Identifier: MIT */
/*
 * Owners looked up for flows that a test makes up from the names of sockets: a ring, a table and
 * the thread between them. One thread.
 */
#ifndef PKTSTAT_OWNERS_BED_H
#define PKTSTAT_OWNERS_BED_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

#include "owners.h"
#include "ring.h"

struct owners_bed {
	struct ring *ring;
	struct owner_table *table;
	struct owners *owners;
	struct flow_table *flows;
	uint64_t seq;
};

/* The state is a struct owners_options before, and a struct owners_bed between the two. */
int owners_bed_set_up(void **state);
int owners_bed_tear_down(void **state);

/* The next snapshot, with all flows there are. */
void owners_bed_publish(struct owners_bed *bed);
/* Adds the flow from one end to the other, as seen in that direction; its place. */
uint32_t owners_bed_add(struct owners_bed *bed, uint8_t protocol, const struct sockaddr_in6 *from,
			const struct sockaddr_in6 *to, enum flow_dir dir);
/* Waits until the flow has an owner, for as long as there may be one; NULL: nobody. */
const struct owner *owners_bed_owner(struct owners_bed *bed, uint32_t flow);
void owners_bed_expect(struct owners_bed *bed, uint32_t flow, pid_t pid);

#endif
