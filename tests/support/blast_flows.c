/* SPDX-License-Identifier: MIT */
/* The flows that blast sends; see blast_flows.h. */
#include "blast_flows.h"

#include <arpa/inet.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

/* A flow number's low bits are its source port, the others its source address. */
#define PORT_BITS  12
#define PORT_FIRST 20000
#define PORT_UDP   4433
#define PORT_TCP   8443

struct flow_choice {
	int ipv6, tcp;
	uint32_t host;
	uint16_t sport, dport;
};

/* The multiplier spreads the kinds evenly over neighbouring numbers. */
static struct flow_choice flow_choose(const struct blast_mix *mix, uint32_t i)
{
	struct flow_choice choice = {
		.ipv6 = i * 37U % 100 < mix->ipv6_percent,
		.tcp = i * 61U / 7 % 100 < mix->tcp_percent,
		.host = (i >> PORT_BITS) + 1,
		.sport = (uint16_t)(PORT_FIRST + (i & ((1U << PORT_BITS) - 1))),
	};

	choice.dport = choice.tcp ? PORT_TCP : PORT_UDP;
	return choice;
}

static void flow_addresses(const struct flow_choice *choice, uint8_t src[16], uint8_t dst[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t v6[12] = {0x20, 0x01, 0x0d, 0xb8};
	static const uint8_t v4_dst[4] = {198, 18, 0, 1}, v6_dst[4] = {0xff, 0xff, 0, 1};
	uint32_t host = htonl(choice->ipv6 ? choice->host : 10U << 24 | choice->host);

	memcpy(src, choice->ipv6 ? v6 : mapped, 12);
	memcpy(src + 12, &host, 4);
	memcpy(dst, choice->ipv6 ? v6 : mapped, 12);
	memcpy(dst + 12, choice->ipv6 ? v6_dst : v4_dst, 4);
}

struct flow_key blast_flow_key(const struct blast_mix *mix, uint32_t i, enum flow_dir dir)
{
	struct flow_choice choice = flow_choose(mix, i);
	struct flow_key key = {.word = {0}};

	flow_addresses(&choice, key.src, key.dst);
	key.sport = choice.sport;
	key.dport = choice.dport;
	key.ethertype = choice.ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
	key.ipproto = choice.tcp ? IPPROTO_TCP : IPPROTO_UDP;
	key.where = FLOW_WHERE(0, dir);
	return key;
}

static uint16_t ip_checksum(const void *header, size_t size)
{
	uint32_t sum = 0;
	uint16_t word;

	for (size_t i = 0; i < size; i += sizeof(word)) {
		memcpy(&word, (const uint8_t *)header + i, sizeof(word));
		sum += word;
	}
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void write_ip(const struct flow_choice *choice, size_t size, uint8_t *at)
{
	uint8_t src[16], dst[16];
	uint8_t ipproto = choice->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	struct ip ip4 = {.ip_v = 4, .ip_hl = 5, .ip_ttl = 64, .ip_p = ipproto};
	struct ip6_hdr ip6 = {.ip6_flow = htonl(6U << 28), .ip6_hlim = 64, .ip6_nxt = ipproto};

	flow_addresses(choice, src, dst);
	if (choice->ipv6) {
		ip6.ip6_plen = htons((uint16_t)(size - sizeof(ip6)));
		memcpy(&ip6.ip6_src, src, 16);
		memcpy(&ip6.ip6_dst, dst, 16);
		memcpy(at, &ip6, sizeof(ip6));
		return;
	}
	ip4.ip_len = htons((uint16_t)size);
	memcpy(&ip4.ip_src, src + 12, 4);
	memcpy(&ip4.ip_dst, dst + 12, 4);
	ip4.ip_sum = ip_checksum(&ip4, sizeof(ip4));
	memcpy(at, &ip4, sizeof(ip4));
}

static void write_transport(const struct flow_choice *choice, size_t size, uint8_t *at)
{
	struct tcphdr tcp = {.source = htons(choice->sport), .dest = htons(choice->dport)};
	struct udphdr udp = {.source = htons(choice->sport), .dest = htons(choice->dport)};

	if (choice->tcp) {
		tcp.doff = sizeof(tcp) / 4;
		tcp.ack = 1;
		memcpy(at, &tcp, sizeof(tcp));
	} else {
		udp.len = htons((uint16_t)size);
		memcpy(at, &udp, sizeof(udp));
	}
}

size_t blast_flow_frame(const struct blast_mix *mix, uint32_t i, size_t size, uint8_t *frame)
{
	struct flow_choice choice = flow_choose(mix, i);
	/* Locally administered, and nobody's: the receiving host drops the frame behind the hook. */
	struct ether_header ether = {
		.ether_dhost = {2, 0, 0, 0, 0xff, 1},
		.ether_shost = {2, 0, 0, 0, 0xff, 2},
		.ether_type = htons(choice.ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP),
	};
	size_t ip_size = choice.ipv6 ? sizeof(struct ip6_hdr) : sizeof(struct ip);
	size_t headers = sizeof(ether) + ip_size +
			 (choice.tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr));

	if (size < headers)
		size = headers;
	if (size > BLAST_FRAME_MAX)
		size = BLAST_FRAME_MAX;
	memcpy(frame, &ether, sizeof(ether));
	write_ip(&choice, size - sizeof(ether), frame + sizeof(ether));
	write_transport(&choice, size - sizeof(ether) - ip_size, frame + sizeof(ether) + ip_size);
	return size;
}
