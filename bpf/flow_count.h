/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Counting: parse the frame, find the slot of its flow in this CPU's front or flow table, add. That
 * is one comparison and two additions, and with many flows one cache miss. A flow without a slot
 * takes the first free one of its bucket; where none is free, the flow map counts it.
 *
 * Ordinary kernels run one of these programs at a time on a CPU, so a CPU's memory needs no atomic
 * operations:
 * - Both hooks run with soft interrupts off: ingress in a soft interrupt or on behalf of one
 *   (threaded NAPI, tun), egress between rcu_read_lock_bh() and its end in __dev_queue_xmit(). So
 *   neither runs inside the other, and neither is preempted.
 * - A hard interrupt or NMI runs neither: netif_rx() there only queues, and netpoll hands frames
 *   to the driver beside the hook, through stacked devices too.
 * - What a program starts runs after it: these programs send nothing, and a redirect or a tunnel's
 *   transmission begins when the program before it has returned.
 *
 * PREEMPT_RT differs: since Linux 6.18, code with soft interrupts off can be preempted by other such
 * code on the same CPU, in any order, not only like nested calls. There flow_preempted is set, and
 * no program relies on being alone:
 * - Sums are added to by atomic additions.
 * - The front is not used: finding, moving and adding in it are several steps. Flows are counted in
 *   the flow map: its elements stay where they are until the generation has ended, of two programs
 *   that insert a flow one gets -EEXIST and finds the other's element, and the kernel's own locks
 *   do the rest.
 * - Unusual frames are parsed in a copy of flow_scratch that the program has to itself.
 * A generation is quiet as on ordinary kernels: a preempted program is still in its RCU read-side
 * section, and swapping waits for that. All of this is one branch on a constant, so on other kernels
 * the verifier removes it.
 */
#ifndef PKTSTAT_FLOW_COUNT_H
#define PKTSTAT_FLOW_COUNT_H

#include "flow_hash.h"
#include "flow_maps.h"
#include "flow_link.h"
#include "flow_parse.h"
#include "flow_gso.h"
#include "flow_sample.h"

/* Bytes made readable in turn when the headers are not: the usual ones, then any at all. */
#define FLOW_PULL_FIRST 256
#define FLOW_PULL_LAST	32768

/* How a frame is read; `link` and `preempted` are constants to the compiler where that matters. */
struct flow_way {
	enum flow_link link;
	int preempted;
	__u8 where;
	__u64 before; /* flow_link_before() */
};

static __always_inline void flow_counts_add_plain(struct flow_counts *sum,
						  const struct flow_counts *counts)
{
	sum->packets += counts->packets;
	sum->bytes += counts->bytes;
}

/* The same where programs interrupt each other. */
static __always_inline void flow_counts_add_atomic(struct flow_counts *sum,
						   const struct flow_counts *counts)
{
	__sync_fetch_and_add(&sum->packets, counts->packets);
	__sync_fetch_and_add(&sum->bytes, counts->bytes);
}

static __always_inline enum flow_class flow_classify(const struct flow_key *key)
{
	if (key->ethertype == ETH_P_ARP)
		return FLOW_CLASS_ARP;
	if (key->ethertype != ETH_P_IP && key->ethertype != ETH_P_IPV6)
		return FLOW_CLASS_NONIP;
	switch (key->ipproto) {
	case IPPROTO_TCP: return FLOW_CLASS_TCP;
	case IPPROTO_UDP: return FLOW_CLASS_UDP;
	case IPPROTO_ICMP: return FLOW_CLASS_ICMPV4;
	case IPPROTO_ICMPV6: return FLOW_CLASS_ICMPV6;
	default: return FLOW_CLASS_IP;
	}
}

/* What flow_parse_any() wants. A packet socket can send without a protocol. */
static __always_inline __u16 flow_ethertype(const struct __sk_buff *skb, enum flow_link link)
{
	__u16 ethertype;

	if (link == FLOW_LINK_ETHERNET)
		return 0;
	ethertype = bpf_ntohs(skb->protocol);
	return ethertype ? ethertype : FLOW_ETH_P_UNSAID;
}

