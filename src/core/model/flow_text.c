/* SPDX-License-Identifier: MIT */
/* Addresses, ends and protocol details of flows as text. Pure; any thread. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "flow.h"

/* A number and its name. */
struct number_name {
	uint16_t number;
	const char *name;
};

#define NAME_OF(table, number) find_number_name(table, ARRAY_SIZE(table), number)

static const char *find_number_name(const struct number_name *table, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].number == number)
			return table[i].name;
	}
	return NULL;
}

static char *copy(const char *from, char *text, size_t size)
{
	snprintf(text, size, "%s", from);
	return text;
}

/* The name, or the number in decimal where there is none. */
static char *name_or_number(const char *name, unsigned int number, char *text, size_t size)
{
	if (name)
		return copy(name, text, size);
	snprintf(text, size, "%u", number);
	return text;
}

/*
 * Addresses are written by hand: inet_ntop() takes several times as long, which shows in a report
 * of a million flows, and it prints all of ::/96 as if it held IPv4 addresses.
 */
/* clang-format off */
#define TEN(length, ...)                                                            \
	{length, __VA_ARGS__ '0'}, {length, __VA_ARGS__ '1'}, {length, __VA_ARGS__ '2'}, \
	{length, __VA_ARGS__ '3'}, {length, __VA_ARGS__ '4'}, {length, __VA_ARGS__ '5'}, \
	{length, __VA_ARGS__ '6'}, {length, __VA_ARGS__ '7'}, {length, __VA_ARGS__ '8'}, \
	{length, __VA_ARGS__ '9'}
#define TENS(length, ...)                                                             \
	TEN(length, __VA_ARGS__ '1',), TEN(length, __VA_ARGS__ '2',),                  \
	TEN(length, __VA_ARGS__ '3',), TEN(length, __VA_ARGS__ '4',),                  \
	TEN(length, __VA_ARGS__ '5',), TEN(length, __VA_ARGS__ '6',),                  \
	TEN(length, __VA_ARGS__ '7',), TEN(length, __VA_ARGS__ '8',),                  \
	TEN(length, __VA_ARGS__ '9',)

/* How many digits an octet has, and the digits. */
static const char octet_text[][4] = {
	TEN(1, ), TENS(2, ),
	TEN(3, '1', '0',), TENS(3, '1',),
	TEN(3, '2', '0',), TENS(3, '2',),
};
/* clang-format on */

/* Always copies three digits, which is faster than as many as there are: takes room for two more. */
static char *put_ipv4(char *to, const uint8_t address[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*to++ = '.';
		memcpy(to, octet_text[address[i]] + 1, 3);
		to += octet_text[address[i]][0];
	}
	return to;
}

static char *put_hex(char *to, uint16_t number)
{
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned int digit = number >> shift & 0xf;

		begun = begun || digit || !shift;
		if (begun)
			*to++ = "0123456789abcdef"[digit];
	}
	return to;
}

/* The longest run of zero groups, the first of equals, of two or more: RFC 5952, 4.2. */
static void zero_run(const uint16_t group[8], int *ret_begin, int *ret_length)
{
	int begin = -1, length = 1;

	for (int i = 0; i < 8; i++) {
		int end = i;

		while (end < 8 && !group[end])
			end++;
		if (end - i > length) {
			begin = i;
			length = end - i;
		}
		i = end;
	}
	*ret_begin = begin;
	*ret_length = length;
}

static char *put_groups(char *to, const uint16_t group[8])
{
	int run, length;

	zero_run(group, &run, &length);
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			*to++ = ':';
			*to++ = ':';
			i += length - 1;
			continue;
		}
		if (i && i != run + length)
			*to++ = ':';
		to = put_hex(to, group[i]);
	}
	return to;
}

