// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * What the shipped ingress program does (the same lines, by inclusion) to a packet that has more
 * before its network header. A test run has an Ethernet header there and nothing else.
 */
#include "flow_count.h"

#include <linux/pkt_cls.h>

/* Bytes put before the frame. */
__u32 raw_ip_more SEC(".data.more");

SEC("tc")
int raw_ip_ingress(struct __sk_buff *skb)
{
	if (raw_ip_more && bpf_skb_change_head(skb, raw_ip_more, 0))
		return TC_ACT_SHOT;
	flow_count(skb, FLOW_IN);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual MIT/GPL";
