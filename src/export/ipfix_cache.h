/* SPDX-License-Identifier: MIT */
/*
 * Flows that were counted and not exported yet: the cache of a Metering Process (RFC 7011). A flow
 * is in it from its first packet until the record is due: after the active timeout, after the idle
 * timeout without packets, or at the end. Bounded: what finds no room is added up by direction, so
 * that nothing counted is missing. Belongs to who makes it; one thread.
 */
#ifndef PKTSTAT_IPFIX_CACHE_H
#define PKTSTAT_IPFIX_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "ipfix_message.h"
#include "row.h"

/* Flows that are kept apart: 80 bytes each. */
#define IPFIX_CACHE_FLOWS 262144

/* What was counted of a flow in an interval, or since its last record. */
struct ipfix_pending {
	struct flow_key key;
	struct flow_counts counts;
	uint32_t start_ms, end_ms; /* since counting began; differences stay right over 49 days */
	uint32_t ifindex;	   /* another one is another flow */
	uint32_t link_header;	   /* bytes of each packet that are no IP octets */
	struct flow_about about;   /* what was known last */
};

struct ipfix_cache;

/* For at most `flows` flows; takes memory as they come. 0 or -ENOMEM. */
int ipfix_cache_new(size_t flows, struct ipfix_cache **ret_cache);
void ipfix_cache_free(struct ipfix_cache *cache);

/* Adds what was counted of a flow in one interval. Never fails. */
void ipfix_cache_add(struct ipfix_cache *cache, const struct ipfix_pending *counted);
/* The same of packets of which only the direction and time are known; the key says the direction. */
void ipfix_cache_add_rest(struct ipfix_cache *cache, const struct ipfix_pending *counted);

/* Takes over what is known by now of a flow of which nothing new was counted, if the flow is in it. */
void ipfix_cache_tell(struct ipfix_cache *cache, const struct ipfix_pending *known);

/* Takes one record that is due; `is_rest`: of flows that found no room. A negative errno stops. */
typedef int ipfix_cache_give(void *context, const struct ipfix_pending *pending,
			     enum ipfix_end_reason reason, bool is_rest);
/*
 * Gives away what is due at `now_ms` (since counting began): with `all`, everything. 0, or what
 * `give` returned: that record and the remaining ones stay. Timeouts are in ms.
 */
int ipfix_cache_expire(struct ipfix_cache *cache, uint32_t now_ms, uint32_t active_ms,
		       uint32_t idle_ms, bool all, ipfix_cache_give *give, void *context);

/* Flows in it. */
size_t ipfix_cache_count(const struct ipfix_cache *cache);

#endif
