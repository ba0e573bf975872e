/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Counting: parse the frame, find the slot of its flow in this CPU's front or flow table, add. That
 * is one comparison and two additions. A flow without a slot takes the first free one of its bucket;
 * where none is free, the flow map counts it. With many flows the slot is in no cache of the
 * processor; then it is fetched, and the packet counted with the next one (flow_count_in_table()).
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

#include "flow_maps.h"
#include "flow_link.h"
#include "flow_parse.h"
#include "flow_gso.h"
#include "flow_sample.h"
#include "flow_table.h"

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

/* The same where programs interrupt each other. */
static __always_inline void flow_counts_add_atomic(struct flow_counts *sum,
						   const struct flow_counts *counts)
{
	__sync_fetch_and_add(&sum->packets, counts->packets);
	__sync_fetch_and_add(&sum->bytes, counts->bytes);
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
		flow_sample_preempted(skb, front, &key, transport, is_new);
}

/* Where a packet is counted, and where its transport header is (FLOW_TRANSPORT). */
struct flow_spot {
	__u64 hash;
	__u64 transport;
	__u32 index;
	__u32 again; /* the packet begins a connection: what is left of the flow's budget is not */
};

/* The flow's cell of the known ones; NULL where there are none. */
static __always_inline __u64 *flow_known_cell(__u32 index, __u64 hash)
{
	__u32 cpu = index / FLOW_GENERATIONS;
	__u64 *cells = bpf_map_lookup_elem(&flow_knowns, &cpu);

	return cells ? &cells[hash >> (64 - flow_known_bits)] : NULL;
}

#define FLOW_KNOWN_TAG(hash) (((hash) >> 24 & 0xffff) | 1)
#define FLOW_KNOWN_EACH	     0x0001000100010001ULL /* times a tag: four of it */

/* Whether one of the four tags is the flow's: the difference has a part that is 0. */
static __always_inline int flow_is_known(__u64 cell, __u64 hash)
{
	__u64 difference = cell ^ FLOW_KNOWN_TAG(hash) * FLOW_KNOWN_EACH;

	return !!((difference - FLOW_KNOWN_EACH) & ~difference & FLOW_KNOWN_EACH << 15);
}

/* No more packets of the flow need to be looked at, unless a SYN came in between. */
static __always_inline void flow_spend_known(__u32 index, __u64 hash, __u64 *packets)
{
	__u64 *cell;

	if (!flow_inspect || !(*packets >> SAMPLE_LEFT_SHIFT))
		return;
	cell = flow_known_cell(index, hash);
	if (cell && flow_is_known(*cell, hash))
		*packets &= FLOW_PACKETS_MASK;
}

/* How flow_count_slow() is to count. */
#define FLOW_SLOW_LATE	1 /* the packet that was left for later */
#define FLOW_SLOW_AGAIN 2 /* flow_spot.again */

/*
 * Counts the packet in the front's `slow`: its flow has no slot, or another than the likely one. Looks at
 * it. Not inlined and not static, so that the verifier looks at it once; it takes numbers only, because
 * Linux 5.10 lets such a function have no pointers. True when no more packets of the flow need to be
 * looked at.
 */
__noinline int flow_count_slow(struct __sk_buff *skb, __u32 index, __u64 transport, __u32 how)
{
	struct flow_front *front = bpf_map_lookup_elem(&flow_fronts, &index);
	struct flow_bucket *bucket;
	struct flow_counts counts;
	__u64 *packets, inserts, left;

	if (!front)
		return 0;
	counts.packets = front->slow.packets;
	counts.bytes = front->slow.bytes;
	inserts = front->inserts;
	bucket = flow_bucket_of(front, index, front->slow.hash);
	if (!bucket) {
		flow_count_in_map(front, index, &front->slow.key, &counts);
		return 0;
	}
	packets = flow_table_add(front, bucket, index, front->slow.hash, &front->slow.key, &counts);
	if (packets && how & FLOW_SLOW_LATE)
		flow_spend_known(index, front->slow.hash, packets);
	if (!flow_inspect || how & FLOW_SLOW_LATE)
		return 0;
	if (packets && how & FLOW_SLOW_AGAIN)
		*packets |= (__u64)SAMPLE_LEFT_FIRST << SAMPLE_LEFT_SHIFT;
	if (packets)
		left = *packets >> SAMPLE_LEFT_SHIFT;
	else /* the sieve knows what is left */
		left = front->inserts != inserts ? SAMPLE_LEFT_NEW : 0;
	if (!packets || left)
		left = (__u32)flow_sample(skb, index, transport, left);
	if (packets)
		*packets = (*packets & FLOW_PACKETS_MASK) | left << SAMPLE_LEFT_SHIFT;
	return packets && !left;
}

static __always_inline int flow_ask_slow(struct __sk_buff *skb, struct flow_front *front,
					 const struct flow_spot *spot, const struct flow_key *key,
					 const struct flow_counts *counts, __u32 how)
{
	front->slow.key = *key;
	front->slow.hash = spot->hash;
	front->slow.packets = counts->packets;
	front->slow.bytes = counts->bytes;
	return flow_count_slow(skb, spot->index, spot->transport, how);
}

/*
 * Counts a packet of a flow of this bucket, and looks at it if the slot asks for that. True when no more
 * packets of the flow need to be looked at.
 */
