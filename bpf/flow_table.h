/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The slots of a CPU as a table: where a flow is found, where a new one is put, and what becomes of it
 * when its bucket is full. Only where one program runs at a time on a CPU (flow_count.h).
 */
#ifndef PKTSTAT_FLOW_TABLE_H
#define PKTSTAT_FLOW_TABLE_H

#include "flow_class.h"
#include "flow_hash.h"
#include "flow_maps.h"
#include "flow_slots.h"
#include "sample_abi.h"

static __always_inline void flow_counts_add_plain(struct flow_counts *sum,
						  const struct flow_counts *counts)
{
	sum->packets += counts->packets;
	sum->bytes += counts->bytes;
}

/* Tells the collector that this CPU's flow map or table fills. */
static __always_inline void flow_wake_collector(__u32 index)
{
	struct flow_wake wake = {.generation = index % FLOW_GENERATIONS,
				 .cpu = index / FLOW_GENERATIONS};

	if (flow_can_wake)
		bpf_ringbuf_output(&flow_wakes, &wake, sizeof(wake), 0);
}

/*
 * A flow takes so many slots more. When it begins to be likely that buckets are full, uses more of the
 * table, or asks user space for a larger one. Flows that are counted already get another slot, and
 * user space adds up both; the old ones lie in the first part of what is used now, which is therefore
 * made several times as large at once.
 */
static __always_inline void flow_use(struct flow_front *front, __u32 index, __u64 slots)
{
	__u64 used = front->used + slots;

	front->used = used;
	if (used < front->grow_at || used - slots >= front->grow_at)
		return;
	if (front->bits < front->bits_max) {
		front->bits += FLOW_GROW_BITS;
		if (front->bits > front->bits_max)
			front->bits = front->bits_max;
		front->used = 0;
		front->grow_at = front->bits < front->bits_max ? FLOW_GROW_AT(front->bits & 31)
							       : FLOW_WAKE_AT(front->bits & 31);
	} else {
		front->grow_at += front->grow_at / 2;
		flow_wake_collector(index);
	}
}

/*
 * Adds what stands in the front's `back` to its flow in this CPU's flow map; full: to the class's sum.
 * Not inlined and not static: the verifier looks at it once.
 */
__noinline int flow_write_back(__u32 index)
{
	struct flow_front *front = bpf_map_lookup_elem(&flow_fronts, &index);
	void *map = bpf_map_lookup_elem(&flow_maps, &index);
	struct flow_counts *counts = NULL, pending;
	const struct flow_key *key;

	if (!front)
		return 0;
	key = &front->back.key;
	pending.packets = front->back.packets;
	pending.bytes = front->back.bytes;
	if (map) {
		counts = bpf_map_lookup_elem(map, key);
		if (!counts && !bpf_map_update_elem(map, key, &pending, BPF_NOEXIST)) {
			front->inserts++;
			if (!(front->inserts & front->wake_mask))
				flow_wake_collector(index);
			flow_use(front, index, flow_is_narrow(key->word[4]) ? 1 : 2);
			return 0;
		}
	}
	if (!counts)
		counts = &front->full[key->where][flow_classify(key) & (FLOW_CLASSES - 1)];
	flow_counts_add_plain(counts, &pending);
	return 0;
}

static __always_inline void flow_count_in_map(struct flow_front *front, __u32 index,
					      const struct flow_key *key,
					      const struct flow_counts *counts)
{
	front->back.key = *key;
	front->back.packets = counts->packets;
	front->back.bytes = counts->bytes;
	flow_write_back(index);
}

/*
 * Where a flow of IPv4 of the bucket mostly is: in the slot where it is looked for first, or in the
 * other one of the pair if the ports and protocol in the first are others. No branch: which of the
 * two it is cannot be predicted.
 */
static __always_inline struct flow_slot *flow_likely_slot(struct flow_bucket *bucket, __u32 first,
							  __u64 last)
{
	struct flow_pair *pair = &bucket->pair[first / 2];
	__u64 other = pair->slot[first & 1].last ^ last;

	other = (first & 1) ^ (other | -other) >> 63;
	/* The compiler knows that this is small enough; the verifier of Linux 5.10 does not. */
	asm volatile("" : "+r"(other));
	return &pair->slot[other & 1];
}

/* The same for a flow that takes a pair: that pair, or the one beside it. */
static __always_inline struct flow_wide *flow_likely_wide(struct flow_bucket *bucket, __u32 first,
							  __u64 last)
{
	__u64 other = bucket->pair[first / 2].wide.last ^ last;

	other = (first / 2) ^ (other | -other) >> 63;
	asm volatile("" : "+r"(other));
	return &bucket->pair[other & (FLOW_PAIRS - 1)].wide;
}

