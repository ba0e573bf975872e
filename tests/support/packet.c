/* SPDX-License-Identifier: MIT */
/*
 * Frames from a short description. See packet.h for the words. A table of words with their
 * arguments' defaults feeds the builder; everything is written through packet_put(), which keeps
 * the bound. The caller owns the packet; any thread.
 */
#include "packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet_put.h"

int packet_put(struct packet *p, const void *bytes, size_t size)
{
	if (size > PACKET_MAX - p->size)
		return -ENOSPC;
	if (bytes)
		memcpy(p->data + p->size, bytes, size);
	else
		memset(p->data + p->size, 0, size);
	p->size += size;
	return 0;
}

void packet_set8(struct packet *p, size_t at, unsigned long value)
{
	p->data[at] = (uint8_t)value;
}

void packet_set16(struct packet *p, size_t at, unsigned long value)
{
	packet_set8(p, at, value >> 8);
	packet_set8(p, at + 1, value);
}

void packet_set32(struct packet *p, size_t at, unsigned long value)
{
	packet_set16(p, at, value >> 16);
	packet_set16(p, at + 2, value);
}

/* Sets the field of the previous header that names this one. */
int packet_link(struct packet *p, unsigned int ethertype, unsigned int ppp, int ipproto)
{
	enum packet_next next = p->next;

	p->next = PACKET_NEXT_NONE;
	p->last_mpls = 0;
	switch (next) {
	case PACKET_NEXT_ETHERTYPE:
		packet_set16(p, p->next_at, ethertype);
		return ethertype ? 0 : -EINVAL;
	case PACKET_NEXT_PPP: packet_set16(p, p->next_at, ppp); return ppp ? 0 : -EINVAL;
	case PACKET_NEXT_IP:
		packet_set8(p, p->next_at, (unsigned long)ipproto);
		return ipproto >= 0 ? 0 : -EINVAL;
	default: return 0; /* behind MPLS nothing says what follows */
	}
}

int packet_link_ip(struct packet *p, int ipproto)
{
	return p->next == PACKET_NEXT_IP ? packet_link(p, 0, 0, ipproto) : -EINVAL;
}

void packet_expect(struct packet *p, enum packet_next next, size_t at)
{
	p->next = next;
	p->next_at = at;
}

int packet_open_length(struct packet *p, enum packet_length kind, size_t at)
{
	if (p->opened == PACKET_OPEN_MAX)
		return -EINVAL;
	p->open[p->opened++] = (struct packet_open){kind, at};
	return 0;
}