static __always_inline int flow_count_now(struct __sk_buff *skb, struct flow_front *front,
					  struct flow_bucket *bucket, const struct flow_spot *spot,
					  const struct flow_key *key,
					  const struct flow_counts *counts)
{
	__u64 *packets = flow_hit(bucket, flow_first_slot(spot->hash), key, counts, 1), left;

	if (!packets)
		return flow_ask_slow(skb, front, spot, key, counts,
				     spot->again ? FLOW_SLOW_AGAIN : 0);
	if (!flow_inspect)
		return 0;
	if (spot->again)
		*packets |= (__u64)SAMPLE_LEFT_FIRST << SAMPLE_LEFT_SHIFT;
	left = *packets >> SAMPLE_LEFT_SHIFT;
	if (!left)
		return 1;
	front->slow.key = *key;
	left = (__u32)flow_sample(skb, spot->index, spot->transport, left);
	*packets = (*packets & FLOW_PACKETS_MASK) | left << SAMPLE_LEFT_SHIFT;
	return !left;
}

/* Whether a packet begins a connection, or cannot be read. */
static __always_inline int flow_is_syn(const struct __sk_buff *skb, const struct flow_key *key,
				       __u64 transport)
{
	const __u8 *flags = (const __u8 *)(long)skb->data + (transport & FLOW_OFFSET_MAX) + 13;

	if (key->ipproto != IPPROTO_TCP || !(__u32)transport)
		return 0;
	return (const void *)(flags + 1) > (const void *)(long)skb->data_end || *flags & SAMPLE_SYN;
}

/*
 * Begins to fetch the line of the flow's likely slot. A load would be waited for; a store is not, and
 * what this one writes is there anyway: the top byte of a counter that never gets so large.
 */
static __always_inline void flow_fetch(struct flow_bucket *bucket, __u64 hash)
{
	volatile __u8 *bytes = (volatile __u8 *)&bucket->pair[flow_first_slot(hash) / 2].wide.bytes;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	bytes[7] = 0;
#else
	bytes[0] = 0;
#endif
}

/* Counts the packet that was left for later. */
static __always_inline void flow_settle(struct __sk_buff *skb, struct flow_front *front,
					void *table, __u32 index)
{
	struct flow_late *late = &front->late;
	struct flow_counts counts = {.packets = late->packets, .bytes = late->bytes};
	const struct flow_spot spot = {.hash = late->hash, .index = index};
	struct flow_bucket *bucket;
	__u64 *packets;

	if (!counts.packets)
		return;
	late->packets = 0;
	bucket = flow_table_bucket(front, table, late->hash);
	if (!bucket) {
		flow_count_in_map(front, index, &late->key, &counts);
		return;
	}
	packets = flow_hit(bucket, flow_first_slot(late->hash), &late->key, &counts, 0);
	if (packets)
		flow_spend_known(index, late->hash, packets);
	else
		flow_ask_slow(skb, front, &spot, &late->key, &counts, FLOW_SLOW_LATE);
}

/*
 * Counts a packet in the CPU's table, which is larger than the processor's caches. The line of its slot
 * is fetched while other code runs: the packet is counted with the next one. In between it stands in
 * the front, where user space finds it too. But a packet that may have to be looked at is counted at
 * once: one of a flow that is not among the known ones.
 */
static __always_inline void flow_count_in_table(struct __sk_buff *skb, struct flow_front *front,
						struct flow_spot *spot, const struct flow_key *key,
						const struct flow_counts *counts)
{
	void *table = bpf_map_lookup_elem(&flow_tables, &spot->index);
	struct flow_bucket *bucket = table ? flow_table_bucket(front, table, spot->hash) : NULL;
	__u64 *cell = NULL;

	if (!bucket) {
		flow_count_in_map(front, spot->index, key, counts);
		return;
	}
	if (flow_inspect) {
		cell = flow_known_cell(spot->index, spot->hash);
		spot->again = flow_is_syn(skb, key, spot->transport);
		if (cell && spot->again)
			*cell = 0;
	}
	if (!flow_inspect || (cell && flow_is_known(*cell, spot->hash))) {
		flow_fetch(bucket, spot->hash);
		flow_settle(skb, front, table, spot->index);
		front->late.key = *key;
		front->late.hash = spot->hash;
		front->late.packets = counts->packets;
		front->late.bytes = counts->bytes;
		return;
	}
	if (flow_count_now(skb, front, bucket, spot, key, counts) && cell)
		*cell = *cell << 16 | FLOW_KNOWN_TAG(spot->hash);
}

static __always_inline void flow_count_as(struct __sk_buff *skb, enum flow_link link,
					  enum flow_dir dir)
{
	__u32 generation = *(volatile __u32 *)&flow_control.generation & (FLOW_GENERATIONS - 1);
	__u32 index = bpf_get_smp_processor_id() * FLOW_GENERATIONS + generation;
	struct flow_way way = {.link = link, .where = FLOW_WHERE(flow_slot_of(skb), dir)};
	struct flow_counts counts, beyond, *total;
	struct flow_front *front;
	struct flow_spot spot;
	struct flow_key key;

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
	if (!flow_read(skb, &way, &key, &spot.transport, &beyond))
		return;
	if (beyond.packets) {
		flow_counts_add_plain(total, &beyond);
		flow_counts_add_plain(&counts, &beyond);
	}
	spot.index = index;
	spot.again = 0;
	spot.hash = flow_hash(&key, flow_seed);
	if (front->bits <= flow_front_bits)
		flow_count_now(skb, front, flow_front_bucket(front, spot.hash), &spot, &key,
			       &counts);
	else
		flow_count_in_table(skb, front, &spot, &key, &counts);
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
