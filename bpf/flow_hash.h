/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Where a flow is counted: the hash that chooses its bucket, and its first slot there. Pure
 * functions, compiled for the kernel and natively.
 */
#ifndef PKTSTAT_FLOW_HASH_H
#define PKTSTAT_FLOW_HASH_H

#include <linux/if_ether.h>

#include "flow_abi.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* One word of the hash: the product of its halves, after a random number was added. */
static __always_inline __u64 flow_hash_word(__u64 word, __u64 seed)
{
	word += seed;
	return (word & 0xffffffffULL) * (word >> 32);
}

/* Parts of a key's words, which lie in memory as its fields do. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FLOW_HASH_ETHERTYPE(word4) ((word4) >> 32 & 0xffff)
#define FLOW_HASH_IPV4(word)	   ((word) >> 32)
#else
#define FLOW_HASH_ETHERTYPE(word4) ((word4) >> 16 & 0xffff)
#define FLOW_HASH_IPV4(word)	   ((word)&0xffffffffULL)
#endif

/* flow_hash() of a flow of IPv4: both addresses as one word, source in the upper half. */
static __always_inline __u64 flow_hash_narrow(__u64 addresses, __u64 last,
					      const volatile __u64 seed[FLOW_SEEDS])
{
	return (flow_hash_word(addresses, seed[1]) + flow_hash_word(last, seed[4])) *
	       seed[FLOW_SEEDS - 1];
}

/*
 * Hash of a flow, to be used from its top bits on. Sums of products of keyed halves (NH, of Black et
 * al., UMAC, 1999) make two flows equal with a probability of at most 2^-31 over the seeds; the
 * multiplication by a random odd number (Dietzfelbinger et al., 1997) gives two different sums the
 * same `bits` top bits with at most 2 * 2^-bits. So nobody who does not know the seeds can choose
 * flows that meet in one bucket. Two IPv4 addresses make one word.
 */
static __always_inline __u64 flow_hash(const struct flow_key *key,
				       const volatile __u64 seed[FLOW_SEEDS])
{
	__u64 hash;

	if (FLOW_HASH_ETHERTYPE(key->word[4]) == ETH_P_IP)
		return flow_hash_narrow(FLOW_HASH_IPV4(key->word[1]) << 32 |
						FLOW_HASH_IPV4(key->word[3]),
					key->word[4], seed);
	hash = flow_hash_word(key->word[0], seed[0]) + flow_hash_word(key->word[1], seed[1]) +
	       flow_hash_word(key->word[2], seed[2]) + flow_hash_word(key->word[3], seed[3]) +
	       flow_hash_word(key->word[4], seed[4]);
	return hash * seed[FLOW_SEEDS - 1];
}

/* Which slot of its bucket a flow is looked for first; one that takes a pair, in the pair of it. */
static __always_inline __u32 flow_first_slot(__u64 hash)
{
	return hash >> 30 & (FLOW_BUCKET - 1);
}

#endif
