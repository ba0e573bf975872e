/* SPDX-License-Identifier: MIT */
/*
 * What follows a keyword: an address, a network, a port, a protocol, a text; see
 * filter_private.h. The meaning of short addresses and of service names is that of libpcap. Everything
 * belongs to the one call.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "array.h"
#include "application.h"
#include "filter_private.h"
#include "flow.h"

bool filter_read_number(const char *text, const char **ret_end, uint32_t most, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || number > most)
		return false;
	*ret_end = end;
	*ret_number = (uint32_t)number;
	return true;
}

/* An address with the mask that says which bits of it count. */
struct network {
	uint8_t address[16], mask[16];
	bool ipv6;
	unsigned int octets; /* written, of IPv4 */
};

/* The first `bits` of the mask count, and all that makes an address one of IPv4. */
static void set_prefix(struct network *network, unsigned int bits)
{
	if (!network->ipv6)
		bits += 96;
	for (unsigned int i = 0; i < 16; i++, bits -= bits < 8 ? bits : 8)
		network->mask[i] = bits < 8 ? (uint8_t)(0xff00 >> bits) : 0xff;
}

/* One to four numbers with dots; those that are not written count as nothing. */
static bool read_ipv4(const char *word, struct network *network)
{
	uint32_t number;

	memset(network->address, 0, 16);
	network->address[10] = network->address[11] = 0xff;
	for (network->octets = 0; network->octets < 4;) {
		if (!filter_read_number(word, &word, UINT8_MAX, &number))
			return false;
		network->address[12 + network->octets++] = (uint8_t)number;
		if (*word != '.')
			break;
		word++;
	}
	network->ipv6 = false;
	set_prefix(network, 8 * network->octets);
	return !*word;
}

static bool read_address(char *word, struct network *network)
{
	network->octets = 4;
	if (inet_pton(AF_INET6, word, network->address) == 1) {
		network->ipv6 = true;
		set_prefix(network, 128);
		return true;
	}
	return read_ipv4(word, network);
}

static bool read_network(char *word, struct network *network)
{
	char *slash = strchr(word, '/');
	const char *end;
	uint32_t bits;

	if (slash)
		*slash++ = '\0';
	if (!read_address(word, network))
		return false;
	if (!slash)
		return true;
	if (!filter_read_number(slash, &end, network->ipv6 ? 128 : 32, &bits) || *end)
		return false;
	set_prefix(network, bits);
	return true;
}

static void use_network(const struct network *network, struct filter_node *node)
{
	node->test = FILTER_NET;
	node->ipv6 = network->ipv6;
	memcpy(node->address, network->address, sizeof(node->address));
	memcpy(node->mask, network->mask, sizeof(node->mask));
	for (int i = 0; i < 2; i++)
		node->address[i] &= node->mask[i];
}

/* "mask 255.255.0.0" behind a network of IPv4. */
static int parse_mask(struct filter_parser *parser, struct network *network)
{
	char word[FILTER_WORD_MAX];

	if (!filter_accept(parser, "mask") && !filter_accept(parser, "netmask"))
		return 0;
	filter_copy_word(parser, word);
	if (network->ipv6)
		return filter_fail(parser, "a mask is for IPv4; for IPv6 write net ADDRESS/LENGTH");
	if (inet_pton(AF_INET, word, network->mask + 12) != 1)
		return filter_fail(parser, "expected a mask, as 255.255.0.0");
	filter_next(parser);
	return 0;
}

static int parse_net(struct filter_parser *parser, struct filter_node *node, unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	struct network network;
	int err;

	filter_copy_word(parser, word);
	if (!read_network(word, &network))
		return filter_fail(parser, "expected a network, as 10.0.0.0/8");
	filter_next(parser);
	err = parse_mask(parser, &network);
	use_network(&network, node);
	return err ? err : filter_add(parser, node, ret_at);
}

/* A name that DNS could give, not a number. */
static bool is_host_name(const char *word)
{
	bool letter = false;

	for (const char *at = word; *at; at++) {
		letter |= isalpha((unsigned char)*at) != 0;
		if (!isalnum((unsigned char)*at) && !strchr(".-_", *at))
			return false;
	}
	return letter;
}

static int parse_name(struct filter_parser *parser, struct filter_node *node, unsigned int *ret_at)
{
	int err = filter_read_text(parser, node);
	size_t length = strlen(node->word);

	if (err)
		return err;
	if (length > 1 && node->word[length - 1] == '.')
		node->word[length - 1] = '\0';
	node->test = FILTER_HOST_NAME;
	parser->filter->uses_names = true;
	return filter_finish(parser, node, ret_at);
}

static int parse_host(struct filter_parser *parser, struct filter_node *node, unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	struct network network;

	filter_copy_word(parser, word);
	if (is_host_name(word) && !filter_is_word(word))
		return parse_name(parser, node, ret_at);
	if (!read_address(word, &network))
		return filter_fail(parser, strchr(word, '/')
						   ? "expected an address; for a network write net"
						   : "expected an address or a host name");
	if (network.octets < 4)
		return filter_fail(parser, "expected a whole address; for a network write net");
	use_network(&network, node);
	return filter_finish(parser, node, ret_at);
}

