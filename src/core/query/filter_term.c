/* SPDX-License-Identifier: MIT */
/* The terms of the filter language; see filter.h. Everything belongs to the one call. */
#include "filter_term.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

/* The keyword looked at; quoted words and signs are none. */
static const struct filter_keyword *keyword_at(const struct filter_parser *parser)
{
	return parser->quoted ? NULL : filter_keyword(parser->word, parser->length);
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

	filter_copy_word(parser, word);
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
	return filter_finish(parser, &node, ret_at);
}

static enum filter_side side_of(const struct filter_keyword *keyword)
{
	return keyword && keyword->role == FILTER_ROLE_SIDE ? (enum filter_side)keyword->value : 0;
}

/* "src", "dst", "src or dst", "src and dst"; what follows another "or" is the next term. */
static enum filter_side accept_side(struct filter_parser *parser)
{
	enum filter_side side = side_of(keyword_at(parser));
	struct filter_parser ahead;
	bool both;

	if (!side)
		return FILTER_EITHER;
	filter_next(parser);
	ahead = *parser;
	both = filter_accept(&ahead, "and") || filter_accept(&ahead, "&&");
	if (!both && !filter_accept(&ahead, "or") && !filter_accept(&ahead, "||"))
		return side;
	if (side_of(keyword_at(&ahead)) != FILTER_EITHER - side)
		return side;
	filter_next(&ahead);
	*parser = ahead;
	return both ? FILTER_BOTH : FILTER_EITHER;
}

/* What the qualifiers ask for follows; they are remembered for "port 80 or 443". */
static int parse_qualified(struct filter_parser *parser, const struct filter_qualifiers *qualifiers,
			   unsigned int *ret_at)
{
	parser->last = *qualifiers;
	return filter_parse_id(parser, qualifiers, 0, ret_at);
}

/* [src|dst] host|net|port|portrange, or an address after src or dst; `qualifiers` may have more. */
static int parse_end(struct filter_parser *parser, struct filter_qualifiers *qualifiers,
		     unsigned int *ret_at)
{
	const struct filter_keyword *keyword;

	qualifiers->side = accept_side(parser);
	qualifiers->kind = FILTER_KIND_ADDRESS;
	keyword = keyword_at(parser);
	if (keyword && keyword->role == FILTER_ROLE_REFUSED)
		return filter_fail(parser, keyword->why);
	if (keyword && keyword->role == FILTER_ROLE_KIND && keyword->value != FILTER_KIND_PROTO) {
		qualifiers->kind = (enum filter_kind)keyword->value;
		filter_next(parser);
	}
	return parse_qualified(parser, qualifiers, ret_at);
}

/* A destination that stands for many, as in libpcap: 224.0.0.0 and up, ff00::/8. */
static int parse_multicast(struct filter_parser *parser, const struct filter_node *family,
			   unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_NET, .side = FILTER_DST};
	uint8_t mask[16] = {0xff}, address[16] = {0xff};
	unsigned int at;
	int err;

	node.ipv6 = family->first == ETH_P_IPV6;
	if (!node.ipv6) {
		memset(mask, 0xff, 12);
		mask[12] = address[12] = 0xe0;
		address[0] = 0;
		address[10] = address[11] = 0xff;
	}
	memcpy(node.mask, mask, sizeof(mask));
	memcpy(node.address, address, sizeof(address));
	err = filter_finish(parser, &node, &at);
	/* ARP has addresses of IPv4, too. */
	if (!err)
		err = filter_add(parser, family, ret_at);
	return err ? err : filter_join(parser, FILTER_AND, *ret_at, at, ret_at);
}

/* A protocol alone, or before what it qualifies. */
static int parse_proto_term(struct filter_parser *parser, const struct filter_node *proto,
			    unsigned int *ret_at)
{
	struct filter_qualifiers qualifiers = {.has_proto = true, .proto = *proto};
	const struct filter_keyword *keyword;
	bool family = proto->test == FILTER_ETHERTYPE && proto->first != ETH_P_ARP;

	filter_next(parser);
	keyword = keyword_at(parser);
	if (keyword && (keyword->role == FILTER_ROLE_SIDE ||
			(keyword->role == FILTER_ROLE_KIND && keyword->value != FILTER_KIND_PROTO)))
		return parse_end(parser, &qualifiers, ret_at);
	if (family && filter_is(parser, "multicast"))
		return parse_multicast(parser, proto, ret_at);
	if (family && filter_accept(parser, "proto")) {
		qualifiers.kind = FILTER_KIND_PROTO;
		return parse_qualified(parser, &qualifiers, ret_at);
	}
	if (keyword && keyword->role == FILTER_ROLE_REFUSED)
		return filter_fail(parser, keyword->why);
	return filter_add(parser, proto, ret_at);
}

