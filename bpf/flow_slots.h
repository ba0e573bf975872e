/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Slots: how a flow and its counts lie in the memory of a front or a table. A cache line is a pair of
 * slots. Each has room for an IPv4 flow, which has a key of two words; any other flow takes the
 * whole pair. So twice as many flows of IPv4 are in the processor's caches, and both slots where a
 * flow is looked for first are in one line.
 *
 * What a pair is follows from its second slot alone: `mark` in a wide one. Neither kind of flow can be
 * taken for the other: only a flow of IPv4 has the EtherType of IPv4 in `last`, and the mark has not.
 *
 * Pure functions, compiled for the kernel and natively.
 */
#ifndef PKTSTAT_FLOW_SLOTS_H
#define PKTSTAT_FLOW_SLOTS_H

#include <linux/if_ether.h>
#include <linux/types.h>

#include "flow_abi.h"
#include "flow_hash.h"

/* No key has this for its last word. */
#define FLOW_WIDE_MARK (~0ULL)

/* Both addresses of a flow of IPv4, or of a sum, which has none. */
static __always_inline __u64 flow_addresses(const struct flow_key *key)
{
	return FLOW_HASH_IPV4(key->word[1]) << 32 | FLOW_HASH_IPV4(key->word[3]);
}

static __always_inline int flow_is_narrow(__u64 last)
{
	return FLOW_HASH_ETHERTYPE(last) == ETH_P_IP;
}

static __always_inline int flow_is_wide_pair(const struct flow_pair *pair)
{
	return pair->wide.mark == FLOW_WIDE_MARK;
}

static __always_inline int flow_is_busy(__u64 packets)
{
	return !!(packets << (64 - FLOW_PACKETS_BITS));
}

static __always_inline int flow_slot_holds(const struct flow_slot *slot, __u64 addresses,
					   __u64 last)
{
	return !((slot->last ^ last) | (slot->addresses ^ addresses));
}

static __always_inline int flow_wide_holds(const struct flow_wide *wide, const struct flow_key *key)
{
	return !((wide->last ^ key->word[4]) | (wide->word1 ^ key->word[1]) |
		 (wide->word3 ^ key->word[3]) | (wide->word0 ^ key->word[0]) |
		 (wide->word2 ^ key->word[2]));
}

/* IPv4-mapped, as in flow_key. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FLOW_MAPPED(address) ((address) << 32 | 0xffff0000ULL)
#else
#define FLOW_MAPPED(address) ((address) | 0xffffULL << 32)
#endif

/* The key of the flow in a slot. A sum has no addresses (see struct flow_key). */
static __always_inline void flow_slot_key(const struct flow_slot *slot, struct flow_key *ret_key)
{
	ret_key->word[0] = 0;
	ret_key->word[1] = FLOW_MAPPED(slot->addresses >> 32);
	ret_key->word[2] = 0;
	ret_key->word[3] = FLOW_MAPPED(slot->addresses & 0xffffffffULL);
	ret_key->word[4] = slot->last;
	if (ret_key->ipproto == FLOW_PROTO_NONE && ret_key->sport) {
		ret_key->word[1] = 0;
		ret_key->word[3] = 0;
	}
}

static __always_inline void flow_wide_key(const struct flow_wide *wide, struct flow_key *ret_key)
{
	ret_key->word[0] = wide->word0;
	ret_key->word[1] = wide->word1;
	ret_key->word[2] = wide->word2;
	ret_key->word[3] = wide->word3;
	ret_key->word[4] = wide->last;
}

static __always_inline void flow_wide_set_key(struct flow_wide *wide, const struct flow_key *key)
{
	wide->word0 = key->word[0];
	wide->word1 = key->word[1];
	wide->word2 = key->word[2];
	wide->word3 = key->word[3];
	wide->last = key->word[4];
	wide->mark = FLOW_WIDE_MARK;
}

/* Makes two free slots of a pair. */
static __always_inline void flow_pair_clear(struct flow_pair *pair)
{
	pair->slot[0].last = 0;
	pair->slot[0].packets = 0;
	pair->slot[1].last = 0;
	pair->slot[1].packets = 0;
	pair->slot[1].bytes = 0;
}

#endif
