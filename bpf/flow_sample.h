/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The sampler: hands the first packets of a flow to whoever finds names in them. It looks at a packet
 * that was counted already, so whatever becomes of it here, no count is wrong.
 *
 * A busy flow pays for one comparison: its slot says that nothing is left. All else is in
 * flow_sample(), which is called for a few packets of each flow. `flow_inspect` is a constant: with
 * 0 the verifier removes all of this.
 *
 * The sieve tells flows apart by hash alone, and programs on several CPUs may change one cell at a
 * time: then a flow gets some packets more or less, and nothing else depends on it.
 */
#ifndef PKTSTAT_FLOW_SAMPLE_H
#define PKTSTAT_FLOW_SAMPLE_H

#include "flow_hash.h"
#include "flow_maps.h"
#include "flow_parse.h"
#include "flow_slots.h"
#include "sample_rule.h"

/*
 * Hands over a packet with room for so many bytes of payload, a constant: a power of two, or 0 where
 * there is none. `wake`: whether the reader is to be woken. It comes by itself, so that is needed only
 * when the ring fills.
 */
static __always_inline int flow_hand_over(struct __sk_buff *skb, const struct flow_key *key,
					  const struct flow_segment *segment, __u32 room,
					  __u64 wake)
{
	struct flow_sample *sample;
	__u64 size = segment->length < room ? segment->length : room;

	sample = bpf_ringbuf_reserve(&flow_samples, sizeof(*sample) + room, 0);
	if (!sample)
		return SAMPLE_REFUSED_FULL;
	sample->key = *key;
	/* Reading the clock takes as long as half of all this. */
	sample->mono_ns = segment->timed ? bpf_ktime_get_ns() : 0;
	sample->seq = segment->seq;
	sample->ack = segment->ack;
	sample->length = segment->length;
	sample->captured = size;
	sample->tcp_flags = segment->tcp_flags;
	sample->unused = 0;
	/* The verifier of Linux 6.12 must be shown that it is 1 to room bytes. */
	size--;
	asm volatile("" : "+r"(size));
	if (room && bpf_skb_load_bytes(skb, segment->offset, sample + 1, (size & (room - 1)) + 1)) {
		bpf_ringbuf_discard(sample, BPF_RB_NO_WAKEUP);
		return SAMPLE_REFUSED_UNREADABLE;
	}
	bpf_ringbuf_submit(sample, wake);
	return SAMPLE_REFUSALS;
}

/*
 * How to submit one of many records: waking the reader if the ring fills, but not again before it has
 * read something since. One that may take no more CPU time does not wait for it.
 */
static __always_inline __u64 flow_wake(struct flow_front *front)
{
	__u64 woken = bpf_ringbuf_query(&flow_samples, BPF_RB_CONS_POS) + 1;

	if (front->woken == woken ||
	    bpf_ringbuf_query(&flow_samples, BPF_RB_AVAIL_DATA) <= SAMPLE_RING_WAKE)
		return BPF_RB_NO_WAKEUP;
	front->woken = woken;
	return BPF_RB_FORCE_WAKEUP;
}

/* Hands a packet over unless enough were, and counts what becomes of it. */
static __always_inline void flow_offer(struct __sk_buff *skb, struct flow_front *front,
				       const struct flow_key *key,
				       const struct flow_segment *segment, __u32 limit)
{
	__u64 handed = front->handed, wake = BPF_RB_NO_WAKEUP;
	int refusal = SAMPLE_REFUSED_LIMIT;

	if (handed < limit) {
		if (!(handed & (SAMPLE_WAKE_EACH - 1)))
			wake = flow_wake(front);
		if (!segment->length)
			refusal = flow_hand_over(skb, key, segment, 0, wake);
		else if (segment->length <= SAMPLE_SMALL)
			refusal = flow_hand_over(skb, key, segment, SAMPLE_SMALL, wake);
		else
			refusal = flow_hand_over(skb, key, segment, SAMPLE_LARGE, wake);
	}
	if (refusal == SAMPLE_REFUSALS)
		__sync_fetch_and_add(&front->handed, 1);
	else
		__sync_fetch_and_add(&front->refused[refusal & 3], 1);
}

/* The same as flow_sample() for TCP, and for UDP but name services. */
static __always_inline void flow_sample_budgeted(struct __sk_buff *skb, struct flow_front *front,
						 const struct flow_key *key, __u64 transport,
						 __u64 *left)
{
	__u64 hash = flow_hash(key, flow_seed);
	__u32 place = FLOW_SIEVE_PLACE(hash), limit;
	__u64 *cell = bpf_map_lookup_elem(&flow_sieve, &place);
	struct flow_segment segment = {};
	int unreadable = 0;

	if (!cell)
		return;
	limit = flow_wants(skb, key, transport, cell, FLOW_SIEVE_TAG(hash), left, &segment,
			   &unreadable);
	if (unreadable)
		__sync_fetch_and_add(&front->refused[SAMPLE_REFUSED_UNREADABLE], 1);
	if (limit)
		flow_offer(skb, front, key, &segment, limit);
}

static __always_inline void flow_sample_any(struct __sk_buff *skb, struct flow_front *front,
					    const struct flow_key *key, __u64 transport,
					    __u64 *left)
{
	struct flow_segment segment = {};

	if (key->ipproto != IPPROTO_TCP && key->ipproto != IPPROTO_UDP) {
		*left = 0;
		return;
	}
	if (!(__u32)transport) /* a later fragment, or cut short */
		return;
	if (key->ipproto == IPPROTO_TCP ||
	    !(flow_is_name_port(key->sport) || flow_is_name_port(key->dport))) {
		flow_sample_budgeted(skb, front, key, transport, left);
		return;
	}
	*left = SAMPLE_LEFT_ALWAYS;
	if (flow_read_segment(skb, key, transport, &segment) && segment.length)
		flow_offer(skb, front, key, &segment, SAMPLE_LIMIT / 2);
}

/*
 * Looks at a packet of the flow in the front's `slow` that has so much of its budget left, and hands it
 * over if it is one of those that are wanted. Returns what is left then. Not inlined and not static:
 * busy flows do not pay for its registers, and the verifier looks at it once.
 */
__noinline int flow_sample(struct __sk_buff *skb, __u32 index, __u64 transport, __u32 budget)
{
	struct flow_front *front = bpf_map_lookup_elem(&flow_fronts, &index);
	__u64 left = budget;

	if (!front || !flow_inspect)
		return 0;
	flow_sample_any(skb, front, &front->slow.key, transport, &left);
	return left;
}

/*
 * The same where programs interrupt each other, which have no slots there: the sieve alone knows what
 * is left of a flow's budget, and a flow that shares its cell may lose some of it.
 */
static __noinline void flow_sample_preempted(struct __sk_buff *skb, struct flow_front *front,
					     const struct flow_key *key, __u64 transport,
					     int is_new)
{
	__u64 left = is_new ? SAMPLE_LEFT_NEW : 0;

	flow_sample_any(skb, front, key, transport, &left);
}

#endif
