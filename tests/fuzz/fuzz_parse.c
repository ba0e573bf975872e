/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the parser: it stays inside the bytes it is given, its two ways agree, what
 * is not cut says the same however much of the frame is readable, and every key is one of those
 * that flow_abi.h describes.
 *
 * Input: one byte of choices (as which kind of interface the rest is read), then the frame.
 */
#include "native.h"

#include "fuzz.h"

#define CHOICE_STRIPPED 2 /* a VLAN tag stands beside the frame */

FUZZ_JUDGE static bool is_zero(const uint8_t *bytes, size_t size)
{
	while (size--) {
		if (bytes[size])
			return false;
	}
	return true;
}

FUZZ_JUDGE static void check_sum(const struct flow_key *key)
{
	check(key->sport >= FLOW_SUM_ETHERTYPE && key->sport <= FLOW_SUM_MALFORMED);
	check(is_zero(key->src, 16) && is_zero(key->dst, 16));
	check(key->dport == 0 || (key->sport == FLOW_SUM_ETHERTYPE && key->ethertype == 4));
}

FUZZ_JUDGE static void check_key(const struct native *native, size_t size)
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

static struct native parse(const struct fuzz_exact *frame, uint16_t ethertype, bool stripped)
{
	struct native native = native_parse(frame->bytes, frame->size, ethertype, stripped);

	check(!native.differs);
	check_key(&native, frame->size);
	return native;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ethertypes[] = {
		0x0800, 0x86dd, 0, 0, FLOW_ETH_P_UNSAID, FLOW_ETH_P_UNSAID, 0, 0};
	static struct fuzz_exact frame;
	struct native whole, part;
	uint16_t ethertype;
	bool stripped;

	if (!size)
		return 0;
	ethertype = ethertypes[data[0] & 7];
	stripped = (data[0] & 3) == CHOICE_STRIPPED;
	fuzz_copy(&frame, data + 1, size - 1);
	whole = parse(&frame, ethertype, stripped);
	for (size_t prefix = size - 1 < 128 ? size - 1 : 128; prefix-- > 0;) {
		fuzz_shorten(&frame, prefix);
		part = parse(&frame, ethertype, stripped);
		if (!part.cut)
			check(memcmp(&part.key, &whole.key, sizeof(part.key)) == 0);
	}
	return 0;
}