static char *put_ipv6(char *to, const uint8_t address[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint16_t group[8];

	if (memcmp(address, mapped, sizeof(mapped)) == 0) {
		memcpy(to, "::ffff:", 7);
		return put_ipv4(to + 7, address + 12);
	}
	for (int i = 0; i < 8; i++)
		group[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
	return put_groups(to, group);
}

char *flow_address_text(const struct flow_key *key, const uint8_t address[16], char *text,
			size_t size)
{
	char whole[INET6_ADDRSTRLEN];
	char *end;

	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return copy("", text, size);
	end = key->ethertype == ETH_P_IPV6 ? put_ipv6(whole, address)
					   : put_ipv4(whole, address + 12);
	*end++ = '\0';
	if ((size_t)(end - whole) > size)
		return copy(whole, text, size);
	memcpy(text, whole, (size_t)(end - whole));
	return text;
}

static const struct number_name icmpv4_types[] = {
	{0, "echo-reply"},	     {3, "unreachable"},
	{4, "source-quench"},	     {5, "redirect"},
	{8, "echo-request"},	     {9, "router-advert"},
	{10, "router-solicit"},	     {11, "time-exceeded"},
	{12, "parameter-problem"},   {13, "timestamp-request"},
	{14, "timestamp-reply"},     {15, "information-request"},
	{16, "information-reply"},   {17, "mask-request"},
	{18, "mask-reply"},	     {42, "extended-echo-request"},
	{43, "extended-echo-reply"},
};

/* Codes of ICMPv4 type 3 that say more than "unreachable". */
static const struct number_name icmpv4_unreachable[] = {
	{0, "net-unreachable"},	 {1, "host-unreachable"}, {2, "proto-unreachable"},
	{3, "port-unreachable"}, {4, "frag-needed"},	  {5, "source-route-failed"},
	{9, "net-prohibited"},	 {10, "host-prohibited"}, {13, "admin-prohibited"},
};

static const struct number_name icmpv6_types[] = {
	{1, "unreachable"},
	{2, "packet-too-big"},
	{3, "time-exceeded"},
	{4, "parameter-problem"},
	{128, "echo-request"},
	{129, "echo-reply"},
	{130, "mld-query"},
	{131, "mld-report"},
	{132, "mld-done"},
	{133, "router-solicit"},
	{134, "router-advert"},
	{135, "neighbor-solicit"},
	{136, "neighbor-advert"},
	{137, "redirect"},
	{143, "mldv2-report"},
	{160, "extended-echo-request"},
	{161, "extended-echo-reply"},
};

static const struct number_name icmpv6_unreachable[] = {
	{0, "no-route"},	 {1, "admin-prohibited"}, {2, "beyond-scope"},
	{3, "addr-unreachable"}, {4, "port-unreachable"}, {5, "policy-failed"},
	{6, "reject-route"},
};

static const char *icmp_unreachable_name(const struct flow_key *key)
{
	if (key->ipproto == IPPROTO_ICMPV6)
		return key->sport == 1 ? NAME_OF(icmpv6_unreachable, key->dport) : NULL;
	return key->sport == 3 ? NAME_OF(icmpv4_unreachable, key->dport) : NULL;
}

char *flow_icmp_text(const struct flow_key *key, char *text, size_t size)
{
	const char *name = icmp_unreachable_name(key);

	if (name)
		return copy(name, text, size);
	name = key->ipproto == IPPROTO_ICMPV6 ? NAME_OF(icmpv6_types, key->sport)
					      : NAME_OF(icmpv4_types, key->sport);
	if (name && !key->dport)
		return copy(name, text, size);
	if (name)
		snprintf(text, size, "%s/%u", name, key->dport);
	else
		snprintf(text, size, "%u/%u", key->sport, key->dport);
	return text;
}

char *flow_arp_text(uint16_t operation, char *text, size_t size)
{
	static const struct number_name names[] = {
		{1, "request"}, {2, "reply"}, {3, "rev-req"}, {4, "rev-reply"}};

	return name_or_number(NAME_OF(names, operation), operation, text, size);
}

char *flow_ospf_text(uint16_t type, char *text, size_t size)
{
	static const struct number_name names[] = {
		{1, "Hello"}, {2, "DBDesc"}, {3, "LSReq"}, {4, "LSUpd"}, {5, "LSAck"}};

	return name_or_number(NAME_OF(names, type), type, text, size);
}

char *flow_gre_text(uint16_t protocol, char *text, size_t size)
{
	static const struct number_name names[] = {{0x0800, "IPv4"},	 {0x86dd, "IPv6"},
						   {0x6558, "TransEth"}, {0x8847, "MPLS"},
						   {0x8848, "MPLS-MC"},	 {0x0806, "ARP"}};
	const char *name = NAME_OF(names, protocol);

	if (name)
		return copy(name, text, size);
	snprintf(text, size, "0x%04x", protocol);
	return text;
}

/* The service access points of 802.2 seen in the field. Source: IEEE 802 numbers. */
static const struct number_name sap_names[] = {
	{0x00, "null"}, {0x06, "IP"},  {0x42, "STP"},	  {0x98, "ARP"},
	{0xaa, "SNAP"}, {0xe0, "IPX"}, {0xf0, "NetBIOS"}, {0xfe, "OSI"},
};

static char *ethertype_text(uint16_t ethertype, const char *rest, char *text, size_t size)
{
	const char *name = flow_ethertype_name(ethertype);

	snprintf(text, size, "EtherType 0x%04x%s%s%s", ethertype, name ? " " : "", name ? name : "",
		 rest);
	return text;
}

/* "IPv4 cut short": what is wrong with a header, which is that of `ethertype`. */
static char *fault_text(uint16_t ethertype, const char *fault, char *text, size_t size)
{
	const char *name = flow_ethertype_name(ethertype);

	/* Before the EtherType was read, it is 0. */
	if (!ethertype)
		name = "Ethernet header";
	if (!name)
		return ethertype_text(ethertype, fault, text, size);
	snprintf(text, size, "%s%s", name, fault);
	return text;
}

static char *llc_text(uint16_t saps, char *text, size_t size)
{
	unsigned int dsap = saps >> 8;
	const char *name = NAME_OF(sap_names, (uint16_t)dsap);

	snprintf(text, size, "802.2 LLC DSAP 0x%02x%s%s", dsap, name ? " " : "", name ? name : "");
	return text;
}

char *flow_sum_text(const struct flow_key *key, char *text, size_t size)
{
	const char *what = NULL;

	switch (flow_key_sum(key)) {
	case FLOW_SUM_ETHERTYPE:
		if (key->ethertype == ETH_P_802_2)
			return llc_text(key->dport, text, size);
		return ethertype_text(key->ethertype, "", text, size);
	case FLOW_SUM_TRUNCATED: return fault_text(key->ethertype, " cut short", text, size);
	case FLOW_SUM_MALFORMED: return fault_text(key->ethertype, " malformed", text, size);
	case FLOW_SUM_ARP_OFF: return copy("ARP (--no-arp)", text, size);
	case FLOW_SUM_MAP_FULL: what = "flow map full"; break;
	case FLOW_SUM_AGED: what = "over --max-flows"; break;
	case FLOW_SUM_REMAINDER: what = "remainder"; break;
	case FLOW_SUM_GONE: what = "interfaces gone"; break;
	case FLOW_SUM_UNSEEN: return copy("not seen: socket buffer full", text, size);
	case FLOW_SUM_NONE: return copy("", text, size);
	}
	if (!what)
		snprintf(text, size, "sum %u", key->sport);
	else
		snprintf(text, size, "%s: %s", what, flow_class_name(flow_key_class(key)));
	return text;
}

/* The ends of a flow as the tables show them. */

static char *put_port_number(char *to, uint16_t number)
{
	char digits[8];
	size_t length = 0;

	do
		digits[length++] = (char)('0' + number % 10);
	while (number /= 10);
	while (length)
		*to++ = digits[--length];
	return to;
}

/* "[2001:db8::7]:443", at most END_MAX letters without an end mark: a filter may ask for every row's text. */
#define END_MAX (INET6_ADDRSTRLEN + 8)

static char *put_endpoint(char *to, const struct flow_key *key, const uint8_t address[16],
			  uint16_t port)
{
	if (key->ethertype == ETH_P_IPV6) {
		*to++ = '[';
		to = put_ipv6(to, address);
		*to++ = ']';
	} else {
		to = put_ipv4(to, address + 12);
	}
	*to++ = ':';
	return put_port_number(to, port);
}

static char *put_port(const struct flow_key *key, const uint8_t address[16], uint16_t port,
		      char *text, size_t size)
{
	char whole[END_MAX + 1];

	if (size > END_MAX) {
		*put_endpoint(text, key, address, port) = '\0';
		return text;
	}
	*put_endpoint(whole, key, address, port) = '\0';
	return copy(whole, text, size);
}

_Static_assert(ENDPOINTS_TEXT_MAX > 2 * END_MAX + 1, "room for both ends");

char *endpoints_with_ports(const struct flow_key *key, char text[ENDPOINTS_TEXT_MAX])
{
	char *to = put_endpoint(text, key, key->src, key->sport);

	*to++ = '\n';
	*put_endpoint(to, key, key->dst, key->dport) = '\0';
	return text;
}

/* What the numbers in place of ports mean; empty when they mean nothing. */
static void detail_text(const struct flow_key *key, char *text, size_t size)
{
	*text = '\0';
	switch (flow_key_numbers(key)) {
	case FLOW_NUMBERS_ICMP: flow_icmp_text(key, text, size); break;
	case FLOW_NUMBERS_SPI:
		snprintf(text, size, "spi 0x%08x", (unsigned int)key->sport << 16 | key->dport);
		break;
	case FLOW_NUMBERS_GRE: flow_gre_text(key->sport, text, size); break;
	case FLOW_NUMBERS_OSPF: flow_ospf_text(key->sport, text, size); break;
	case FLOW_NUMBERS_ARP: flow_arp_text(key->sport, text, size); break;
	case FLOW_NUMBERS_NONE:
	case FLOW_NUMBERS_PORTS: break;
	}
}

char *endpoint_source(const struct flow_key *key, char *text, size_t size)
{
	char address[FLOW_TEXT_MAX];
	char detail[FLOW_TEXT_MAX];

	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return flow_sum_text(key, text, size);
	if (flow_key_has_ports(key))
		return put_port(key, key->src, key->sport, text, size);
	flow_address_text(key, key->src, address, sizeof(address));
	detail_text(key, detail, sizeof(detail));
	snprintf(text, size, "%s%s%s", address, *detail ? " " : "", detail);
	return text;
}

char *endpoint_destination(const struct flow_key *key, char *text, size_t size)
{
	if (flow_key_has_ports(key))
		return put_port(key, key->dst, key->dport, text, size);
	return flow_address_text(key, key->dst, text, size);
}

char *endpoint_source_named(const struct flow_key *key, const char *name, char *text, size_t size)
{
	char detail[FLOW_TEXT_MAX];

	if (flow_key_has_ports(key)) {
		snprintf(text, size, "%s:%u", name, key->sport);
		return text;
	}
	detail_text(key, detail, sizeof(detail));
	snprintf(text, size, "%s%s%s", name, *detail ? " " : "", detail);
	return text;
}

char *endpoint_destination_named(const struct flow_key *key, const char *name, char *text,
				 size_t size)
{
	if (flow_key_has_ports(key))
		snprintf(text, size, "%s:%u", name, key->dport);
	else
		snprintf(text, size, "%s", name);
	return text;
}