/* A first fragment leaves its ports behind; a later one takes them. */
static __always_inline void flow_join_fragments(struct flow_packet *pkt, __u8 where)
{
	struct flow_fragment_value first = {}, *found;
	struct flow_fragment_key key;

	key.address[0] = pkt->address[0];
	key.address[1] = pkt->address[1];
	key.address[2] = pkt->address[2];
	key.address[3] = pkt->address[3];
	key.id = pkt->fragment_id;
	key.ethertype = pkt->ethertype;
	key.proto = pkt->fragment_proto;
	key.where = where;
	if (pkt->fragment == FLOW_FRAGMENT_FIRST) {
		first.sport = pkt->sport;
		first.dport = pkt->dport;
		first.ipproto = pkt->ipproto;
		first.ticks = bpf_jiffies64();
		bpf_map_update_elem(&flow_fragments, &key, &first, BPF_ANY);
		return;
	}
	found = bpf_map_lookup_elem(&flow_fragments, &key);
	if (!found)
		return;
	first = *found;
	/* While this program was interrupted, others may have put another datagram there. */
	if (flow_preempted && bpf_map_lookup_elem(&flow_fragments, &key) != found)
		return;
	if (bpf_jiffies64() - first.ticks > flow_fragment_ticks)
		return;
	pkt->sport = first.sport;
	pkt->dport = first.dport;
	pkt->ipproto = first.ipproto;
}

/* With --no-arp all ARP is one row: left out of the flows, not out of the sums. */
static __always_inline void flow_fold_arp(struct flow_packet *pkt)
{
	pkt->address[1] = 0;
	pkt->address[3] = 0;
	flow_parse_as_sum(pkt, FLOW_SUM_ARP_OFF, 0);
}

/*
 * Reads a frame that is not the usual one, into a copy of this CPU's flow_scratch; when headers are
 * outside the linear part of the skb, pulls them in and parses again. Not inlined and not static, so
 * that the verifier looks at it once and busy flows do not pay for its registers.
 */
__noinline int flow_read_any(struct __sk_buff *skb, __u8 where, __u64 before, __u32 copy)
{
	struct flow_packet *pkt = bpf_map_lookup_elem(&flow_scratch, &copy);
	__u32 want = FLOW_PULL_FIRST;
	struct flow_frame frame = {.start = before};
	int i;

	if (!pkt)
		return 0;
	FLOW_NO_UNROLL
	for (i = 0; i < 3; i++) {
		frame.data = (void *)(long)skb->data;
		frame.end = (void *)(long)skb->data_end;
		flow_parse_any(&frame, flow_ethertype(skb, flow_link), skb->vlan_present, pkt);
		if (!pkt->cut || skb->data_end - skb->data >= skb->len)
			break;
		if (bpf_skb_pull_data(skb, want < skb->len ? want : skb->len))
			break;
		want = FLOW_PULL_LAST;
	}
	if (pkt->fragment != FLOW_FRAGMENT_NONE)
		flow_join_fragments(pkt, where);
	if (flow_no_arp && pkt->ethertype == ETH_P_ARP)
		flow_fold_arp(pkt);
	return 0;
}

/*
 * A frame as it lies in memory, without the `before` bytes of flow_link_before(): what it is on the
 * wire, unless it is a super-packet.
 */
static __always_inline struct flow_counts flow_frame_counts(struct __sk_buff *skb, __u64 before)
{
	struct flow_counts counts = {.packets = 1, .bytes = skb->len - before};

	if (skb->vlan_present)
		counts.bytes += VLAN_TAG;
	return counts;
}

/* The key of a frame that is not the usual one. False when there is no memory to parse it in. */
static __always_inline int flow_read_unusual(struct __sk_buff *skb, const struct flow_way *way,
					     struct flow_key *key, __u64 *transport, __u32 *jumbo)
{
	const struct flow_packet *pkt;
	__u32 copy = 0;

	if (way->preempted && bpf_map_pop_elem(&flow_copies, &copy))
		return 0;
	flow_read_any(skb, way->where, way->before, copy);
	pkt = bpf_map_lookup_elem(&flow_scratch, &copy);
	if (pkt) {
		*key = flow_packet_key(pkt);
		*transport = FLOW_TRANSPORT(pkt->transport, pkt->payload);
		*jumbo = pkt->jumbo;
	}
	if (way->preempted)
		bpf_map_push_elem(&flow_copies, &copy, BPF_ANY);
	return pkt != NULL;
}