static void set_checksum(struct packet *p, size_t at)
{
	size_t size = (size_t)(p->data[at] & 15) * 4, i;
	uint32_t sum = 0;

	packet_set16(p, at + 10, 0);
	for (i = 0; i < size; i += 2)
		sum += (uint32_t)p->data[at + i] << 8 | p->data[at + i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	packet_set16(p, at + 10, ~sum & 0xffff);
}

static void fill_lengths(struct packet *p)
{
	while (p->opened) {
		struct packet_open open = p->open[--p->opened];
		size_t size = p->size - open.at;

		switch (open.kind) {
		case PACKET_802_3: packet_set16(p, open.at, size - 2); break;
		case PACKET_PPPOE: packet_set16(p, open.at + 4, size - 6); break;
		case PACKET_IP4:
			/* Beyond 65,535 bytes the kernel, too, leaves 0 (BIG TCP). */
			packet_set16(p, open.at + 2, size > 65535 ? 0 : size);
			set_checksum(p, open.at);
			break;
		case PACKET_IP6:
			packet_set16(p, open.at + 4, size - 40 > 65535 ? 0 : size - 40);
			break;
		case PACKET_UDP: packet_set16(p, open.at + 4, size); break;
		}
	}
}

void packet_address(uint16_t seed, int version, uint8_t ret_source[16], uint8_t ret_destination[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t four[4] = {198, 18, (uint8_t)(seed >> 8), (uint8_t)seed};
	const uint8_t six[16] = {0x20, 1, 0xd, 0xb8, [6] = four[2], [7] = four[3], [15] = 1};

	if (version == 4) {
		memcpy(ret_source, mapped, 12);
		memcpy(ret_source + 12, four, 4);
		memcpy(ret_destination, ret_source, 16);
		ret_destination[13] = 19;
	} else {
		memcpy(ret_source, six, 16);
		memcpy(ret_destination, six, 16);
		ret_destination[15] = 2;
	}
}

static int packet_put_data(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size, i;
	int r = packet_put(p, NULL, arg[0]);

	for (i = at; i < p->size; i++)
		p->data[i] = (uint8_t)(0xd0 + i % 16);
	p->next = PACKET_NEXT_NONE;
	return r;
}

static int packet_put_junk(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size, i;
	int r = packet_put(p, NULL, arg[0]);

	for (i = at; i < p->size; i++) {
		p->noise = p->noise * 1664525 + 1013904223;
		p->data[i] = (uint8_t)(p->noise >> 24);
	}
	return r;
}

static int do_pad(struct packet *p, const unsigned long *arg)
{
	fill_lengths(p);
	return arg[0] > p->size ? packet_put(p, NULL, arg[0] - p->size) : 0;
}

static int do_cut(struct packet *p, const unsigned long *arg)
{
	fill_lengths(p);
	if (arg[0] > p->size)
		return -EINVAL;
	p->size = arg[0];
	return 0;
}

static int do_drop(struct packet *p, const unsigned long *arg)
{
	fill_lengths(p);
	if (arg[0] > p->size)
		return -EINVAL;
	p->size -= arg[0];
	return 0;
}

static int do_set8(struct packet *p, const unsigned long *arg)
{
	fill_lengths(p);
	if (p->network + arg[0] + 1 > p->size)
		return -EINVAL;
	packet_set8(p, p->network + arg[0], arg[1]);
	return 0;
}

static int do_set16(struct packet *p, const unsigned long *arg)
{
	fill_lengths(p);
	if (p->network + arg[0] + 2 > p->size)
		return -EINVAL;
	packet_set16(p, p->network + arg[0], arg[1]);
	return 0;
}

#define PORTS                                               \
	{                                                   \
		PACKET_PORT_SOURCE, PACKET_PORT_DESTINATION \
	}

static const struct word {
	const char *name;
	int (*put)(struct packet *p, const unsigned long *arg);
	unsigned long arg[PACKET_ARGS];
} words_known[] = {
	{"eth", packet_put_eth, {}},
	{"vlan", packet_put_vlan, {5}},
	{"qinq", packet_put_qinq, {6}},
	{"ethertype", packet_put_ethertype, {0x88b5}},
	{"llc", packet_put_llc, {0x42, 0x42}},
	{"snap", packet_put_snap, {0}},
	{"pppoe", packet_put_pppoe, {0}},
	{"ppp", packet_put_ppp, {0xc021}},
	{"mpls", packet_put_mpls, {1000}},
	{"arp", packet_put_arp, {1}},
	{"ip4", packet_put_ip4, {}},
	{"ip6", packet_put_ip6, {}},
	{"opt", packet_put_opt, {4}},
	{"frag", packet_put_frag, {1, 0, 1}},
	{"hop", packet_put_hop, {0}},
	{"dst", packet_put_dst, {0}},
	{"rt", packet_put_rt, {0}},
	{"tcp", packet_put_tcp, {PACKET_PORT_SOURCE, PACKET_PORT_DESTINATION, 20}},
	{"udp", packet_put_udp, PORTS},
	{"udplite", packet_put_udplite, PORTS},
	{"sctp", packet_put_sctp, PORTS},
	{"dccp", packet_put_dccp, PORTS},
	{"icmp", packet_put_icmp, {8, 0}},
	{"icmp6", packet_put_icmp6, {128, 0}},
	{"esp", packet_put_esp, {0x12345678}},
	{"ah", packet_put_ah, {0x9abcdef0}},
	{"gre", packet_put_gre, {0, 0x0800}},
	{"ospf", packet_put_ospf, {1, 2}},
	{"proto", packet_put_proto, {253}},
	{"data", packet_put_data, {18}},
	{"junk", packet_put_junk, {64}},
	{"pad", do_pad, {60}},
	{"cut", do_cut, {14}},
	{"drop", do_drop, {1}},
	{"set8", do_set8, {0, 0}},
	{"set16", do_set16, {0, 0}},
};

static int build_word(struct packet *p, const char *word, size_t size)
{
	const char *colon = memchr(word, ':', size);
	size_t name = colon ? (size_t)(colon - word) : size, i, n = 0;
	unsigned long arg[PACKET_ARGS];
	const char *at = colon;
	char *end;

	for (i = 0; i < sizeof(words_known) / sizeof(*words_known); i++) {
		const struct word *known = &words_known[i];

		if (strlen(known->name) != name || strncmp(known->name, word, name) != 0)
			continue;
		memcpy(arg, known->arg, sizeof(arg));
		while (at && at < word + size && n < PACKET_ARGS) {
			arg[n++] = strtoul(at + 1, &end, 0);
			at = end;
		}
		return at && at != word + size ? -EINVAL : known->put(p, arg);
	}
	return -EINVAL;
}

int packet_build(struct packet *packet, uint16_t seed, const char *words)
{
	memset(packet, 0, offsetof(struct packet, data));
	memset(&packet->seed, 0, sizeof(*packet) - offsetof(struct packet, seed));
	packet->seed = seed;
	packet->noise = seed * 2654435761U;
	while (*words) {
		size_t size = strcspn(words, " ");
		int r = size ? build_word(packet, words, size) : 0;

		if (r)
			return r;
		words += size + strspn(words + size, " ");
	}
	fill_lengths(packet);
	return 0;
}
