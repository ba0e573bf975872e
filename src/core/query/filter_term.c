/* SPDX-License-Identifier: MIT */
/* The terms of the filter language; see filter.h. Everything belongs to the one call. */
#include "filter_term.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flow.h"

/* The word as text of its own; empty when it is longer than any that means something. */
static void copy_word(const struct filter_parser *parser, char word[FILTER_WORD_MAX])
{
	size_t length = parser->length < FILTER_WORD_MAX ? parser->length : 0;

	memcpy(word, parser->word, length);
	word[length] = '\0';
}

/* A whole number up to `most`; false when it is none. */
static bool read_number(const char *text, const char **ret_end, uint32_t most, uint32_t *ret_number)
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

static bool read_prefix(const char *text, struct filter_node *node)
{
	uint32_t length, most = node->ipv6 ? 128 : 32;

	if (!read_number(text, &text, most, &length) || *text)
		return false;
	node->prefix = 128 - most + length;
	return true;
}

/* An address, and a prefix length where `net` allows one. */
static bool read_address(const struct filter_parser *parser, bool net, struct filter_node *node)
{
	char word[FILTER_WORD_MAX];
	char *slash;

	copy_word(parser, word);
	slash = strchr(word, '/');
	if (slash)
		*slash++ = '\0';
	if (slash && !net)
		return false;
	node->prefix = 128;
	if (inet_pton(AF_INET6, word, node->address) == 1) {
		node->ipv6 = true;
	} else if (inet_pton(AF_INET, word, node->address + 12) == 1) {
		memset(node->address, 0, 10);
		node->address[10] = node->address[11] = 0xff;
		node->ipv6 = false;
	} else {
		return false;
	}
	return !slash || read_prefix(slash, node);
}

static int finish(struct filter_parser *parser, const struct filter_node *node,
		  unsigned int *ret_at)
{
	filter_next(parser);
	return filter_add(parser, node, ret_at);
}

static int parse_address(struct filter_parser *parser, bool net, struct filter_node *node,
			 unsigned int *ret_at)
{
	node->test = FILTER_NET;
	if (!read_address(parser, net, node))
		return filter_fail(parser, net ? "expected an address and length, as 10.0.0.0/8"
					       : "expected an address");
	return finish(parser, node, ret_at);
}

static int parse_ports(struct filter_parser *parser, bool range, struct filter_node *node,
		       unsigned int *ret_at)
{
	char word[FILTER_WORD_MAX];
	const char *at = word;
	bool good;

	copy_word(parser, word);
	node->test = FILTER_PORT;
	good = read_number(at, &at, UINT16_MAX, &node->first);
	node->last = node->first;
	if (good && range)
		good = *at++ == '-' && read_number(at, &at, UINT16_MAX, &node->last) &&
		       node->first <= node->last;
	if (!good || *at)
		return filter_fail(parser, range ? "expected two ports, as 8000-8999"
						 : "expected a port, 0 to 65535");
	return finish(parser, node, ret_at);
}

/* host, net, port and portrange, after src or dst or neither. */
static int parse_end(struct filter_parser *parser, enum filter_side side, unsigned int *ret_at,
		     bool *ret_taken)
{
	struct filter_node node = {.side = side};

	*ret_taken = true;
	if (filter_accept(parser, "host"))
		return parse_address(parser, false, &node, ret_at);
	if (filter_accept(parser, "net"))
		return parse_address(parser, true, &node, ret_at);
	if (filter_accept(parser, "port"))
		return parse_ports(parser, false, &node, ret_at);
	if (filter_accept(parser, "portrange"))
		return parse_ports(parser, true, &node, ret_at);
	if (side != FILTER_EITHER)
		return parse_address(parser, true, &node, ret_at);
	*ret_taken = false;
	return 0;
}

static bool read_relation(struct filter_parser *parser, unsigned int *ret_relation)
{
	static const struct {
		const char *sign;
		unsigned int relation;
	} signs[] = {
		{">", FILTER_GREATER},
		{">=", FILTER_GREATER | FILTER_EQUAL},
		{"<", FILTER_LESS},
		{"<=", FILTER_LESS | FILTER_EQUAL},
		{"=", FILTER_EQUAL},
		{"==", FILTER_EQUAL},
		{"!=", FILTER_LESS | FILTER_GREATER},
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (filter_accept(parser, signs[i].sign)) {
			*ret_relation = signs[i].relation;
			return true;
		}
	}
	return false;
}

/* A number with a decimal prefix, either case: 1M, 2.5k. */
static bool read_quantity(const struct filter_parser *parser, double *ret_value)
{
	static const char prefixes[] = "kmgt";
	char word[FILTER_WORD_MAX];
	const char *prefix;
	char *end;
	double value;

	copy_word(parser, word);
	/* strtod() would also take signs, hexadecimal numbers, "inf" and "nan". */
	if (strspn(word, "0123456789.") == 0)
		return false;
	value = strtod(word, &end);
	if (end != word + strspn(word, "0123456789."))
		return false;
	prefix = *end ? strchr(prefixes, tolower((unsigned char)*end)) : NULL;
	if (prefix) {
		for (const char *at = prefixes; at <= prefix; at++)
			value *= 1000.0;
		end++;
	}
	*ret_value = value;
	return *end == '\0';
}

static int parse_compare(struct filter_parser *parser, enum filter_field field,
			 unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_COMPARE, .field = field};

	if (!read_relation(parser, &node.relation))
		return filter_fail(parser, "expected one of > >= < <= = !=");
	if (!read_quantity(parser, &node.value))
		return filter_fail(parser, "expected a number, as 100 or 2.5M");
	parser->filter->uses_counts = true;
	return finish(parser, &node, ret_at);
}

