/* SPDX-License-Identifier: MIT */
/*
 * The words of the filter language, those of pcap-filter(7) that flows cannot answer, and those
 * that other tools use. Constant; any thread.
 */
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "filter_private.h"
#include "flow.h"
#include "format.h"

#define NO_VLAN	   "flows keep no VLAN tags; use iface of the VLAN"
#define NO_TUNNEL  "flows keep no labels and sessions; what is inside is counted"
#define NO_SIZE	   "flows keep no frame sizes; use bytes, packets, bps or pps"
#define NO_LINK	   "flows keep no link-layer headers; use host, net or iface"
#define NO_MANY	   "flows keep no link-layer addresses; use ip multicast"
#define NO_GATEWAY "flows keep no MAC addresses to tell gateways; use net"
#define NO_BYTES   "flows keep no packet bytes; use host, net, port or proto"
#define NO_CHAIN   "flows keep the last protocol of the headers; use proto"
#define NO_LLC	   "flows keep no LLC protocol; use other, or the name in quotes"
#define USE_IFACE  "write iface NAME"

#define PROTO(name, test, number)                           \
	{                                                   \
		name, FILTER_ROLE_PROTO, test, number, NULL \
	}
#define ABOUT(name, test)                              \
	{                                              \
		name, FILTER_ROLE_ABOUT, test, 0, NULL \
	}
#define ROLE(name, role, value)                                   \
	{                                                         \
		name, FILTER_ROLE_##role, FILTER_AND, value, NULL \
	}
#define REFUSED(name, why)                                    \
	{                                                     \
		name, FILTER_ROLE_REFUSED, FILTER_AND, 0, why \
	}
#define FOREIGN(name, why)                                    \
	{                                                     \
		name, FILTER_ROLE_FOREIGN, FILTER_AND, 0, why \
	}

