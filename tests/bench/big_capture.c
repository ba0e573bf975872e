/* SPDX-License-Identifier: MIT */
/*
 * big_capture FILE MEGABYTES FLOWS [RATE]: writes a capture as `tcpdump -s 96` has it: UDP and TCP over
 * IPv4 and IPv6, a quarter of the packets of one flow, the rest of random ones, every other flow in the
 * other direction; RATE (20,000 if not said) packets a second. scripts/demo.sh plays one.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAP 96

struct file_head {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t figures, snap, link;
};

struct record {
	uint32_t seconds, microseconds, captured, length;
	uint8_t frame[SNAP];
};

static uint64_t draw_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void swap_bytes(uint8_t *one, uint8_t *other, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = one[i];

		one[i] = other[i];
		other[i] = byte;
	}
}

static void turn_around(uint8_t *ip, uint8_t *ports, int ipv6)
{
	swap_bytes(ip + (ipv6 ? 8 : 12), ip + (ipv6 ? 24 : 16), ipv6 ? 16 : 4);
	swap_bytes(ports, ports + 2, 2);
}

/* A frame of the flow with that number. */
static void make_frame(uint8_t frame[SNAP], uint32_t flow, uint32_t length)
{
	int ipv6 = flow % 5 == 0;
	uint8_t *ip = frame + 14, *ports = ip + (ipv6 ? 40 : 20);

	memset(frame, 0, SNAP);
	put16(frame + 12, ipv6 ? 0x86dd : 0x0800);
	ip[0] = ipv6 ? 0x60 : 0x45;
	if (ipv6) {
		put16(ip + 4, length - 54);
		ip[6] = flow % 3 ? 6 : 17;
		put16(ip + 8, 0x2001);
		put16(ip + 24, 0x2001);
		put16(ip + 22, flow >> 16);
		ip[39] = 2;
	} else {
		put16(ip + 2, length - 14);
		ip[9] = flow % 3 ? 6 : 17;
		put16(ip + 12, 0x0a00);
		put16(ip + 14, flow >> 16);
		put16(ip + 16, 0x0a01);
		ip[19] = 2;
	}
	put16(ports, 40000 + flow % 20000);
	put16(ports + 2, flow % 50 != 1 ? 443 : 53);
	if (flow % 2)
		turn_around(ip, ports, ipv6);
}

int main(int argc, char **argv)
{
	const struct file_head head = {0xa1b2c3d4, 2, 4, 0, 0, SNAP, 1};
	uint64_t state = 88172645463325252ULL, number, packets;
	struct record record = {.captured = SNAP};
	uint32_t flows, rate;
	FILE *out;

	if (argc != 4 && argc != 5) {
		fputs("usage: big_capture FILE MEGABYTES FLOWS [RATE]\n", stderr);
		return 2;
	}
	rate = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 20000;
	packets = strtoull(argv[2], NULL, 10) * 1000000 / sizeof(record);
	flows = (uint32_t)strtoul(argv[3], NULL, 10);
	out = fopen(argv[1], "wbe");
	if (!out || !flows || !rate || rate > 1000000 || fwrite(&head, sizeof(head), 1, out) != 1)
		return 1;
	for (number = 0; number < packets; number++) {
		uint64_t drawn = draw_next(&state);
		uint32_t flow = drawn % 4 ? (uint32_t)((drawn >> 8) % flows) : 0;

		record.seconds = (uint32_t)(1700000000 + number / rate);
		record.microseconds = (uint32_t)(number % rate * (1000000 / rate));
		record.length = 100 + (uint32_t)(drawn >> 40) % 1400;
		make_frame(record.frame, flow, record.length);
		if (fwrite(&record, sizeof(record), 1, out) != 1)
			return 1;
	}
	if (fclose(out)) {
		fprintf(stderr, "big_capture: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	printf("%llu\n", (unsigned long long)packets);
	return 0;
}
