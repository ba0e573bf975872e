/* SPDX-License-Identifier: MIT */
/*
 * What the headers of bpf/ want of a kernel, for compiling them natively: an skb with just the fields
 * and the one call that they use. Included in front of them, by sources alone.
 */
#ifndef PKTSTAT_NATIVE_SKB_H
#define PKTSTAT_NATIVE_SKB_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "captured.h"

struct __sk_buff {
	const uint8_t *bytes; /* of which so many are there: */
	uint32_t there;
	uint32_t len;
	uint32_t gso_size;
	uint32_t gso_segs;
	uint32_t vlan_present;
};

static inline struct __sk_buff native_skb_of(const struct captured *captured)
{
	return (struct __sk_buff){
		.bytes = captured->data,
		.there = captured->size,
		.len = captured->length,
		.gso_size = captured->gso_size,
		.vlan_present = captured->stripped,
	};
}

/* As the kernel's: what is not there is not written, and the caller has zeroes. */
static inline long bpf_skb_load_bytes(const struct __sk_buff *skb, uint32_t offset, void *to,
				      uint32_t size)
{
	if (offset > skb->there || size > skb->there - offset)
		return -1;
	memcpy(to, skb->bytes + offset, size);
	return 0;
}

#define bpf_ntohs(value) ntohs(value)
#define bpf_ntohl(value) ntohl(value)
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

#endif