static const struct filter_keyword keywords[] = {
	ROLE("and", OPERATOR, 0),
	ROLE("or", OPERATOR, 0),
	ROLE("not", OPERATOR, 0),
	ROLE("in", DIR, FLOW_IN),
	ROLE("out", DIR, FLOW_OUT),
	ROLE("inbound", DIR, FLOW_IN),
	ROLE("outbound", DIR, FLOW_OUT),
	ROLE("src", SIDE, FILTER_SRC),
	ROLE("dst", SIDE, FILTER_DST),
	ROLE("host", KIND, FILTER_KIND_HOST),
	ROLE("net", KIND, FILTER_KIND_NET),
	ROLE("port", KIND, FILTER_KIND_PORT),
	ROLE("portrange", KIND, FILTER_KIND_PORTRANGE),
	ROLE("proto", KIND, FILTER_KIND_PROTO),
	ROLE("bps", FIELD, FILTER_BPS),
	ROLE("pps", FIELD, FILTER_PPS),
	ROLE("packets", FIELD, FILTER_PACKETS),
	ROLE("bytes", FIELD, FILTER_BYTES),
	ABOUT("pid", FILTER_PID),
	ABOUT("uid", FILTER_UID),
	ABOUT("comm", FILTER_COMM),
	ABOUT("exe", FILTER_EXE),
	ABOUT("user", FILTER_USER),
	ABOUT("cgroup", FILTER_CGROUP),
	ABOUT("container", FILTER_CONTAINER),
	ABOUT("app", FILTER_APP),
	ABOUT("sni", FILTER_SNI),
	ABOUT("site", FILTER_SITE),
	ABOUT("initiator", FILTER_INITIATOR),
	ABOUT("name", FILTER_NAME),
	ABOUT("iface", FILTER_IFACE),
	PROTO("ip", FILTER_ETHERTYPE, ETH_P_IP),
	PROTO("ip4", FILTER_ETHERTYPE, ETH_P_IP),
	PROTO("ipv4", FILTER_ETHERTYPE, ETH_P_IP),
	PROTO("ip6", FILTER_ETHERTYPE, ETH_P_IPV6),
	PROTO("ipv6", FILTER_ETHERTYPE, ETH_P_IPV6),
	PROTO("arp", FILTER_ETHERTYPE, ETH_P_ARP),
	PROTO("rarp", FILTER_OTHER_ETHERTYPE, ETH_P_RARP),
	PROTO("decnet", FILTER_OTHER_ETHERTYPE, ETH_P_DNA_RT),
	PROTO("lat", FILTER_OTHER_ETHERTYPE, ETH_P_LAT),
	PROTO("sca", FILTER_OTHER_ETHERTYPE, ETH_P_SCA),
	PROTO("moprc", FILTER_OTHER_ETHERTYPE, ETH_P_DNA_RC),
	PROTO("mopdl", FILTER_OTHER_ETHERTYPE, ETH_P_DNA_DL),
	PROTO("carp", FILTER_IPPROTO, 112),
	PROTO("other", FILTER_SUM, 0),
	ROLE("ether", ETHER, 0),
	REFUSED("link", NO_LINK),
	REFUSED("fddi", NO_LINK),
	REFUSED("wlan", NO_LINK),
	REFUSED("tr", NO_LINK),
	REFUSED("ppp", NO_LINK),
	REFUSED("slip", NO_LINK),
	REFUSED("radio", NO_LINK),
	REFUSED("vlan", NO_VLAN),
	REFUSED("mpls", NO_TUNNEL),
	REFUSED("pppoed", NO_TUNNEL),
	REFUSED("pppoes", NO_TUNNEL),
	REFUSED("geneve", NO_TUNNEL),
	REFUSED("vxlan", NO_TUNNEL),
	REFUSED("less", NO_SIZE),
	REFUSED("greater", NO_SIZE),
	REFUSED("len", NO_SIZE),
	REFUSED("broadcast", NO_MANY),
	REFUSED("multicast", NO_MANY),
	REFUSED("gateway", NO_GATEWAY),
	REFUSED("protochain", NO_CHAIN),
	REFUSED("ifindex", USE_IFACE),
	REFUSED("ifname", USE_IFACE),
	REFUSED("llc", NO_LLC),
	REFUSED("stp", NO_LLC),
	REFUSED("ipx", NO_LLC),
	REFUSED("netbeui", NO_LLC),
	REFUSED("atalk", NO_LLC),
	REFUSED("aarp", NO_LLC),
	REFUSED("iso", NO_LLC),
	REFUSED("clnp", NO_LLC),
	REFUSED("esis", NO_LLC),
	REFUSED("isis", NO_LLC),
	FOREIGN("dport", "write dst port N"),
	FOREIGN("sport", "write src port N"),
	FOREIGN("daddr", "write dst host ADDRESS"),
	FOREIGN("saddr", "write src host ADDRESS"),
	FOREIGN("ports", "write port N or M, or portrange N-M"),
	FOREIGN("addr", "write host ADDRESS"),
	FOREIGN("address", "write host ADDRESS"),
	FOREIGN("dev", USE_IFACE),
	FOREIGN("interface", USE_IFACE),
	FOREIGN("process", "write comm TEXT"),
	FOREIGN("unit", "write container TEXT"),
	FOREIGN("service", "write port NAME, or container TEXT for a unit"),
	FOREIGN("dir", "write in or out"),
	FOREIGN("ingress", "write in"),
	FOREIGN("egress", "write out"),
	FOREIGN("size", NO_SIZE),
	FOREIGN("length", NO_SIZE),
	FOREIGN("rate", "write bps or pps, as bps > 1M"),
};

#define KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

const struct filter_keyword *filter_keyword(const char *word, size_t length)
{
	for (size_t i = 0; i < KEYWORDS; i++) {
		if (strlen(keywords[i].word) == length &&
		    strncasecmp(keywords[i].word, word, length) == 0)
			return &keywords[i];
	}
	return NULL;
}

