/* SPDX-License-Identifier: MIT */
/* The frame builder's headers below IP: Ethernet, tags, LLC, PPPoE, MPLS, ARP. Any thread. */
#include "packet_put.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

int packet_put_eth(struct packet *p, const unsigned long *arg)
{
	static const uint8_t macs[12] = {2, 0, 0, 0xee, 0xee, 2, 2, 0, 0, 0xee, 0xee, 1};
	int r = packet_put(p, macs, sizeof(macs));

	(void)arg;
	if (r)
		return r;
	packet_expect(p, PACKET_NEXT_ETHERTYPE, p->size);
	return packet_put(p, NULL, 2);
}

static int put_tag(struct packet *p, unsigned int tpid, unsigned long tci)
{
	size_t at = p->size;
	int r = packet_link(p, tpid, 0, -1);

	if (!r)
		r = packet_put(p, NULL, 4);
	if (r)
		return r;
	packet_set16(p, at, tci);
	packet_expect(p, PACKET_NEXT_ETHERTYPE, at + 2);
	return 0;
}

int packet_put_vlan(struct packet *p, const unsigned long *arg)
{
	return put_tag(p, 0x8100, arg[0]);
}

int packet_put_qinq(struct packet *p, const unsigned long *arg)
{
	return put_tag(p, 0x88a8, arg[0]);
}

int packet_put_ethertype(struct packet *p, const unsigned long *arg)
{
	if (p->next != PACKET_NEXT_ETHERTYPE)
		return -EINVAL;
	packet_set16(p, p->next_at, arg[0]);
	p->next = PACKET_NEXT_NONE;
	return 0;
}

int packet_put_llc(struct packet *p, const unsigned long *arg)
{
	const uint8_t llc[3] = {(uint8_t)arg[0], (uint8_t)arg[1], 3};
	int r;

	if (p->next != PACKET_NEXT_ETHERTYPE)
		return -EINVAL;
	r = packet_open_length(p, PACKET_802_3, p->next_at);
	p->next = PACKET_NEXT_NONE;
	return r ? r : packet_put(p, llc, sizeof(llc));
}

int packet_put_snap(struct packet *p, const unsigned long *arg)
{
	const unsigned long saps[PACKET_ARGS] = {0xaa, 0xaa};
	size_t at = p->size;
	int r = packet_put_llc(p, saps);

	if (!r)
		r = packet_put(p, NULL, 5);
	if (r)
		return r;
	packet_set8(p, at + 3, arg[0] >> 16);
	packet_set16(p, at + 4, arg[0]);
	packet_expect(p, PACKET_NEXT_ETHERTYPE, at + 6);
	return 0;
}

int packet_put_pppoe(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size;
	bool session = arg[0] == 0;
	int r = packet_link(p, session ? 0x8864 : 0x8863, 0, -1);

	if (!r)
		r = packet_put(p, NULL, session ? 8 : 6);
	if (!r)
		r = packet_open_length(p, PACKET_PPPOE, at);
	if (r)
		return r;
	packet_set8(p, at, 0x11);
	packet_set8(p, at + 1, arg[0]);
	packet_set16(p, at + 2, session ? 77 : 0);
	if (session)
		packet_expect(p, PACKET_NEXT_PPP, at + 6);
	return 0;
}

int packet_put_ppp(struct packet *p, const unsigned long *arg)
{
	return p->next == PACKET_NEXT_PPP ? packet_link(p, 0, (unsigned int)arg[0], -1) : -EINVAL;
}

int packet_put_mpls(struct packet *p, const unsigned long *arg)
{
	size_t at = p->size;
	int r;

	if (p->last_mpls)
		p->data[p->last_mpls + 2] &= 0xfe;
	r = packet_link(p, 0x8847, 0x281, -1);
	if (!r)
		r = packet_put(p, NULL, 4);
	if (r)
		return r;
	packet_set32(p, at, arg[0] << 12 | 1 << 8 | 64);
	p->last_mpls = at;
	return 0;
}

int packet_put_arp(struct packet *p, const unsigned long *arg)
{
	static const uint8_t head[6] = {0, 1, 8, 0, 6, 4};
	uint8_t source[16], destination[16],
		body[22] = {0, (uint8_t)arg[0], 2, 0, 0, 0xee, 0xee, 1};
	int r = packet_link(p, 0x0806, 0, -1);

	packet_address(p->seed, 4, source, destination);
	memcpy(body + 8, source + 12, 4);
	memcpy(body + 18, destination + 12, 4);
	if (!p->networks++)
		p->network = p->size;
	if (!r)
		r = packet_put(p, head, sizeof(head));
	return r ? r : packet_put(p, body, sizeof(body));
}
