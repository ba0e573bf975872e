/* SPDX-License-Identifier: MIT */
/* Flow keys: names, addresses, sums, classes, and the order of tuples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

static struct flow_key ipv4_key(uint8_t ipproto, const char *src, uint16_t sport, const char *dst,
				uint16_t dport)
{
	struct flow_key key;

	memset(&key, 0, sizeof(key));
	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, src, key.src + 12), 1);
	assert_int_equal(inet_pton(AF_INET, dst, key.dst + 12), 1);
	key.sport = sport;
	key.dport = dport;
	key.ethertype = ETH_P_IP;
	key.ipproto = ipproto;
	return key;
}

static struct flow_key ipv6_key(uint8_t ipproto, const char *src)
{
	struct flow_key key;

	memset(&key, 0, sizeof(key));
	assert_int_equal(inet_pton(AF_INET6, src, key.src), 1);
	key.ethertype = ETH_P_IPV6;
	key.ipproto = ipproto;
	return key;
}

static struct flow_key sum_key(enum flow_sum sum, uint16_t detail, uint16_t ethertype)
{
	return flow_key_of_sum(sum, detail, ethertype, FLOW_WHERE(0, FLOW_IN));
}

static void ipproto_names(void **state)
{
	static const struct {
		uint8_t number;
		const char *name;
	} cases[] = {
		{0, "HOPOPT"},
		{1, "ICMPv4"},
		{2, "IGMP"},
		{4, "IP-ENCAP"},
		{6, "TCP"},
		{17, "UDP"},
		{33, "DCCP"},
		{41, "IPv6"},
		{43, "IPv6-Route"},
		{44, "IPv6-Frag"},
		{47, "GRE"},
		{50, "IPSEC-ESP"},
		{51, "IPSEC-AH"},
		{58, "IPv6-ICMP"},
		{59, "IPv6-NoNxt"},
		{73, "RSPF"},
		{88, "EIGRP"},
		{89, "OSPFIGP"},
		{93, "AX.25"},
		{103, "PIM"},
		{108, "IPCOMP"},
		{112, "VRRP"},
		{115, "L2TP"},
		{132, "SCTP"},
		{135, "Mobility-Header"},
		{136, "UDPLite"},
		{138, "MANET"},
		{143, "Ethernet"},
		{147, "BIT-EMU"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = ipv4_key(cases[i].number, "10.0.0.1", 0, "10.0.0.2", 0);

		assert_string_equal(flow_ipproto_name(cases[i].number), cases[i].name);
		assert_string_equal(flow_proto_name(&key), cases[i].name);
	}
	for (int i = 148; i < 256; i++)
		assert_null(flow_ipproto_name((uint8_t)i));
}

static void names_find_their_numbers(void **state)
{
	for (int i = 0; i < 256; i++) {
		const char *name = flow_ipproto_name((uint8_t)i);

		if (name)
			assert_int_equal(flow_ipproto_of_name(name), i);
		if (flow_protocols[i].keyword)
			assert_int_equal(flow_ipproto_of_name(flow_protocols[i].keyword), i);
	}
	assert_int_equal(flow_ipproto_of_name("icmpv6"), 58);
	assert_int_equal(flow_ipproto_of_name("udp-lite"), 136);
	assert_int_equal(flow_ipproto_of_name("igrp"), 9);
	assert_int_equal(flow_ipproto_of_name("tcp"), 6);
	assert_int_equal(flow_ipproto_of_name("icmp"), 1);
	assert_int_equal(flow_ipproto_of_name("ICMP6"), 58);
	assert_int_equal(flow_ipproto_of_name("esp"), 50);
	assert_int_equal(flow_ipproto_of_name("ah"), 51);
	assert_int_equal(flow_ipproto_of_name("ospf"), 89);
	assert_int_equal(flow_ipproto_of_name(""), -1);
	assert_int_equal(flow_ipproto_of_name("tcpp"), -1);
}

static void proto_names_of_the_rest(void **state)
{
	struct flow_key key = ipv4_key(200, "10.0.0.1", 0, "10.0.0.2", 0);

	assert_string_equal(flow_proto_name(&key), "Unknown");
	/* A packet may hold even the reserved number; without a kind of sum it is a flow. */
	key.ipproto = FLOW_PROTO_NONE;
	assert_string_equal(flow_proto_name(&key), "Unknown");
	assert_true(flow_key_is_ip(&key));
	key = ipv4_key(0, "10.0.0.1", 1, "10.0.0.2", 0);
	key.ethertype = ETH_P_ARP;
	assert_string_equal(flow_proto_name(&key), "ARP");
	assert_false(flow_key_is_ip(&key));
	key = sum_key(FLOW_SUM_ETHERTYPE, 0, 0x88cc);
	assert_string_equal(flow_proto_name(&key), "other");
	assert_false(flow_key_is_ip(&key));
	assert_string_equal(flow_ethertype_name(0x88cc), "LLDP");
	assert_null(flow_ethertype_name(0x1234));
}