/* Behind src or dst alone: what is no keyword is an address, a network, or a name with a dot. */
static int parse_side_value(struct filter_parser *parser, struct filter_node *node,
			    unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	struct network network;

	filter_copy_word(parser, word);
	if (is_host_name(word) && strchr(word, '.'))
		return parse_name(parser, node, ret_at);
	if (!strpbrk(word, ".:") || !read_network(word, &network))
		return filter_fail(parser, "expected an address, or one of host, net, port");
	use_network(&network, node);
	return filter_finish(parser, node, ret_at);
}

/* The services are read when the first name is met, if the caller does not know them. */
static const struct services *known_services(struct filter_parser *parser)
{
	if (!parser->services && !services_new(&parser->own_services))
		parser->services = parser->own_services;
	return parser->services;
}

/*
 * A name that the database has for one protocol only means that protocol, as in libpcap. False:
 * there is no such service.
 */
static bool read_service(struct filter_parser *parser, const char *name, struct filter_node *node)
{
	const struct services *services = known_services(parser);
	int tcp = services ? services_port(services, IPPROTO_TCP, name) : -1;
	int udp = services ? services_port(services, IPPROTO_UDP, name) : -1;
	bool wants_udp = node->ipproto == IPPROTO_UDP || (!node->ipproto && tcp < 0);
	int port = wants_udp ? udp : tcp;

	if (port < 0)
		return false;
	if (!node->ipproto && tcp != udp)
		node->ipproto = wants_udp ? IPPROTO_UDP : IPPROTO_TCP;
	node->first = node->last = (uint32_t)port;
	return true;
}

static int parse_ports(struct filter_parser *parser, bool range, struct filter_node *node,
		       unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	const char *at = word;
	bool good;

	filter_copy_word(parser, word);
	node->test = FILTER_PORT;
	good = filter_read_number(at, &at, UINT16_MAX, &node->first);
	node->last = node->first;
	if (good && range && *at)
		good = *at++ == '-' && filter_read_number(at, &at, UINT16_MAX, &node->last) &&
		       node->first <= node->last;
	if (good && *at == '-')
		return filter_fail(parser, "expected one port; for two write portrange");
	if (range && (!good || *at))
		return filter_fail(parser, "expected two ports, as 8000-8999");
	if ((!good || *at) && !(isalpha((unsigned char)*word) && read_service(parser, word, node)))
		return filter_fail(parser, "expected a port, 0 to 65535, or a service name");
	return filter_finish(parser, node, ret_at);
}

/* libpcap requires a backslash before names that are keywords. */
static void copy_proto(const struct filter_parser *parser, char word[FILTER_WORD_MAX])
{
	filter_copy_word(parser, word);
	if (*word == '\\')
		memmove(word, word + 1, strlen(word));
}

static int parse_proto_value(struct filter_parser *parser, struct filter_node *node,
			     unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	const char *end = "";

	copy_proto(parser, word);
	node->test = FILTER_IPPROTO;
	if (isdigit((unsigned char)*word)) {
		if (!filter_read_number(word, &end, UINT8_MAX, &node->first) || *end)
			return filter_fail(parser, "expected a protocol, 0 to 255");
	} else if (!filter_read_proto(word, node)) {
		return filter_fail(parser, "expected a protocol, as tcp or 47");
	}
	return filter_finish(parser, node, ret_at);
}

/* A family or an EtherType in decimal or hexadecimal. */
static int parse_ether_proto(struct filter_parser *parser, struct filter_node *node,
			     unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	unsigned long number;
	char *end;

	copy_proto(parser, word);
	if (!isdigit((unsigned char)*word)) {
		if (!filter_read_proto(word, node) ||
		    (node->test != FILTER_ETHERTYPE && node->test != FILTER_OTHER_ETHERTYPE))
			return filter_fail(parser, "expected ip, ip6, arp or an EtherType");
		return filter_finish(parser, node, ret_at);
	}
	number = strtoul(word, &end, 0);
	if (*end || number > UINT16_MAX)
		return filter_fail(parser, "expected an EtherType, 0 to 0xffff");
	node->first = (uint32_t)number;
	node->test = number == ETH_P_IP || number == ETH_P_IPV6 || number == ETH_P_ARP
			     ? FILTER_ETHERTYPE
			     : FILTER_OTHER_ETHERTYPE;
	return filter_finish(parser, node, ret_at);
}

