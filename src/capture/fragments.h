/* SPDX-License-Identifier: MIT */
/*
 * The ports of first fragments, for the later ones of the same datagram: at most so many datagrams,
 * the oldest making room. One thread; lives in its counter.
 */
#ifndef PKTSTAT_FRAGMENTS_H
#define PKTSTAT_FRAGMENTS_H

#include <stdint.h>

#include "captured.h"
#include "hash_index.h"

#define FRAGMENTS_MAX 16384

struct fragment_entry {
	struct fragment_key key;
	uint32_t hash;
	uint16_t sport, dport;
	uint8_t ipproto;
	int64_t seen_ns;
};

struct fragments {
	struct hash_index index;
	struct fragment_entry *entry; /* FRAGMENTS_MAX, used in a circle; NULL: none seen yet */
	uint32_t next, count;
};

/* A zeroed one is empty. Safe to call twice. */
void fragments_done(struct fragments *fragments);

/*
 * A fragment seen at `now_ns`: a first one leaves the ports of `key` behind, a later one takes them,
 * if they are at most FLOW_FRAGMENT_MAX_AGE_S old (RFC 8200, section 4.5). Without memory later ones
 * have no ports.
 */
void fragments_join(struct fragments *fragments, enum fragment_part part,
		    const struct fragment_key *fragment, int64_t now_ns, struct flow_key *key);

#endif
