/* SPDX-License-Identifier: MIT */
/* Keys of many flows for benches: every fourth is IPv6, every third UDP, half of them out. */
#ifndef PKTSTAT_BENCH_KEY_H
#define PKTSTAT_BENCH_KEY_H

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "flow_abi.h"

static inline struct flow_key bench_key(uint32_t number)
{
	struct flow_key key = {.sport = (uint16_t)(1024 + number % 60000),
			       .dport = 443,
			       .ethertype = number % 4 ? ETH_P_IP : ETH_P_IPV6,
			       .ipproto = number % 3 ? IPPROTO_TCP : IPPROTO_UDP,
			       .where = FLOW_WHERE(0, number & 1 ? FLOW_OUT : FLOW_IN)};

	if (key.ethertype == ETH_P_IP) {
		memset(key.src + 10, 0xff, 2);
		memset(key.dst + 10, 0xff, 2);
	} else {
		key.src[0] = key.dst[0] = 0x20;
	}
	memcpy(key.src + 12, &number, sizeof(number));
	memcpy(key.dst + 12, "\x0a\x4d\x00\x01", 4);
	return key;
}

#endif