static __always_inline struct flow_bucket *flow_front_bucket(struct flow_front *front, __u64 hash)
{
	__u64 front_bits = flow_front_bits;

	return &front->bucket[hash >> (64 + FLOW_BUCKET_BITS - front_bits)];
}

/* Of the table, where more slots are used than the front has. */
static __always_inline struct flow_bucket *flow_table_bucket(const struct flow_front *front,
							     void *table, __u64 hash)
{
	__u32 at = hash >> ((64 + FLOW_BUCKET_BITS - front->bits) & 63);

	return bpf_map_lookup_elem(table, &at);
}

/* A flow's bucket: in the table if more slots are used than the front has, else in the front. */
static __always_inline struct flow_bucket *flow_bucket_of(struct flow_front *front, __u32 index,
							  __u64 hash)
{
	void *table;

	if (front->bits <= flow_front_bits)
		return flow_front_bucket(front, hash);
	table = bpf_map_lookup_elem(&flow_tables, &index);
	return table ? flow_table_bucket(front, table, hash) : NULL;
}

/* What is written where a flow takes a slot: its first packet, and that its budget is not known. */
static __always_inline __u64 flow_first_packets(const struct flow_counts *counts)
{
	return counts->packets | (flow_inspect ? (__u64)SAMPLE_LEFT_NEW << SAMPLE_LEFT_SHIFT : 0);
}

/* Another packet of a flow; with a mark if it is the first one of the generation. */
static __always_inline __u64 flow_more_packets(__u64 packets, const struct flow_counts *counts)
{
	if (flow_inspect && !flow_is_busy(packets))
		packets |= (__u64)SAMPLE_LEFT_FIRST << SAMPLE_LEFT_SHIFT;
	return packets + counts->packets;
}

static __always_inline void flow_slot_take(struct flow_slot *slot, const struct flow_key *key,
					   const struct flow_counts *counts)
{
	slot->addresses = flow_addresses(key);
	slot->last = key->word[4];
	slot->packets = flow_first_packets(counts);
	slot->bytes = counts->bytes;
}

static __always_inline void flow_wide_take(struct flow_wide *wide, const struct flow_key *key,
					   const struct flow_counts *counts)
{
	flow_wide_set_key(wide, key);
	wide->packets = flow_first_packets(counts);
	wide->bytes = counts->bytes;
}

/*
 * The bucket is full. Mostly the flow map counts the newcomer and the slots stay with the flows they
 * have, so that flows seen once do not drive out busy ones; every few times the newcomer gets a slot.
 */
static __always_inline int flow_gets_slot(struct flow_front *front)
{
	return !(++front->misses & (FLOW_FRONT_PATIENCE - 1));
}

/* Hands what a pair has pending to the flow map. Not inlined: the verifier looks at it once. */
static __noinline int flow_pair_empty(struct flow_front *front, __u32 index, struct flow_pair *pair)
{
	struct flow_counts pending;
	struct flow_key key;
	int i;

	if (flow_is_wide_pair(pair)) {
		flow_wide_key(&pair->wide, &key);
		pending.packets = pair->wide.packets & FLOW_PACKETS_MASK;
		pending.bytes = pair->wide.bytes;
		flow_count_in_map(front, index, &key, &pending);
		flow_pair_clear(pair);
		return 0;
	}
	FLOW_NO_UNROLL
	for (i = 0; i < 2; i++) {
		struct flow_slot *slot = &pair->slot[i & 1];

		pending.packets = slot->packets & FLOW_PACKETS_MASK;
		pending.bytes = slot->bytes;
		if (!pending.packets)
			continue;
		flow_slot_key(slot, &key);
		flow_count_in_map(front, index, &key, &pending);
	}
	flow_pair_clear(pair);
	return 0;
}

/*
 * The flow of IPv4 is not in its likely slot. Slots are taken in the order in which they are looked at
 * and not freed before the generation ends, so the first free one ends the search. (A key that was
 * left there by the generation before the last may be found behind a free slot. Then the flow has
 * counts in two slots, which are added up.) `place`: index << FLOW_BUCKET_BITS | first, since a BPF
 * function takes at most five arguments. Returns what is its `packets` now, NULL when the flow map
 * counts the flow.
 */