static void ports_only_where_there_are_some(void **state)
{
	for (int i = 0; i < 256; i++) {
		struct flow_key key = ipv4_key((uint8_t)i, "10.0.0.1", 0, "10.0.0.2", 0);
		bool ports = i == 6 || i == 17 || i == 33 || i == 132 || i == 136;

		assert_int_equal(flow_key_has_ports(&key), ports);
		key.ethertype = ETH_P_ARP;
		assert_false(flow_key_has_ports(&key));
		assert_int_equal(flow_key_numbers(&key),
				 flow_key_sum(&key) ? FLOW_NUMBERS_NONE : FLOW_NUMBERS_ARP);
	}
}

static void classes(void **state)
{
	static const struct {
		uint8_t ipproto;
		enum flow_class class;
	} cases[] = {{6, FLOW_CLASS_TCP},     {17, FLOW_CLASS_UDP}, {1, FLOW_CLASS_ICMPV4},
		     {58, FLOW_CLASS_ICMPV6}, {47, FLOW_CLASS_IP},  {132, FLOW_CLASS_IP}};
	struct flow_key key;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		key = ipv4_key(cases[i].ipproto, "10.0.0.1", 0, "10.0.0.2", 0);
		assert_int_equal(flow_key_class(&key), cases[i].class);
	}
	key.ethertype = ETH_P_ARP;
	assert_int_equal(flow_key_class(&key), FLOW_CLASS_ARP);
	key = sum_key(FLOW_SUM_ETHERTYPE, 0, 0x88cc);
	assert_int_equal(flow_key_class(&key), FLOW_CLASS_NONIP);
	key = sum_key(FLOW_SUM_TRUNCATED, 0, ETH_P_IPV6);
	assert_int_equal(flow_key_class(&key), FLOW_CLASS_IP);
	key = sum_key(FLOW_SUM_ARP_OFF, 0, ETH_P_ARP);
	assert_int_equal(flow_key_class(&key), FLOW_CLASS_ARP);
	key = sum_key(FLOW_SUM_AGED, FLOW_CLASS_UDP, 0);
	assert_int_equal(flow_key_class(&key), FLOW_CLASS_UDP);
	key = sum_key(FLOW_SUM_REMAINDER, 999, 0);
	assert_int_equal(flow_key_class(&key), FLOW_CLASS_MIXED);
}

/* Neither goes below 0, whatever the other does. */
static void counts_above(void **state)
{
	const struct flow_counts few = {.packets = 5, .bytes = 100};
	const struct flow_counts other = {.packets = 3, .bytes = 700};
	struct flow_counts above = flow_counts_above(&few, &other);

	assert_int_equal(above.packets, 2);
	assert_int_equal(above.bytes, 0);
	above = flow_counts_above(&other, &few);
	assert_int_equal(above.packets, 0);
	assert_int_equal(above.bytes, 600);
}

