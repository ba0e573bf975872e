/* SPDX-License-Identifier: MIT */
/* Tests on flow keys, and their order. Pure; any thread. */
#include "flow.h"

#include <endian.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "flow_protocol.h"

/* Families in the order of tuples: IPv4 and ARP, IPv6, sums. */
enum family {
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILY_SUM,
};

static enum family family_of(const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return FAMILY_SUM;
	return key->ethertype == ETH_P_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

bool flow_key_is_ip(const struct flow_key *key)
{
	return flow_key_sum(key) == FLOW_SUM_NONE &&
	       (key->ethertype == ETH_P_IP || key->ethertype == ETH_P_IPV6);
}

enum flow_numbers flow_key_numbers(const struct flow_key *key)
{
	if (flow_key_is_ip(key))
		return flow_protocols[key->ipproto].numbers;
	return key->ethertype == ETH_P_ARP && flow_key_sum(key) == FLOW_SUM_NONE
		       ? FLOW_NUMBERS_ARP
		       : FLOW_NUMBERS_NONE;
}

bool flow_key_has_ports(const struct flow_key *key)
{
	return flow_key_is_ip(key) && flow_protocols[key->ipproto].numbers == FLOW_NUMBERS_PORTS;
}

static void put_be16(uint8_t to[2], uint16_t number)
{
	to[0] = (uint8_t)(number >> 8);
	to[1] = (uint8_t)number;
}

int flow_key_compare(const struct flow_key *a, const struct flow_key *b)
{
	int order = (int)family_of(a) - (int)family_of(b);

	if (!order)
		order = memcmp(a->src, b->src, sizeof(a->src));
	if (!order)
		order = (int)a->sport - (int)b->sport;
	if (!order)
		order = memcmp(a->dst, b->dst, sizeof(a->dst));
	if (!order)
		order = (int)a->dport - (int)b->dport;
	if (!order)
		order = (int)a->ethertype - (int)b->ethertype;
	if (!order)
		order = (int)a->ipproto - (int)b->ipproto;
	/* The slot stands above the direction, so this is interface, then direction. */
	return order ? order : (int)a->where - (int)b->where;
}

uint64_t flow_key_order_word(const struct flow_key *key, unsigned int word)
{
	struct {
		uint8_t family;
		uint8_t src[16];
		uint8_t sport[2];
		uint8_t dst[16];
		uint8_t dport[2];
		uint8_t ethertype[2];
		uint8_t ipproto;
	} order;
	uint64_t words[FLOW_ORDER_WORDS];

	_Static_assert(sizeof(order) == sizeof(words), "a byte for each byte");
	order.family = (uint8_t)family_of(key);
	memcpy(order.src, key->src, sizeof(order.src));
	put_be16(order.sport, key->sport);
	memcpy(order.dst, key->dst, sizeof(order.dst));
	put_be16(order.dport, key->dport);
	put_be16(order.ethertype, key->ethertype);
	order.ipproto = key->ipproto;
	memcpy(words, &order, sizeof(words));
	return be64toh(words[word]);
}

struct flow_key flow_key_of_sum(enum flow_sum sum, uint16_t detail, uint16_t ethertype,
				uint8_t where)
{
	struct flow_key key;

	memset(&key, 0, sizeof(key));
	key.sport = (uint16_t)sum;
	key.dport = detail;
	key.ethertype = ethertype;
	key.ipproto = FLOW_PROTO_NONE;
	key.where = where;
	return key;
}

static enum flow_class class_of_ethertype(uint16_t ethertype)
{
	switch (ethertype) {
	case ETH_P_IP:
	case ETH_P_IPV6: return FLOW_CLASS_IP;
	case ETH_P_ARP: return FLOW_CLASS_ARP;
	default: return FLOW_CLASS_NONIP;
	}
}

static enum flow_class class_of_sum(const struct flow_key *key)
{
	switch (flow_key_sum(key)) {
	case FLOW_SUM_MAP_FULL:
	case FLOW_SUM_AGED:
	case FLOW_SUM_REMAINDER:
	case FLOW_SUM_GONE:
		return key->dport < FLOW_CLASSES ? (enum flow_class)key->dport : FLOW_CLASS_MIXED;
	case FLOW_SUM_ARP_OFF: return FLOW_CLASS_ARP;
	default: return class_of_ethertype(key->ethertype);
	}
}

enum flow_class flow_key_class(const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return class_of_sum(key);
	if (!flow_key_is_ip(key))
		return class_of_ethertype(key->ethertype);
	switch (key->ipproto) {
	case IPPROTO_TCP: return FLOW_CLASS_TCP;
	case IPPROTO_UDP: return FLOW_CLASS_UDP;
	case IPPROTO_ICMP: return FLOW_CLASS_ICMPV4;
	case IPPROTO_ICMPV6: return FLOW_CLASS_ICMPV6;
	default: return FLOW_CLASS_IP;
	}
}