static __noinline __u64 *flow_miss(struct flow_front *front, struct flow_bucket *bucket,
				   __u32 place, const struct flow_key *key,
				   const struct flow_counts *counts)
{
	__u32 i, index = place >> FLOW_BUCKET_BITS;
	__u64 addresses = flow_addresses(key);
	struct flow_slot *slot;
	struct flow_pair *pair;

	for (i = 0; i < FLOW_BUCKET; i++) {
		pair = &bucket->pair[(place ^ i) / 2 & (FLOW_PAIRS - 1)];
		slot = &pair->slot[(place ^ i) & 1];
		if (flow_is_wide_pair(pair)) {
			if (flow_is_busy(pair->wide.packets))
				continue;
			flow_pair_clear(pair);
		}
		if (!flow_is_busy(slot->packets)) {
			if (flow_slot_holds(slot, addresses, key->word[4])) {
				slot->packets = flow_more_packets(slot->packets, counts);
				slot->bytes = counts->bytes;
			} else {
				flow_slot_take(slot, key, counts);
			}
			flow_use(front, index, 1);
			return &slot->packets;
		}
		if (flow_slot_holds(slot, addresses, key->word[4])) {
			slot->packets += counts->packets;
			slot->bytes += counts->bytes;
			return &slot->packets;
		}
	}
	if (!flow_gets_slot(front)) {
		flow_count_in_map(front, index, key, counts);
		return NULL;
	}
	pair = &bucket->pair[place / 2 & (FLOW_PAIRS - 1)];
	flow_pair_empty(front, index, pair);
	slot = &pair->slot[place & 1];
	flow_slot_take(slot, key, counts);
	return &slot->packets;
}

/* The same for a flow that takes a pair. */
static __noinline __u64 *flow_miss_wide(struct flow_front *front, struct flow_bucket *bucket,
					__u32 place, const struct flow_key *key,
					const struct flow_counts *counts)
{
	__u32 i, index = place >> FLOW_BUCKET_BITS;
	struct flow_pair *pair;

	for (i = 0; i < FLOW_PAIRS; i++) {
		pair = &bucket->pair[(place / 2 ^ i) & (FLOW_PAIRS - 1)];
		if (!flow_is_busy(pair->wide.packets) &&
		    (flow_is_wide_pair(pair) || !flow_is_busy(pair->slot[1].packets))) {
			if (flow_is_wide_pair(pair) && flow_wide_holds(&pair->wide, key)) {
				pair->wide.packets = flow_more_packets(pair->wide.packets, counts);
				pair->wide.bytes = counts->bytes;
			} else {
				flow_wide_take(&pair->wide, key, counts);
			}
			flow_use(front, index, 2);
			return &pair->wide.packets;
		}
		if (flow_is_wide_pair(pair) && flow_wide_holds(&pair->wide, key)) {
			pair->wide.packets += counts->packets;
			pair->wide.bytes += counts->bytes;
			return &pair->wide.packets;
		}
	}
	if (!flow_gets_slot(front)) {
		flow_count_in_map(front, index, key, counts);
		return NULL;
	}
	pair = &bucket->pair[place / 2 & (FLOW_PAIRS - 1)];
	flow_pair_empty(front, index, pair);
	flow_wide_take(&pair->wide, key, counts);
	return &pair->wide.packets;
}

/*
 * Adds to the slot or pair where the flow mostly is. NULL when it is not there. `mark`, a constant:
 * whether the first packet of a generation is to be marked as such.
 */
static __always_inline __u64 *flow_hit(struct flow_bucket *bucket, __u32 first,
				       const struct flow_key *key, const struct flow_counts *counts,
				       int mark)
{
	struct flow_slot *slot;
	struct flow_wide *wide;

	if (flow_is_narrow(key->word[4])) {
		slot = flow_likely_slot(bucket, first, key->word[4]);
		if (!flow_slot_holds(slot, flow_addresses(key), key->word[4]))
			return NULL;
		slot->packets = mark ? flow_more_packets(slot->packets, counts)
				     : slot->packets + counts->packets;
		slot->bytes += counts->bytes;
		return &slot->packets;
	}
	wide = flow_likely_wide(bucket, first, key->word[4]);
	if (!flow_wide_holds(wide, key))
		return NULL;
	wide->packets =
		mark ? flow_more_packets(wide->packets, counts) : wide->packets + counts->packets;
	wide->bytes += counts->bytes;
	return &wide->packets;
}

/* Adds to the flow's slot where flow_hit() did not find it, or to the flow map: then NULL. */
static __always_inline __u64 *flow_table_add(struct flow_front *front, struct flow_bucket *bucket,
					     __u32 index, __u64 hash, const struct flow_key *key,
					     const struct flow_counts *counts)
{
	__u32 place = index << FLOW_BUCKET_BITS | flow_first_slot(hash);

	return flow_is_narrow(key->word[4]) ? flow_miss(front, bucket, place, key, counts)
					    : flow_miss_wide(front, bucket, place, key, counts);
}

#endif
