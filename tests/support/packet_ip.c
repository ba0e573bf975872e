/* SPDX-License-Identifier: MIT */
/* The frame builder's IP headers, extension headers and what stands behind them. Any thread. */
#include "packet_put.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int put_ip(struct packet *p, int version, const uint8_t *header, size_t size)
{
	int r = version == 4 ? packet_link(p, 0x0800, 0x21, 4) : packet_link(p, 0x86dd, 0x57, 41);

	if (!p->networks++)
		p->network = p->size;
	p->last_ip = p->size;
	p->last_ip_version = version;
	packet_expect(p, PACKET_NEXT_IP, p->size + (version == 4 ? 9 : 6));
	if (!r)
		r = packet_open_length(p, version == 4 ? PACKET_IP4 : PACKET_IP6, p->size);
	return r ? r : packet_put(p, header, size);
}

int packet_put_ip4(struct packet *p, const unsigned long *arg)
{
	uint8_t source[16], destination[16], header[20] = {0x45, [8] = 64, [9] = 253};

	(void)arg;
	packet_address(p->seed, 4, source, destination);
	memcpy(header + 12, source + 12, 4);
	memcpy(header + 16, destination + 12, 4);
	header[12] = p->networks ? 10 : header[12];
	return put_ip(p, 4, header, sizeof(header));
}

int packet_put_ip6(struct packet *p, const unsigned long *arg)
{
	uint8_t header[40] = {0x60, [6] = 253, [7] = 64};

	(void)arg;
	packet_address(p->seed, 6, header + 8, header + 24);
	header[8] = p->networks ? 0xfd : header[8];
	return put_ip(p, 6, header, sizeof(header));
}

int packet_put_opt(struct packet *p, const unsigned long *arg)
{
	uint8_t options[40];

	if (p->size != p->last_ip + 20 || p->last_ip_version != 4 || arg[0] % 4 || arg[0] > 40)
		return -EINVAL;
	memset(options, 1, sizeof(options)); /* no operation */
	packet_set8(p, p->last_ip, 0x45 + arg[0] / 4);
	return packet_put(p, options, arg[0]);
}

static int put_extension(struct packet *p, int ipproto, unsigned long units)
{
	size_t at = p->size;
	int r = packet_link_ip(p, ipproto);

	if (!r)
		r = packet_put(p, NULL, 8 * (1 + units));
	if (r)
		return r;
	packet_set8(p, at + 1, units);
	packet_set16(p, at + 2,
		     0x0104); /* PadN; as a routing header: type 1, no segments matter here */
	if (ipproto == 43)
		packet_set16(p, at + 2, 0);
	packet_expect(p, PACKET_NEXT_IP, at);
	return 0;
}

int packet_put_hop(struct packet *p, const unsigned long *arg)
{
	return put_extension(p, 0, arg[0]);
}

int packet_put_dst(struct packet *p, const unsigned long *arg)
{
	return put_extension(p, 60, arg[0]);
}

int packet_put_rt(struct packet *p, const unsigned long *arg)
{
	return put_extension(p, 43, arg[0]);
}

int packet_put_frag(struct packet *p, const unsigned long *arg)
{
	unsigned long offset = arg[1] / 8;
	size_t at = p->size;
	int r;

	if (p->last_ip_version == 4) {
		packet_set16(p, p->last_ip + 4, arg[0]);
		packet_set16(p, p->last_ip + 6, offset | (arg[2] ? 0x2000 : 0));
		return 0;
	}
	r = put_extension(p, 44, 0);
	if (r)
		return r;
	packet_set16(p, at, 0);
	packet_set16(p, at + 2, offset << 3 | (arg[2] ? 1 : 0));
	packet_set32(p, at + 4, arg[0]);
	packet_expect(p, PACKET_NEXT_IP, at);
	return 0;
}

/* A transport header of `size` bytes that begins with two port numbers. */
static int put_ports(struct packet *p, int ipproto, const unsigned long *arg, size_t size)
{
	size_t at = p->size;
	int r = packet_link_ip(p, ipproto);

	if (!r)
		r = packet_put(p, NULL, size);
	if (r)
		return r;
	packet_set16(p, at, arg[0]);
	packet_set16(p, at + 2, arg[1]);
	p->transport = at;
	p->transport_proto = ipproto;
	return 0;
}

int packet_put_tcp(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size;
	int r = arg[2] % 4 || arg[2] < 20 || arg[2] > 60 ? -EINVAL : put_ports(p, 6, arg, arg[2]);

	if (r)
		return r;
	packet_set8(p, at + 12, arg[2] / 4 << 4);
	packet_set8(p, at + 13, 0x10);
	memset(p->data + at + 20, 1, arg[2] - 20);
	return 0;
}

int packet_put_udp(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size;
	int r = put_ports(p, 17, arg, 8);

	return r ? r : packet_open_length(p, PACKET_UDP, at);
}

int packet_put_udplite(struct packet *p, const unsigned long *arg)
{
	return put_ports(p, 136, arg, 8);
}

int packet_put_sctp(struct packet *p, const unsigned long *arg)
{
	return put_ports(p, 132, arg, 12);
}

int packet_put_dccp(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size;
	int r = put_ports(p, 33, arg, 16);

	if (r)
		return r;
	packet_set8(p, at + 4, 4);	    /* data offset, words */
	packet_set8(p, at + 8, 2 << 1 | 1); /* type data, long sequence number */
	return 0;
}

static int put_pair(struct packet *p, int ipproto, const unsigned long *arg, size_t size)
{
	size_t at = p->size;
	int r = packet_link_ip(p, ipproto);

	if (!r)
		r = packet_put(p, NULL, size);
	if (r)
		return r;
	packet_set8(p, at, arg[0]);
	packet_set8(p, at + 1, arg[1]);
	return 0;
}

int packet_put_icmp(struct packet *p, const unsigned long *arg)
{
	return put_pair(p, 1, arg, 8);
}

int packet_put_icmp6(struct packet *p, const unsigned long *arg)
{
	return put_pair(p, 58, arg, 8);
}

int packet_put_ospf(struct packet *p, const unsigned long *arg)
{
	const unsigned long head[PACKET_ARGS] = {arg[1], arg[0]};
	size_t at = p->size, size = arg[1] == 3 ? 36 : 44;
	int r = put_pair(p, 89, head, size);

	if (r)
		return r;
	packet_set16(p, at + 2, size);
	return 0;
}

int packet_put_esp(struct packet *p, const unsigned long *arg)
{
	const unsigned long halves[PACKET_ARGS] = {arg[0] >> 16, arg[0]};

	return put_ports(p, 50, halves, 8);
}

int packet_put_ah(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size;
	int r = packet_link_ip(p, 51);

	if (!r)
		r = packet_put(p, NULL, 24);
	if (r)
		return r;
	packet_set8(p, at + 1, 4);
	packet_set32(p, at + 4, arg[0]);
	packet_expect(p, PACKET_NEXT_IP, at);
	return 0;
}

int packet_put_gre(struct packet *p, const unsigned long *arg)
{
	return put_ports(p, 47, arg, arg[0] & 0x2000 ? 8 : 4);
}

int packet_put_proto(struct packet *p, const unsigned long *arg)
{
	return packet_link_ip(p, (int)arg[0]);
}
