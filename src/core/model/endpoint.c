/* SPDX-License-Identifier: MIT */
/* The ends of a flow as text; see endpoint.h. Keeps nothing; any thread. */
#include "endpoint.h"

#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_protocol.h"

/* ":443" */
static void put_detail_number(char *to, const char *end, uint16_t number)
{
	char digits[8];
	size_t length = 0;

	do
		digits[length++] = (char)('0' + number % 10);
	while (number /= 10);
	if (to + length + 2 > end)
		return;
	*to++ = ':';
	while (length)
		*to++ = digits[--length];
	*to = '\0';
}

/* By hand: a filter may ask for the text of every row there is. */
static char *put_port(const struct flow_key *key, const uint8_t address[16], uint16_t port,
		      char *text, size_t size)
{
	bool brackets = key->ethertype == ETH_P_IPV6;
	char *end;

	if (size < 8)
		return flow_address_text(key, address, text, size);
	if (brackets)
		*text = '[';
	flow_address_text(key, address, text + brackets, size - 2);
	end = text + strlen(text);
	if (brackets && end + 1 < text + size)
		*end++ = ']';
	*end = '\0';
	put_detail_number(end, text + size, port);
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