int filter_read_text(struct filter_parser *parser, struct filter_node *node)
{
	if (parser->unclosed)
		return filter_fail(parser, "missing closing quote");
	if (filter_at_end(parser) || filter_at_sign(parser))
		return filter_fail(parser, "expected text here");
	if (!parser->length)
		return filter_fail(parser, "expected text between the quotes");
	if (parser->length >= FILTER_WORD_MAX)
		return filter_fail(parser, "a word this long is never shown");
	filter_copy_word(parser, node->word);
	for (char *at = node->word; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return 0;
}

/* Owner, host names and interface of a flow. */
/* Who sent the SYN: an end of the flow, or a side of the interface. */
static bool is_initiator_word(const char *word)
{
	static const char *const words[] = {"near", "far", "src", "dst"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

static int parse_about(struct filter_parser *parser, struct filter_node *node, unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	const char *end = "";
	int err;

	parser->filter->uses_owners |= node->test != FILTER_NAME && node->test != FILTER_IFACE;
	parser->filter->uses_names |= node->test == FILTER_NAME;
	filter_copy_word(parser, word);
	if (node->test == FILTER_APP && application_of_name(word) == APPLICATION_UNKNOWN)
		return filter_fail(parser, "expected an application, as in app https");
	if (node->test == FILTER_INITIATOR && !is_initiator_word(word))
		return filter_fail(parser, "expected near, far, src or dst");
	if (node->test != FILTER_PID && (node->test != FILTER_UID || parser->quoted ||
					 (*word && !isdigit((unsigned char)*word)))) {
		if (node->test == FILTER_UID)
			node->test = FILTER_UID_NAME;
		err = filter_read_text(parser, node);
		return err ? err : filter_finish(parser, node, ret_at);
	}
	if (!filter_read_number(word, &end, UINT32_MAX, &node->first) || *end)
		return filter_fail(parser, node->test == FILTER_PID
						   ? "expected the number of a process"
						   : "expected a user, by number or name");
	return filter_finish(parser, node, ret_at);
}

static int parse_value(struct filter_parser *parser, const struct filter_qualifiers *qualifiers,
		       struct filter_node *node, unsigned int *ret_at)
{
	switch (qualifiers->kind) {
	case FILTER_KIND_ADDRESS: return parse_side_value(parser, node, ret_at);
	case FILTER_KIND_HOST: return parse_host(parser, node, ret_at);
	case FILTER_KIND_NET: return parse_net(parser, node, ret_at);
	case FILTER_KIND_PORT: return parse_ports(parser, false, node, ret_at);
	case FILTER_KIND_PORTRANGE: return parse_ports(parser, true, node, ret_at);
	case FILTER_KIND_PROTO: return parse_proto_value(parser, node, ret_at);
	case FILTER_KIND_ETHER_PROTO: return parse_ether_proto(parser, node, ret_at);
	case FILTER_KIND_ABOUT: return parse_about(parser, node, ret_at);
	case FILTER_KIND_NONE: break;
	}
	return filter_fail_unknown(parser);
}

/* One value, with the protocol in front of it. */
static int parse_one(struct filter_parser *parser, const struct filter_qualifiers *qualifiers,
		     unsigned int *ret_at)
{
	struct filter_node node = {.test = qualifiers->test, .side = qualifiers->side};
	bool ports =
		qualifiers->kind == FILTER_KIND_PORT || qualifiers->kind == FILTER_KIND_PORTRANGE;
	bool in_node = ports && qualifiers->proto.test == FILTER_IPPROTO;
	unsigned int proto;
	int err;

	if (filter_at_sign(parser) && strchr("<>=~!", *parser->word))
		return filter_fail(parser, "no sign here, as in port 443 or comm nginx");
	if (in_node)
		node.ipproto = qualifiers->proto.first;
	err = parse_value(parser, qualifiers, &node, ret_at);
	if (err || !qualifiers->has_proto || in_node)
		return err;
	err = filter_add(parser, &qualifiers->proto, &proto);
	return err ? err : filter_join(parser, FILTER_AND, proto, *ret_at, ret_at);
}

/* "(80 or 443)", the bracket being read already. */
static int parse_list(struct filter_parser *parser, const struct filter_qualifiers *qualifiers,
		      unsigned int depth, unsigned int *ret_at)
{
	int err = filter_parse_id(parser, qualifiers, depth, ret_at);

	while (!err && !filter_accept(parser, ")")) {
		enum filter_test test = FILTER_OR;
		unsigned int right;

		if (filter_accept(parser, "and") || filter_accept(parser, "&&"))
			test = FILTER_AND;
		else if (!filter_accept(parser, "or") && !filter_accept(parser, "||"))
			return filter_fail(parser, "expected and, or, or )");
		err = filter_parse_id(parser, qualifiers, depth, &right);
		if (!err)
			err = filter_join(parser, test, *ret_at, right, ret_at);
	}
	return err;
}

int filter_parse_id(struct filter_parser *parser, const struct filter_qualifiers *qualifiers,
		    unsigned int depth, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_NOT};
	bool negated;
	int err = filter_begin(parser, depth, &negated);

	if (err)
		return err;
	if (negated) {
		err = filter_parse_id(parser, qualifiers, depth + 1, &node.left);
		return err ? err : filter_add(parser, &node, ret_at);
	}
	if (filter_accept(parser, "("))
		return parse_list(parser, qualifiers, depth + 1, ret_at);
	return parse_one(parser, qualifiers, ret_at);
}