/* Of the link layer only the EtherType is kept. */
static int parse_ether(struct filter_parser *parser, unsigned int *ret_at)
{
	static const struct filter_qualifiers qualifiers = {.kind = FILTER_KIND_ETHER_PROTO};

	if (!filter_is(parser, "proto"))
		return filter_fail(parser, "flows keep no link-layer addresses; only ether proto");
	filter_next(parser);
	return parse_qualified(parser, &qualifiers, ret_at);
}

/* Text to search for: in quotes, or a word that is the whole filter. */
static int parse_text(struct filter_parser *parser, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_WORD};
	int err = filter_read_text(parser, &node);

	if (err)
		return err;
	parser->filter->uses_owners = parser->filter->uses_names = true;
	return filter_finish(parser, &node, ret_at);
}

static bool is_whole_filter(const struct filter_parser *parser)
{
	const char *rest = parser->text + parser->end;

	return strspn(parser->text, " \t") == parser->begin && !rest[strspn(rest, " \t")];
}

/* "tcp[13]", which libpcap takes for a byte of the header. */
static bool is_header_byte(const struct filter_parser *parser)
{
	struct filter_node node;
	char word[FILTER_WORD_MAX];
	char *bracket;

	filter_copy_word(parser, word);
	bracket = strchr(word, '[');
	if (!bracket)
		return false;
	*bracket = '\0';
	return filter_keyword(word, strlen(word)) || filter_read_proto(word, &node);
}

/* A word that is no keyword; `implied` are the qualifiers that it may take over. */
static int parse_word(struct filter_parser *parser, const struct filter_qualifiers *implied,
		      unsigned int *ret_at)
{
	struct filter_node proto = {0};
	char word[FILTER_WORD_MAX];

	if (filter_at_end(parser))
		return filter_fail(parser, "expected a condition here");
	if (parser->quoted)
		return parse_text(parser, ret_at);
	if (filter_at_sign(parser))
		return filter_fail(parser, "operator without operand");
	filter_copy_word(parser, word);
	if (filter_read_proto(word, &proto))
		return parse_proto_term(parser, &proto, ret_at);
	if (implied->kind != FILTER_KIND_NONE)
		return parse_qualified(parser, implied, ret_at);
	if (is_whole_filter(parser) && !is_header_byte(parser))
		return parse_text(parser, ret_at);
	return filter_fail_unknown(parser);
}

static int parse_dir(struct filter_parser *parser, uint32_t dir, unsigned int *ret_at)
{
	const struct filter_node node = {.test = FILTER_DIR, .first = dir};

	return filter_add(parser, &node, ret_at);
}

static int parse_keyword(struct filter_parser *parser, const struct filter_keyword *keyword,
			 unsigned int *ret_at)
{
	struct filter_qualifiers qualifiers = {.side = FILTER_EITHER, .test = keyword->test};

	switch (keyword->role) {
	case FILTER_ROLE_OPERATOR: return filter_fail(parser, "expected a condition before this");
	case FILTER_ROLE_REFUSED: return filter_fail(parser, keyword->why);
	case FILTER_ROLE_SIDE: return parse_end(parser, &qualifiers, ret_at);
	default: break;
	}
	filter_next(parser);
	switch (keyword->role) {
	case FILTER_ROLE_DIR: return parse_dir(parser, keyword->value, ret_at);
	case FILTER_ROLE_FIELD:
		return parse_compare(parser, (enum filter_field)keyword->value, ret_at);
	case FILTER_ROLE_ETHER: return parse_ether(parser, ret_at);
	case FILTER_ROLE_ABOUT: qualifiers.kind = FILTER_KIND_ABOUT; break;
	default: qualifiers.kind = (enum filter_kind)keyword->value; break;
	}
	return parse_qualified(parser, &qualifiers, ret_at);
}

int filter_parse_term(struct filter_parser *parser, unsigned int *ret_at)
{
	const struct filter_keyword *keyword = keyword_at(parser);
	struct filter_qualifiers implied = {0};

	if (parser->implied)
		implied = parser->last;
	parser->implied = false;
	parser->last.kind = FILTER_KIND_NONE;
	if (!keyword || keyword->role == FILTER_ROLE_PROTO || keyword->role == FILTER_ROLE_FOREIGN)
		return parse_word(parser, &implied, ret_at);
	return parse_keyword(parser, keyword, ret_at);
}
