/* SPDX-License-Identifier: MIT */
/*
 * ipfix_random SEED MESSAGES PCAP: writes random messages as a capture of UDP datagrams, and what is
 * in their flow records as a line each to standard output, for another decoder to be compared with.
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipfix_message.h"
#include "random.h"

#define DOMAIN	     77
#define PCAP_MAGIC   0xa1b2c3d4
#define LINK_IPV4    228 /* LINKTYPE_IPV4 */
#define IPFIX_PORT   4739
#define HEADERS_SIZE 28

static uint64_t state;

static uint64_t next_number(void)
{
	return random_next(&state);
}

/* Small and large ones, as many of each length. */
static uint64_t draw_number(void)
{
	uint64_t number = next_number();

	return number >> next_number() % 64;
}

static FILE *open_capture(const char *path)
{
	const uint32_t head[] = {PCAP_MAGIC, 4 << 16 | 2, 0, 0, 65535, LINK_IPV4};
	FILE *file = fopen(path, "w");

	if (!file)
		err(1, "%s", path);
	fwrite(head, sizeof(head), 1, file);
	return file;
}

static void put_packet(FILE *file, const struct ipfix_message *message)
{
	uint16_t size = (uint16_t)(message->size + HEADERS_SIZE);
	uint32_t record[4] = {1000, 0, size, size};
	uint16_t headers[HEADERS_SIZE / 2] = {htons(0x4500),
					      htons(size),
					      0,
					      0,
					      htons(64 << 8 | 17),
					      0,
					      htons(0x7f00),
					      htons(1),
					      htons(0x7f00),
					      htons(1),
					      htons(40000),
					      htons(IPFIX_PORT),
					      htons((uint16_t)(message->size + 8)),
					      0};

	fwrite(record, sizeof(record), 1, file);
	fwrite(headers, sizeof(headers), 1, file);
	fwrite(message->at, message->size, 1, file);
}

#define SERVER "www.example.org"

static const struct sight sight = {.application = APPLICATION_HTTPS, .name = SERVER, .dns = ""};

static struct ipfix_flow draw_flow(void)
{
	static const uint16_t ethertypes[] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP};
	static const uint8_t protos[] = {6, 17, 1, 58, 50, 132};
	struct ipfix_flow flow = {0};

	for (size_t i = 0; i < 16; i++) {
		flow.key.src[i] = (uint8_t)next_number();
		flow.key.dst[i] = (uint8_t)next_number();
	}
	flow.key.sport = (uint16_t)next_number();
	flow.key.dport = (uint16_t)next_number();
	flow.key.ethertype = ethertypes[next_number() % 3];
	flow.key.ipproto = protos[next_number() % 6];
	if (flow_key_numbers(&flow.key) == FLOW_NUMBERS_ICMP) {
		flow.key.sport &= 0xff;
		flow.key.dport &= 0xff;
	}
	flow.key.where = (uint8_t)next_number();
	flow.counts = (struct flow_counts){draw_number(), draw_number()};
	flow.octets = draw_number();
	flow.start_wall_ns = (int64_t)(draw_number() >> 3);
	flow.end_wall_ns = (int64_t)(draw_number() >> 3);
	flow.ifindex = (uint32_t)draw_number();
	flow.reason = IPFIX_END_IDLE;
	flow.sight = &sight;
	return flow;
}

static void say_flow(unsigned long message, const struct ipfix_flow *flow)
{
	char src[INET6_ADDRSTRLEN] = "", dst[INET6_ADDRSTRLEN] = "";
	bool ipv6 = flow->key.ethertype == ETH_P_IPV6, ip = flow_key_is_ip(&flow->key);
	size_t from = ipv6 ? 0 : 12;

	inet_ntop(ipv6 ? AF_INET6 : AF_INET, flow->key.src + from, src, sizeof(src));
	inet_ntop(ipv6 ? AF_INET6 : AF_INET, flow->key.dst + from, dst, sizeof(dst));
	printf("%lu %s %s=%s %s=%s proto=%d sport=%d dport=%d octets=%" PRIu64 " packets=%llu "
	       "frames=%llu in=%u out=%u dir=%d %s\n",
	       message, ip ? "ip" : "other", ipv6 ? "src6" : "src", src, ipv6 ? "dst6" : "dst", dst,
	       ip ? flow->key.ipproto : 255, flow_key_has_ports(&flow->key) ? flow->key.sport : 0,
	       flow_key_has_ports(&flow->key) ? flow->key.dport : 0, flow->octets,
	       (unsigned long long)flow->counts.packets, (unsigned long long)flow->counts.bytes,
	       flow_key_dir(&flow->key) ? 0 : flow->ifindex,
	       flow_key_dir(&flow->key) ? flow->ifindex : 0, flow_key_dir(&flow->key),
	       ip ? "app=https server=" SERVER : "app=ARP");
}

int main(int argc, char **argv)
{
	struct ipfix_statistics statistics = {0};
	unsigned long messages;
	uint32_t sequence = 0;
	FILE *file;

	if (argc != 4)
		errx(2, "usage: ipfix_random SEED MESSAGES PCAP");
	state = strtoull(argv[1], NULL, 10);
	messages = strtoul(argv[2], NULL, 10);
	file = open_capture(argv[3]);
	for (unsigned long i = 1; i <= messages; i++) {
		struct ipfix_message message;

		ipfix_message_begin(&message, DOMAIN);
		if (i == 1) {
			ipfix_message_add_templates(&message, true);
			ipfix_message_add_sampling(&message);
			ipfix_message_add_statistics(&message, DOMAIN, &statistics);
			ipfix_message_add_interface(&message, 3, "eth3");
		}
		for (uint64_t records = next_number() % 30; i > 1 && records; records--) {
			struct ipfix_flow flow = draw_flow();

			if (!ipfix_message_add_flow(&message, &flow, true))
				break;
			say_flow(i, &flow);
		}
		ipfix_message_end(&message);
		ipfix_message_stamp(message.at, sequence, 1000);
		sequence += message.records;
		put_packet(file, &message);
	}
	if (fclose(file))
		err(1, "%s", argv[3]);
	return 0;
}