/*
 * Key of a frame, where its transport header is (FLOW_TRANSPORT), and what a super-packet stands for
 * beyond the one frame. False when there is no memory to parse it in.
 */
static __always_inline int flow_read(struct __sk_buff *skb, const struct flow_way *way,
				     struct flow_key *key, __u64 *transport,
				     struct flow_counts *beyond)
{
	struct flow_frame frame = {.data = (void *)(long)skb->data,
				   .end = (void *)(long)skb->data_end,
				   .start = way->before};
	__u32 jumbo = 0;

	*transport = flow_parse_usual(&frame, flow_ethertype(skb, way->link), key);
	if (!*transport && !flow_read_unusual(skb, way, key, transport, &jumbo))
		return 0;
	key->word[4] = flow_last_word_at(key->word[4], way->where);
	beyond->packets = 0;
	beyond->bytes = 0;
	if (skb->gso_size)
		flow_gso_beyond(skb, *transport, key->ipproto, jumbo, way->before, beyond);
	return 1;
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
 * One more flow is counted. When so many are that they begin to find their buckets full, uses more of
 * the table, or asks user space for a larger one. Flows that are counted already get another slot,
 * and user space adds up both; the old ones lie in the first part of what is used now, which is
 * therefore made several times as large at once.
 */
static __always_inline void flow_use(struct flow_front *front, __u32 index)
{
	if (++front->used != front->grow_at)
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

/* Adds counts to a flow in this CPU's flow map; full: to the class's sum. */
static __always_inline void flow_write_back(struct flow_front *front, __u32 index,
					    const struct flow_key *key,
					    const struct flow_counts *pending)
{
	struct flow_counts *counts = NULL;
	void *map = bpf_map_lookup_elem(&flow_maps, &index);

	if (map) {
		counts = bpf_map_lookup_elem(map, key);
		if (!counts && !bpf_map_update_elem(map, key, pending, BPF_NOEXIST)) {
			front->inserts++;
			if (!(front->inserts & front->wake_mask))
				flow_wake_collector(index);
			flow_use(front, index);
			return;
		}
	}
	if (!counts)
		counts = &front->full[key->where][flow_classify(key) & (FLOW_CLASSES - 1)];
	flow_counts_add_plain(counts, pending);
}

static __always_inline int flow_slot_holds(const struct flow_slot *slot, const struct flow_key *key)
{
	return !((slot->key.word[4] ^ key->word[4]) | (slot->key.word[1] ^ key->word[1]) |
		 (slot->key.word[3] ^ key->word[3]) | (slot->key.word[0] ^ key->word[0]) |
		 (slot->key.word[2] ^ key->word[2]));
}

/*
 * Where a flow of the bucket mostly is: in the slot where it is looked for first, or in the one
 * beside it if the ports and protocol in the first are others. No branch: which of the two it is
 * cannot be predicted.
 */
static __always_inline struct flow_slot *flow_likely_slot(struct flow_bucket *bucket, __u32 first,
							  const struct flow_key *key)
{
	__u64 other = bucket->slot[first].key.word[4] ^ key->word[4];

	other = first ^ (other | -other) >> 63;
	/* The compiler knows that this is small enough; the verifier of Linux 5.10 does not. */
	asm volatile("" : "+r"(other));
	return &bucket->slot[other & (FLOW_BUCKET - 1)];
}

/* The flow's bucket; NULL when the table is not there. */
static __always_inline struct flow_bucket *flow_bucket_of(struct flow_front *front, __u32 index,
							  __u64 hash)
{
	__u64 bits = front->bits, front_bits = flow_front_bits;
	void *table;
	__u32 at;

	if (bits <= front_bits)
		return (struct flow_bucket *)&front
			->slot[hash >> (64 - front_bits) & ~(FLOW_BUCKET - 1ULL)];
	table = bpf_map_lookup_elem(&flow_tables, &index);
	if (!table)
		return NULL;
	at = hash >> ((64 + FLOW_BUCKET_BITS - bits) & 63);
	return bpf_map_lookup_elem(table, &at);
}

/*
 * The bucket is full. Mostly the flow map counts the newcomer and the slots stay with the flows they
 * have, so that flows seen once do not drive out busy ones; every few times the newcomer gets the
 * slot, and what the old flow had pending goes to the flow map instead.
 */
static __always_inline struct flow_slot *flow_overflow(struct flow_front *front,
						       struct flow_slot *slot, __u32 index,
						       const struct flow_key *key,
						       const struct flow_counts *counts)
{
	if (++front->misses & (FLOW_FRONT_PATIENCE - 1)) {
		flow_write_back(front, index, key, counts);
		return NULL;
	}
	flow_write_back(front, index, &slot->key, &slot->pending);
	slot->key = *key;
	slot->pending = *counts;
	slot->left = flow_inspect ? SAMPLE_LEFT_NEW : 0;
	return slot;
}

/*
 * The flow is not in its likely slot. Slots are taken in the order in which they are looked at and
 * not freed before the generation ends, so the first free one ends the search. (A key that was left
 * there by the generation before the last may be found behind a free slot. Then the flow has counts
 * in two slots, which are added up.) `place`: index << FLOW_BUCKET_BITS | first, since a BPF function
 * takes at most five arguments. Returns the slot, NULL when the flow map counts the flow.
 */
static __noinline struct flow_slot *flow_miss(struct flow_front *front, struct flow_bucket *bucket,
					      __u32 place, const struct flow_key *key,
					      const struct flow_counts *counts)
{
	__u32 i, index = place >> FLOW_BUCKET_BITS;
	struct flow_slot *slot;

	for (i = 0; i < FLOW_BUCKET; i++) {
		slot = &bucket->slot[(place ^ i) & (FLOW_BUCKET - 1)];
		if (!slot->pending.packets) {
			if (flow_inspect)
				slot->left = flow_slot_holds(slot, key)
						     ? slot->left | SAMPLE_LEFT_FIRST
						     : SAMPLE_LEFT_NEW;
			slot->key = *key;
			slot->pending = *counts;
			flow_use(front, index);
			return slot;
		}
		if (flow_slot_holds(slot, key)) {
			flow_counts_add_plain(&slot->pending, counts);
			return slot;
		}
	}
	slot = &bucket->slot[place & (FLOW_BUCKET - 1)];
	return flow_overflow(front, slot, index, key, counts);
}

/* The interface's slot in keys. */
static __always_inline __u32 flow_slot_of(const struct __sk_buff *skb)
{
	__u32 ifindex, i;

	if (!flow_shared)
		return flow_slot;
	ifindex = skb->ifindex;
	for (i = 0; i < FLOW_PLACE_PROBES; i++) {
		const struct flow_place *place = &flow_places[(ifindex + i) & (FLOW_PLACES - 1)];

		if (place->ifindex == ifindex)
			return place->slot;
	}
	return flow_slot; /* cannot be: it is filled before they are attached */
}

/* Counts a flow in this CPU's flow map while others may do the same. True if it is new there. */
static __always_inline int flow_tally(struct flow_front *front, __u32 index,
				      const struct flow_key *key, const struct flow_counts *counts)
{
	struct flow_counts *sum = NULL;
	void *map = bpf_map_lookup_elem(&flow_maps, &index);

	if (map) {
		sum = bpf_map_lookup_elem(map, key);
		if (!sum && !bpf_map_update_elem(map, key, counts, BPF_NOEXIST)) {
			__sync_fetch_and_add(&front->inserts, 1);
			if (!(front->inserts & front->wake_mask))
				flow_wake_collector(index);
			return 1;
		}
		if (!sum) /* an interrupting program was first, or the map is full */
			sum = bpf_map_lookup_elem(map, key);
	}
	if (!sum)
		sum = &front->full[key->where][flow_classify(key) & (FLOW_CLASSES - 1)];
	flow_counts_add_atomic(sum, counts);
	return 0;
}

/*
 * Samples a flow that has no slot: the sieve alone knows what is left of its budget, and a flow that
 * shares its cell may lose some of it.
 */
static __always_inline void flow_sample_unslotted(struct __sk_buff *skb, struct flow_front *front,
						  const struct flow_key *key, __u64 transport,
						  int is_new)
{
	__u64 left = is_new ? SAMPLE_LEFT_NEW : 0;

	flow_sample(skb, front, key, transport, &left);
}

/* flow_count_as() on kernels where programs interrupt each other. */
static __always_inline void flow_count_preempted(struct __sk_buff *skb, const struct flow_way *way,
						 struct flow_front *front, __u32 index)
{
	struct flow_counts counts = flow_frame_counts(skb, way->before), beyond;
	__u8 where = way->where;
	struct flow_key key;
	__u64 transport;
	int is_new;

	if (!flow_read(skb, way, &key, &transport, &beyond)) {
		flow_counts_add_atomic(&front->full[where][FLOW_CLASS_MIXED], &counts);
		flow_counts_add_atomic(&front->total[where], &counts);
		return;
	}
	flow_counts_add_plain(&counts, &beyond);
	flow_counts_add_atomic(&front->total[where], &counts);
	is_new = flow_tally(front, index, &key, &counts);
	if (flow_inspect)
		flow_sample_unslotted(skb, front, &key, transport, is_new);
}

/* Counts a flow in this CPU's slots, and looks at the packet if the slot asks for it. */
static __always_inline void flow_count_in_slot(struct __sk_buff *skb, struct flow_front *front,
					       __u32 index, const struct flow_key *key,
					       __u64 transport, const struct flow_counts *counts)
{
	__u64 hash = flow_hash(key, flow_seed), inserts = 0;
	struct flow_bucket *bucket = flow_bucket_of(front, index, hash);
	struct flow_slot *slot;
	__u32 first;

	if (!bucket) {
		flow_write_back(front, index, key, counts);
		return;
	}
	first = flow_first_slot(hash);
	slot = flow_likely_slot(bucket, first, key);
	if (flow_slot_holds(slot, key)) {
		if (flow_inspect && !slot->pending.packets)
			slot->left |= SAMPLE_LEFT_FIRST;
		flow_counts_add_plain(&slot->pending, counts);
	} else {
		if (flow_inspect)
			inserts = front->inserts;
		slot = flow_miss(front, bucket, index << FLOW_BUCKET_BITS | first, key, counts);
		if (flow_inspect && !slot)
			flow_sample_unslotted(skb, front, key, transport,
					      front->inserts != inserts);
	}
	if (flow_inspect && slot && slot->left)
		flow_sample(skb, front, key, transport, &slot->left);
}

static __always_inline void flow_count_as(struct __sk_buff *skb, enum flow_link link,
					  enum flow_dir dir)
{
	__u32 generation = *(volatile __u32 *)&flow_control.generation & (FLOW_GENERATIONS - 1);
	__u32 index = bpf_get_smp_processor_id() * FLOW_GENERATIONS + generation;
	struct flow_way way = {.link = link, .where = FLOW_WHERE(flow_slot_of(skb), dir)};
	struct flow_counts counts, beyond, *total;
	struct flow_front *front;
	struct flow_key key;
	__u64 transport;

	way.before = flow_link_before(skb, link, dir, way.where);
	front = bpf_map_lookup_elem(&flow_fronts, &index);
	if (!front)
		return;
	if (flow_preempted) {
		way.preempted = 1;
		flow_count_preempted(skb, &way, front, index);
		return;
	}
	counts = flow_frame_counts(skb, way.before);
	total = &front->total[way.where];
	total->packets += counts.packets;
	total->bytes += counts.bytes;
	if (!flow_read(skb, &way, &key, &transport, &beyond))
		return;
	if (beyond.packets) {
		flow_counts_add_plain(total, &beyond);
		flow_counts_add_plain(&counts, &beyond);
	}
	flow_count_in_slot(skb, front, index, &key, transport, &counts);
}

/*
 * Counts one frame that passes the hook. Never changes what happens to it. Twice the same lines, of
 * which the verifier leaves one: those for Ethernet are compiled without all that others need.
 */
static __always_inline void flow_count(struct __sk_buff *skb, enum flow_dir dir)
{
	if (flow_link == FLOW_LINK_ETHERNET)
		flow_count_as(skb, FLOW_LINK_ETHERNET, dir);
	else
		flow_count_as(skb, flow_link, dir);
}

#endif
