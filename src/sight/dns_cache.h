/* SPDX-License-Identifier: MIT */
/*
 * Which name an address was asked for by, and by whom: filled with answers that passed, so that a
 * flow that follows one can be named. All memory is allocated at the start; the answer that was not
 * used for longest is forgotten first. One owner, one thread.
 */
#ifndef PKTSTAT_DNS_CACHE_H
#define PKTSTAT_DNS_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "host_name.h"

#define DNS_CACHE_ENTRIES 16384
/* An answer holds for its time to live, but within these: programs use an address for longer than it
 * holds, and not all connect at once. */
#define DNS_CACHE_TTL_MIN_S 10
#define DNS_CACHE_TTL_MAX_S 3600

struct dns_cache;

/* An empty cache; 0 or -ENOMEM. */
int dns_cache_new(struct dns_cache **ret_cache);
void dns_cache_free(struct dns_cache *cache);

/*
 * `asker` was told that `address` belongs to `name`. The newest answer counts: for the asker, and for
 * any other host without an answer of its own, since a resolver on the machine or in the network asks
 * for others.
 */
void dns_cache_put(struct dns_cache *cache, const uint8_t asker[16], const uint8_t address[16],
		   const char *name, uint32_t ttl_s, uint64_t now_ns);

/* The name by which `asker` knows the address, until the next put; NULL: none that still holds. */
const char *dns_cache_get(struct dns_cache *cache, const uint8_t asker[16],
			  const uint8_t address[16], uint64_t now_ns);

/* Answers held. */
size_t dns_cache_count(const struct dns_cache *cache);

#endif
