/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the parser: it stays inside the bytes it is given, its two ways agree, what
 * is not cut says the same however much of the frame is readable, and every key is one of those
 * that flow_abi.h describes.
 *
 * Input: one byte of choices (as which kind of interface the rest is read), then the frame.
 */
#include "native.h"

#include <stdlib.h>

#define CHOICE_STRIPPED 2 /* a VLAN tag stands beside the frame */

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	while (size--) {
		if (bytes[size])
			return false;
	}
	return true;
}

/* Bytes beyond `size` cannot be touched unnoticed. */
static struct native parse(const uint8_t *data, size_t size, uint16_t ethertype, bool stripped)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct native native;

	check(exact != NULL);
	memcpy(exact, data, size);
	native = native_parse(exact, size, ethertype, stripped);
	free(exact);
	check(!native.differs);
	return native;
}

static void check_sum(const struct flow_key *key)
{
	check(key->sport >= FLOW_SUM_ETHERTYPE && key->sport <= FLOW_SUM_MALFORMED);
	check(is_zero(key->src, 16) && is_zero(key->dst, 16));
	check(key->dport == 0 || (key->sport == FLOW_SUM_ETHERTYPE && key->ethertype == 4));
}

static void check_key(const struct native *native, size_t size)
{
	const struct flow_key *key = &native->key;

	check(key->where == 0);
	check(native->transport <= size || native->cut || native->key.sport == 0);
	if (key->ipproto == FLOW_PROTO_NONE && key->sport) {
		check_sum(key);
		return;
	}
	check(key->ethertype == 0x0800 || key->ethertype == 0x86dd || key->ethertype == 0x0806);
	if (key->ethertype != 0x86dd) {
		check(is_zero(key->src, 10) && key->src[10] == 0xff && key->src[11] == 0xff);
		check(is_zero(key->dst, 10) && key->dst[10] == 0xff && key->dst[11] == 0xff);
	}
	if (native->later)
		check(key->sport == 0 && key->dport == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ethertypes[] = {
		0x0800, 0x86dd, 0, 0, FLOW_ETH_P_UNSAID, FLOW_ETH_P_UNSAID, 0, 0};
	struct native whole, part;
	uint16_t ethertype;
	bool stripped;

	if (!size)
		return 0;
	ethertype = ethertypes[data[0] & 7];
	stripped = (data[0] & 3) == CHOICE_STRIPPED;
	data++;
	size--;
	whole = parse(data, size, ethertype, stripped);
	check_key(&whole, size);
	for (size_t prefix = 0; prefix < size && prefix < 128; prefix++) {
		part = parse(data, prefix, ethertype, stripped);
		check_key(&part, prefix);
		if (!part.cut)
			check(memcmp(&part.key, &whole.key, sizeof(part.key)) == 0);
	}
	return 0;
}