bool filter_read_proto(const char *word, struct filter_node *node)
{
	const struct filter_keyword *keyword = filter_keyword(word, strlen(word));
	int ipproto;

	if (keyword && keyword->role == FILTER_ROLE_PROTO) {
		node->test = keyword->test;
		node->first = keyword->value;
		return true;
	}
	ipproto = flow_ipproto_of_name(word);
	node->test = FILTER_IPPROTO;
	node->first = (uint32_t)ipproto;
	return ipproto >= 0;
}

/* Words that people mean when they are near; what is refused is no help. */
static bool is_offered(const struct filter_keyword *keyword)
{
	return keyword->role != FILTER_ROLE_REFUSED && keyword->role != FILTER_ROLE_FOREIGN;
}

/* Keywords of protocols are in a table of their own, flow_protocols[]. */
const char *filter_word(size_t i)
{
	for (size_t at = 0; at < KEYWORDS; at++) {
		if (is_offered(&keywords[at]) && !i--)
			return keywords[at].word;
	}
	for (size_t at = 0; at < 256; at++) {
		if (flow_protocols[at].keyword && !i--)
			return flow_protocols[at].keyword;
	}
	return NULL;
}

bool filter_is_word(const char *word)
{
	const char *other;

	if (filter_keyword(word, strlen(word)))
		return true;
	for (size_t i = 0; (other = filter_word(i)); i++) {
		if (strcasecmp(other, word) == 0)
			return true;
	}
	return false;
}

#define OFFERS_MAX 3

static bool begins(const char *keyword, const char *word)
{
	return strncasecmp(keyword, word, strlen(word)) == 0;
}

/*
 * The keywords that are nearest or begin so, in the order of the table; 0 when there are none or too
 * many. One letter is near to anything, and two are no word that was mistyped.
 */
static size_t find_near(const char *word, const char *near[OFFERS_MAX])
{
	size_t length = strlen(word), least = length < 3 ? 0 : length < 6 ? 1 : 2, count = 0;
	const char *other;

	for (size_t i = 0; (other = filter_word(i)); i++) {
		size_t distance = edit_distance(word, other);

		least = distance < least ? distance : least;
	}
	for (size_t i = 0; (other = filter_word(i)) && length > 1; i++) {
		if (edit_distance(word, other) > least && !begins(other, word))
			continue;
		if (count == OFFERS_MAX)
			return 0;
		near[count++] = other;
	}
	return count;
}

static int fail_near(struct filter_parser *parser, const char *const near[OFFERS_MAX], size_t count)
{
	char why[128] = "no such keyword; did you mean ";
	size_t length = strlen(why);

	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(why + length, sizeof(why) - length, "%s%s",
					   !i		    ? ""
					   : i + 1 == count ? " or "
							    : ", ",
					   near[i]);
	snprintf(why + length, sizeof(why) - length, "? text needs quotes");
	return filter_fail(parser, why);
}

int filter_fail_unknown(struct filter_parser *parser)
{
	const struct filter_keyword *keyword = filter_keyword(parser->word, parser->length);
	const char *near[OFFERS_MAX];
	char word[FILTER_WORD_MAX];
	size_t count;

	if (keyword && keyword->why)
		return filter_fail(parser, keyword->why);
	filter_copy_word(parser, word);
	if (strchr(word, '['))
		return filter_fail(parser, NO_BYTES);
	if (*word && word[strspn(word, "0123456789")] == '\0')
		return filter_fail(parser, "a number needs a keyword, as port or pid");
	if (*word && word[strspn(word, "0123456789./")] == '\0')
		return filter_fail(parser, "an address needs a keyword: host, net, src or dst");
	count = find_near(word, near);
	if (count)
		return fail_near(parser, near, count);
	return filter_fail(parser, "no such keyword; text needs quotes");
}
