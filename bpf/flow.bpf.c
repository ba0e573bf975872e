// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The two programs on the tc hook. Both let every packet go on as if they were not there:
 * TC_ACT_UNSPEC is also TCX_NEXT. SEC("tc") and not "tcx/...": libbpf 1.1 knows only the former,
 * and the link decides where the program stands.
 */
#include "flow_count.h"

#include <linux/pkt_cls.h>

SEC("tc")
int flow_ingress(struct __sk_buff *skb)
{
	flow_count(skb, FLOW_IN);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int flow_egress(struct __sk_buff *skb)
{
	flow_count(skb, FLOW_OUT);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual MIT/GPL";