static void sums_in_words(void **state)
{
	static const struct {
		enum flow_sum sum;
		uint16_t detail, ethertype;
		const char *text;
	} cases[] = {
		{FLOW_SUM_ETHERTYPE, 0, 0x88cc, "EtherType 0x88cc LLDP"},
		{FLOW_SUM_ETHERTYPE, 0, 0x1234, "EtherType 0x1234"},
		{FLOW_SUM_ETHERTYPE, 0, ETH_P_ARP, "EtherType 0x0806 ARP"},
		{FLOW_SUM_ETHERTYPE, 0x4242, ETH_P_802_2, "802.2 LLC DSAP 0x42 STP"},
		{FLOW_SUM_ETHERTYPE, 0x1112, ETH_P_802_2, "802.2 LLC DSAP 0x11"},
		{FLOW_SUM_TRUNCATED, 0, ETH_P_IP, "IPv4 cut short"},
		{FLOW_SUM_TRUNCATED, 0, ETH_P_ARP, "ARP cut short"},
		{FLOW_SUM_TRUNCATED, 0, 0x8100, "VLAN cut short"},
		{FLOW_SUM_TRUNCATED, 0, 0, "Ethernet header cut short"},
		{FLOW_SUM_TRUNCATED, 0, 0x1234, "EtherType 0x1234 cut short"},
		{FLOW_SUM_MALFORMED, 0, ETH_P_IPV6, "IPv6 malformed"},
		{FLOW_SUM_ARP_OFF, 0, ETH_P_ARP, "ARP (--no-arp)"},
		{FLOW_SUM_MAP_FULL, FLOW_CLASS_UDP, 0, "flow map full: UDP"},
		{FLOW_SUM_AGED, FLOW_CLASS_TCP, 0, "over --max-flows: TCP"},
		{FLOW_SUM_REMAINDER, FLOW_CLASS_MIXED, 0, "remainder: mixed"},
		{FLOW_SUM_GONE, FLOW_CLASS_UDP, 0, "interfaces gone: UDP"},
		{FLOW_SUM_UNSEEN, FLOW_CLASS_MIXED, 0, "not seen: socket buffer full"},
		{(enum flow_sum)99, 0, 0, "sum 99"},
	};
	char text[FLOW_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = sum_key(cases[i].sum, cases[i].detail, cases[i].ethertype);

		assert_string_equal(flow_sum_text(&key, text, sizeof(text)), cases[i].text);
		assert_string_equal(flow_address_text(&key, key.src, text, sizeof(text)), "");
	}
}

static void ipv4_addresses(void **state)
{
	static const char *const addresses[] = {"0.0.0.0", "10.0.0.4", "192.168.100.99",
						"255.255.255.255", "1.20.203.4"};
	char text[FLOW_TEXT_MAX];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct flow_key key = ipv4_key(6, addresses[i], 0, "10.0.0.1", 0);

		assert_string_equal(flow_address_text(&key, key.src, text, sizeof(text)),
				    addresses[i]);
		key.ethertype = ETH_P_ARP;
		assert_string_equal(flow_address_text(&key, key.src, text, sizeof(text)),
				    addresses[i]);
	}
}

/* Every octet in every place, against the C library. */
static void ipv4_addresses_like_the_library(void **state)
{
	char text[FLOW_TEXT_MAX], expected[INET_ADDRSTRLEN];
	struct flow_key key = ipv4_key(6, "0.0.0.0", 0, "10.0.0.1", 0);

	for (int i = 0; i < 256; i++) {
		for (int place = 0; place < 4; place++)
			key.src[12 + place] = (uint8_t)(i + place * 67);
		inet_ntop(AF_INET, key.src + 12, expected, sizeof(expected));
		assert_string_equal(flow_address_text(&key, key.src, text, sizeof(text)), expected);
	}
}