/* Protocol names, and the words for families and sums. */
static bool read_proto(const char *word, struct filter_node *node)
{
	static const struct {
		const char *name;
		enum filter_test test;
		uint32_t number;
	} names[] = {
		{"arp", FILTER_ETHERTYPE, ETH_P_ARP},
		{"ip", FILTER_ETHERTYPE, ETH_P_IP},
		{"ip4", FILTER_ETHERTYPE, ETH_P_IP},
		{"ipv4", FILTER_ETHERTYPE, ETH_P_IP},
		{"ip6", FILTER_ETHERTYPE, ETH_P_IPV6},
		{"ipv6", FILTER_ETHERTYPE, ETH_P_IPV6},
		{"other", FILTER_SUM, 0},
	};
	int ipproto;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(word, names[i].name) == 0) {
			node->test = names[i].test;
			node->first = names[i].number;
			return true;
		}
	}
	ipproto = flow_ipproto_of_name(word);
	node->test = FILTER_IPPROTO;
	node->first = (uint32_t)ipproto;
	return ipproto >= 0;
}

static int parse_proto(struct filter_parser *parser, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_IPPROTO};
	char word[FILTER_WORD_MAX];
	const char *end = "";

	copy_word(parser, word);
	if (isdigit((unsigned char)*word)) {
		if (!read_number(word, &end, UINT8_MAX, &node.first) || *end)
			return filter_fail(parser, "expected a protocol, 0 to 255");
	} else if (!read_proto(word, &node)) {
		return filter_fail(parser, "there is no such protocol");
	}
	return finish(parser, &node, ret_at);
}

/* The word in lower case, to be searched for. */
static int read_text(struct filter_parser *parser, struct filter_node *node)
{
	if (filter_at_end(parser) || (!parser->quoted && strchr("()!&|<>=", *parser->word)))
		return filter_fail(parser, "expected text here");
	if (!parser->length)
		return filter_fail(parser, "expected text between the quotes");
	if (parser->length >= FILTER_WORD_MAX)
		return filter_fail(parser, "a word this long is never shown");
	copy_word(parser, node->word);
	for (char *at = node->word; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return 0;
}

/* Whose flow it is, what its hosts are called, where it was counted. */
static int parse_about(struct filter_parser *parser, enum filter_test test, unsigned int *ret_at)
{
	struct filter_node node = {.test = test};
	char word[FILTER_WORD_MAX];
	const char *end = "";
	int err;

	parser->filter->uses_owners |= test != FILTER_NAME && test != FILTER_IFACE;
	parser->filter->uses_names |= test == FILTER_NAME;
	if (test != FILTER_PID && test != FILTER_UID) {
		err = read_text(parser, &node);
		return err ? err : finish(parser, &node, ret_at);
	}
	copy_word(parser, word);
	if (!read_number(word, &end, UINT32_MAX, &node.first) || *end)
		return filter_fail(parser, test == FILTER_PID ? "expected the number of a process"
							      : "expected the number of a user");
	return finish(parser, &node, ret_at);
}

static int parse_abouts(struct filter_parser *parser, unsigned int *ret_at, bool *ret_taken)
{
	static const struct {
		const char *word;
		enum filter_test test;
	} words[] = {
		{"pid", FILTER_PID},	 {"uid", FILTER_UID},	    {"comm", FILTER_COMM},
		{"user", FILTER_USER},	 {"cgroup", FILTER_CGROUP}, {"name", FILTER_NAME},
		{"iface", FILTER_IFACE},
	};

	*ret_taken = true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (filter_accept(parser, words[i].word))
			return parse_about(parser, words[i].test, ret_at);
	}
	*ret_taken = false;
	return 0;
}

/* "tcp" is the protocol; what names none stays a word to search for. */
static void use_if_proto(struct filter_node *node)
{
	struct filter_node proto = *node;

	if (read_proto(node->word, &proto))
		*node = proto;
}

/* What no other rule takes is searched for. */
static int parse_word(struct filter_parser *parser, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_WORD};
	int err;

	if (filter_at_end(parser))
		return filter_fail(parser, "something is missing here");
	if (!parser->quoted && strchr("()!&|<>=", *parser->word))
		return filter_fail(parser, "this has nothing to work on");
	if (!parser->quoted && (filter_is(parser, "and") || filter_is(parser, "or")))
		return filter_fail(parser, "something is missing before this");
	err = read_text(parser, &node);
	if (err)
		return err;
	if (!parser->quoted)
		use_if_proto(&node);
	if (node.test == FILTER_WORD)
		parser->filter->uses_owners = parser->filter->uses_names = true;
	return finish(parser, &node, ret_at);
}

static int parse_dir(struct filter_parser *parser, enum flow_dir dir, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_DIR, .first = dir};

	return filter_add(parser, &node, ret_at);
}

int filter_parse_term(struct filter_parser *parser, unsigned int *ret_at)
{
	static const char *const fields[] = {"bps", "pps", "packets", "bytes"};
	enum filter_side side = FILTER_EITHER;
	bool taken;
	int err;

	if (filter_accept(parser, "in"))
		return parse_dir(parser, FLOW_IN, ret_at);
	if (filter_accept(parser, "out"))
		return parse_dir(parser, FLOW_OUT, ret_at);
	if (filter_accept(parser, "proto"))
		return parse_proto(parser, ret_at);
	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (filter_accept(parser, fields[i]))
			return parse_compare(parser, (enum filter_field)i, ret_at);
	}
	err = parse_abouts(parser, ret_at, &taken);
	if (err || taken)
		return err;
	if (filter_accept(parser, "src"))
		side = FILTER_SRC;
	else if (filter_accept(parser, "dst"))
		side = FILTER_DST;
	err = parse_end(parser, side, ret_at, &taken);
	return err || taken ? err : parse_word(parser, ret_at);
}
