// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Programs that only the data path benchmark loads. Each gives the packet the source of the next
 * flow in `bench_order`, so that one test run sees many flows, and then does one of: nothing,
 * parse, what the shipped programs do (the same lines, by inclusion), or count in a plain per-CPU
 * hash without a front cache.
 */
#include "flow_count.h"

#include <linux/pkt_cls.h>

#include "bench_abi.h"

/* Flow numbers in the order they are sent; filled by user space. */
__u32 bench_order[BENCH_ORDER_MAX];
struct bench_control bench_control;

/* Keeps the compiler from leaving out what computes `object`. */
#define BENCH_USE(object) asm volatile("" : : "r"(&(object)) : "memory")

/* Keeps it from using again what was read of `skb` before the packet was changed. */
#define BENCH_FORGET(skb) asm volatile("" : "+r"(skb))

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct flow_key);
	__type(value, struct flow_counts);
} bench_plain_map SEC(".maps");

static __always_inline void bench_write(struct __sk_buff *skb, __u32 offset, const void *from,
					__u32 size)
{
	void *to = (void *)(long)skb->data + (offset & 0xff);

	if (offset && to + size <= (void *)(long)skb->data_end)
		__builtin_memcpy(to, from, size);
}

static __always_inline void bench_vary(struct __sk_buff *skb)
{
	__u32 flow = bench_order[bench_control.next++ & (BENCH_ORDER_MAX - 1)];
	__u32 address = bpf_htonl(10U << 24 | (flow >> BENCH_PORT_BITS));
	__u16 port = bpf_htons(BENCH_PORT_FIRST + (flow & ((1U << BENCH_PORT_BITS) - 1)));
	__u8 bytes[4];

	__builtin_memcpy(bytes, &address, 4);
	bench_write(skb, bench_control.address_offset, bytes, 4);
	__builtin_memcpy(bytes, &port, 2);
	bench_write(skb, bench_control.port_offset, bytes, 2);
}

/* What any program must do with a packet to know its key and its counts. */
static __always_inline void bench_read(struct __sk_buff *skb, struct flow_key *key,
				       struct flow_counts *counts)
{
	const struct flow_way way = {.where = FLOW_WHERE(flow_slot, FLOW_IN)};
	struct flow_counts beyond;
	__u64 transport;

	*counts = flow_frame_counts(skb, 0);
	if (flow_read(skb, &way, key, &transport, &beyond))
		flow_counts_add_plain(counts, &beyond);
}

SEC("tc")
int bench_empty(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tc")
int bench_base(struct __sk_buff *skb)
{
	bench_vary(skb);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int bench_parse(struct __sk_buff *skb)
{
	struct flow_counts counts;
	struct flow_key key;

	bench_vary(skb);
	BENCH_FORGET(skb);
	bench_read(skb, &key, &counts);
	BENCH_USE(key);
	BENCH_USE(counts);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int bench_shipped(struct __sk_buff *skb)
{
	bench_vary(skb);
	BENCH_FORGET(skb);
	flow_count(skb, FLOW_IN);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int bench_plain(struct __sk_buff *skb)
{
	struct flow_counts counts, *found;
	struct flow_key key;

	bench_vary(skb);
	BENCH_FORGET(skb);
	bench_read(skb, &key, &counts);
	found = bpf_map_lookup_elem(&bench_plain_map, &key);
	if (found) {
		found->packets += counts.packets;
		found->bytes += counts.bytes;
	} else {
		bpf_map_update_elem(&bench_plain_map, &key, &counts, BPF_NOEXIST);
	}
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual MIT/GPL";