static void both_ends_with_ports(void **state)
{
	struct flow_key key = ipv4_key(6, "255.255.255.255", 65535, "10.0.0.1", 0);
	char text[ENDPOINTS_TEXT_MAX], cut[10];

	assert_string_equal(endpoints_with_ports(&key, text), "255.255.255.255:65535\n10.0.0.1:0");
	key = ipv6_key(17, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	memcpy(key.dst, key.src, sizeof(key.dst));
	key.sport = 1;
	key.dport = 65535;
	assert_string_equal(endpoints_with_ports(&key, text),
			    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1\n"
			    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	assert_string_equal(endpoint_source(&key, text, sizeof(text)),
			    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1");
	assert_string_equal(endpoint_destination(&key, cut, sizeof(cut)), "[ffff:fff");
}

static void ipv6_addresses(void **state)
{
	/* The right sides are those of RFC 5952. */
	static const char *const cases[][2] = {
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"},
		{"0:0:1::", "0:0:1::"},
		{"::1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
		{"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
		{"FE80::ABCD:EF", "fe80::abcd:ef"},
		{"::ffff:10.1.2.3", "::ffff:10.1.2.3"},
		{"::18.52.86.120", "::1234:5678"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	char text[FLOW_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = ipv6_key(6, cases[i][0]);

		assert_string_equal(flow_address_text(&key, key.src, text, sizeof(text)),
				    cases[i][1]);
	}
}

/* Random addresses with many zero groups, against the C library. */
static void ipv6_addresses_like_the_library(void **state)
{
	char text[FLOW_TEXT_MAX], expected[INET6_ADDRSTRLEN];
	struct flow_key key = ipv6_key(6, "::");

	srand(7);
	for (int i = 0; i < 20000; i++) {
		for (size_t byte = 0; byte < 16; byte += 2) {
			bool zero = rand() % 2;

			key.src[byte] = zero || rand() % 2 ? 0 : (uint8_t)rand();
			key.src[byte + 1] = zero ? 0 : (uint8_t)rand();
		}
		key.src[0] |= 0x20; /* not among those it takes for IPv4 */
		inet_ntop(AF_INET6, key.src, expected, sizeof(expected));
		assert_string_equal(flow_address_text(&key, key.src, text, sizeof(text)), expected);
	}
}

static void texts_are_cut_not_overrun(void **state)
{
	struct flow_key key = ipv6_key(6, "2001:db8:1:2:3:4:5:6");
	char text[8] = "zzzzzzz";

	assert_string_equal(flow_address_text(&key, key.src, text, 5), "2001");
	assert_int_equal(text[5], 'z');
	key = sum_key(FLOW_SUM_ETHERTYPE, 0, 0x88cc);
	assert_string_equal(flow_sum_text(&key, text, 5), "Ethe");
}

static void icmp_details(void **state)
{
	static const struct {
		uint8_t ipproto;
		uint16_t type, code;
		const char *text;
	} cases[] = {
		{1, 8, 0, "echo-request"},	  {1, 0, 0, "echo-reply"},
		{1, 3, 3, "port-unreachable"},	  {1, 3, 4, "frag-needed"},
		{1, 3, 15, "unreachable/15"},	  {1, 11, 0, "time-exceeded"},
		{1, 11, 1, "time-exceeded/1"},	  {1, 200, 0, "200/0"},
		{58, 128, 0, "echo-request"},	  {58, 1, 4, "port-unreachable"},
		{58, 135, 0, "neighbor-solicit"}, {58, 8, 3, "8/3"},
	};
	char text[FLOW_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = ipv4_key(cases[i].ipproto, "10.0.0.1", cases[i].type,
					       "10.0.0.2", cases[i].code);

		assert_string_equal(flow_icmp_text(&key, text, sizeof(text)), cases[i].text);
	}
}

static void other_details(void **state)
{
	char text[FLOW_TEXT_MAX];

	assert_string_equal(flow_arp_text(1, text, sizeof(text)), "request");
	assert_string_equal(flow_arp_text(2, text, sizeof(text)), "reply");
	assert_string_equal(flow_arp_text(3, text, sizeof(text)), "rev-req");
	assert_string_equal(flow_arp_text(4, text, sizeof(text)), "rev-reply");
	assert_string_equal(flow_arp_text(8, text, sizeof(text)), "8");
	assert_string_equal(flow_ospf_text(1, text, sizeof(text)), "Hello");
	assert_string_equal(flow_ospf_text(5, text, sizeof(text)), "LSAck");
	assert_string_equal(flow_ospf_text(6, text, sizeof(text)), "6");
	assert_string_equal(flow_gre_text(0x0800, text, sizeof(text)), "IPv4");
	assert_string_equal(flow_gre_text(0x86dd, text, sizeof(text)), "IPv6");
	assert_string_equal(flow_gre_text(0x6558, text, sizeof(text)), "TransEth");
	assert_string_equal(flow_gre_text(0x8847, text, sizeof(text)), "MPLS");
	assert_string_equal(flow_gre_text(0x8848, text, sizeof(text)), "MPLS-MC");
	assert_string_equal(flow_gre_text(0x0806, text, sizeof(text)), "ARP");
	assert_string_equal(flow_gre_text(0x88be, text, sizeof(text)), "0x88be");
	assert_string_equal(flow_gre_text(0x0b, text, sizeof(text)), "0x000b");
}

/* Keys in ascending order. */
static size_t ordered_keys(struct flow_key *key)
{
	size_t count = 0;

	key[count++] = ipv4_key(6, "9.0.0.1", 2000, "10.0.0.9", 1);
	key[count++] = ipv4_key(6, "10.0.0.1", 80, "10.0.0.2", 443);
	key[count++] = ipv4_key(17, "10.0.0.1", 80, "10.0.0.2", 443);
	key[count] = key[count - 1];
	key[count++].where = FLOW_WHERE(0, FLOW_OUT);
	key[count] = key[count - 1];
	key[count++].where = FLOW_WHERE(1, FLOW_IN);
	key[count++] = ipv4_key(6, "10.0.0.1", 80, "10.0.0.2", 444);
	key[count++] = ipv4_key(6, "10.0.0.1", 80, "10.0.0.3", 1);
	key[count++] = ipv4_key(6, "10.0.0.1", 256, "10.0.0.2", 1);
	key[count++] = ipv4_key(6, "255.0.0.1", 1, "10.0.0.2", 1);
	key[count++] = ipv6_key(6, "::1");
	key[count++] = ipv6_key(6, "::ffff:10.0.0.1");
	key[count++] = ipv6_key(6, "2001:db8::1");
	key[count++] = sum_key(FLOW_SUM_ETHERTYPE, 0, 0x88cc);
	key[count++] = sum_key(FLOW_SUM_TRUNCATED, 0, ETH_P_IP);
	return count;
}

static int order_of_words(const struct flow_key *a, const struct flow_key *b)
{
	for (unsigned int i = 0; i < FLOW_ORDER_WORDS; i++) {
		uint64_t of_a = flow_key_order_word(a, i), of_b = flow_key_order_word(b, i);

		if (of_a != of_b)
			return of_a < of_b ? -1 : 1;
	}
	return (int)a->where - (int)b->where;
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void order_of_tuples(void **state)
{
	struct flow_key key[20];
	size_t count = ordered_keys(key);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int expected = i == j ? 0 : i < j ? -1 : 1;

			assert_int_equal(sign(flow_key_compare(&key[i], &key[j])), expected);
			assert_int_equal(sign(order_of_words(&key[i], &key[j])), expected);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipproto_names),
		cmocka_unit_test(names_find_their_numbers),
		cmocka_unit_test(proto_names_of_the_rest),
		cmocka_unit_test(ports_only_where_there_are_some),
		cmocka_unit_test(classes),
		cmocka_unit_test(counts_above),
		cmocka_unit_test(sums_in_words),
		cmocka_unit_test(ipv4_addresses),
		cmocka_unit_test(ipv4_addresses_like_the_library),
		cmocka_unit_test(both_ends_with_ports),
		cmocka_unit_test(ipv6_addresses),
		cmocka_unit_test(ipv6_addresses_like_the_library),
		cmocka_unit_test(texts_are_cut_not_overrun),
		cmocka_unit_test(icmp_details),
		cmocka_unit_test(other_details),
		cmocka_unit_test(order_of_tuples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
