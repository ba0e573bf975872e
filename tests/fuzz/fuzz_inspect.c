/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for inspecting: any sequence of sampled packets of a few conversations, in any
 * direction, order and time. What is told passes the check of who hears it.
 *
 * Input: packets; each has a byte of ends, protocol and direction, flags, two bytes of sequence, a
 * byte of time, a byte of length, and that many bytes of payload.
 */
#include <netinet/in.h>

#include "fuzz.h"
#include "inspect.h"
#include "octets.h"

static const uint16_t ports[] = {443, 53, 80, 5353, 4000, 5432, 123, 1194};

FUZZ_JUDGE static void hear(void *arg, const struct sight_finding *finding)
{
	(void)arg;
	check(sight_finding_check(finding));
}

static struct inspect_packet read_head(struct octets *input)
{
	struct inspect_packet packet = {.key = {.ethertype = 0x0800}};
	uint32_t who = octets_number(input, 1);
	uint16_t near = (uint16_t)(40000 + (who & 3)), far = ports[who >> 2 & 7];
	bool back = who >> 6 & 1;

	packet.key.ipproto = who >> 7 ? IPPROTO_UDP : IPPROTO_TCP;
	packet.key.src[15] = back;
	packet.key.dst[15] = !back;
	packet.key.sport = back ? far : near;
	packet.key.dport = back ? near : far;
	packet.flags = (uint8_t)octets_number(input, 1);
	packet.sequence = octets_number(input, 2);
	return packet;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct inspect_sink sink = {.tell = hear};
	static struct inspect *inspect;
	static struct fuzz_exact exact;
	static uint64_t run;
	struct octets input = octets_of(data, size);
	uint64_t now_ns = ++run << 43; /* hours later: no answer of DNS still holds */

	if (!inspect)
		check(!inspect_new(&sink, &inspect));
	while (octets_left(&input) >= 6) {
		struct inspect_packet packet = read_head(&input);
		struct octets payload;

		/* Addresses of this run alone, so that it does not depend on those before. */
		packet.key.word[0] = packet.key.word[2] = run;
		now_ns += (uint64_t)octets_number(&input, 1) << 30;
		packet.time_ns = now_ns;
		payload = octets_take(&input, 8 * (size_t)octets_number(&input, 1));
		packet.length = packet.whole = octets_left(&payload);
		packet.bytes = fuzz_copy(&exact, payload.at, packet.length);
		inspect_take(inspect, &packet);
	}
	return 0;
}
