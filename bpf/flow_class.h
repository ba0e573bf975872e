/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The coarse protocol of a flow. A pure function, compiled for the kernel and natively. */
#ifndef PKTSTAT_FLOW_CLASS_H
#define PKTSTAT_FLOW_CLASS_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "flow_abi.h"

/* Of a flow, and of a sum that the programs make: an EtherType says what that is. */
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

#endif
