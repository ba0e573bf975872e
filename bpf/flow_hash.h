/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Where a flow is counted: the hash that chooses its bucket, and its first slot there. Pure
 * functions, compiled for the kernel and natively.
 */
#ifndef PKTSTAT_FLOW_HASH_H
#define PKTSTAT_FLOW_HASH_H

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

/*
 * Hash of a flow, to be used from its top bits on. Sums of products of keyed halves (NH, of Black et
 * al., UMAC, 1999) make two flows equal with a probability of at most 2^-31 over the seeds; the
 * multiplication by a random odd number (Dietzfelbinger et al., 1997) gives two different sums the
 * same `bits` top bits with at most 2 * 2^-bits. So nobody who does not know the seeds can choose
 * flows that meet in one bucket. IPv4 has two words that are 0.
 */
static __always_inline __u64 flow_hash(const struct flow_key *key,
				       const volatile __u64 seed[FLOW_SEEDS])
{
	__u64 hash = flow_hash_word(key->word[1], seed[1]) + flow_hash_word(key->word[3], seed[3]) +
		     flow_hash_word(key->word[4], seed[4]);

	if (key->word[0] | key->word[2])
		hash += flow_hash_word(key->word[0], seed[0]) +
			flow_hash_word(key->word[2], seed[2]);
	return hash * seed[FLOW_SEEDS - 1];
}

/* Where in its bucket a flow is looked for first. */
static __always_inline __u32 flow_first_slot(__u64 hash)
{
	return hash >> 30 & (FLOW_BUCKET - 1);
}

#endif
