/* SPDX-License-Identifier: MIT */
/*
 * Reading a filter: a scanner, and a parser by recursive descent; see filter.h. What they know
 * lives in a struct of the one call; the filter belongs to the caller.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter_private.h"

#define SIGNS "()!&|<>=~"

/* One operator, bracket or word; `quoted` words are never keywords. */
static void scan(struct filter_parser *parser)
{
	const char *at = parser->text + parser->end;
	size_t length;

	at += strspn(at, " \t");
	parser->begin = (size_t)(at - parser->text);
	parser->quoted = *at == '"';
	parser->unclosed = false;
	if (parser->quoted) {
		length = strcspn(at + 1, "\"");
		parser->unclosed = at[1 + length] != '"';
		parser->end = parser->begin + 1 + length + !parser->unclosed;
		parser->word = at + 1;
		parser->length = length;
		return;
	}
	length = strcspn(at, " \t\"" SIGNS);
	if (!length && *at)
		length = strspn(at, *at == '&' ? "&" : *at == '|' ? "|" : "") ?: 1;
	if (length == 1 && strchr("<>=!", *at) && at[1] == '=')
		length = 2;
	parser->word = at;
	parser->length = length;
	parser->end = parser->begin + length;
}

void filter_next(struct filter_parser *parser)
{
	scan(parser);
}

bool filter_at_end(const struct filter_parser *parser)
{
	return !parser->quoted && parser->length == 0;
}

bool filter_at_sign(const struct filter_parser *parser)
{
	return !parser->quoted && parser->length && strchr(SIGNS, *parser->word);
}

bool filter_is(const struct filter_parser *parser, const char *keyword)
{
	return !parser->quoted && strlen(keyword) == parser->length &&
	       strncasecmp(parser->word, keyword, parser->length) == 0;
}

bool filter_accept(struct filter_parser *parser, const char *keyword)
{
	if (!filter_is(parser, keyword))
		return false;
	scan(parser);
	return true;
}

void filter_copy_word(const struct filter_parser *parser, char word[FILTER_WORD_MAX])
{
	size_t length = parser->length < FILTER_WORD_MAX ? parser->length : 0;

	memcpy(word, parser->word, length);
	word[length] = '\0';
}

int filter_fail(struct filter_parser *parser, const char *why)
{
	snprintf(parser->why, parser->size, "%s", why);
	*parser->ret_column = parser->begin;
	return -EINVAL;
}

int filter_begin(struct filter_parser *parser, unsigned int depth, bool *ret_negated)
{
	if (depth > FILTER_DEPTH_MAX) {
		filter_fail(parser, "nested too deep");
		return -E2BIG;
	}
	*ret_negated = filter_accept(parser, "not") || filter_accept(parser, "!");
	return 0;
}

int filter_add(struct filter_parser *parser, const struct filter_node *node, unsigned int *ret_at)
{
	struct filter *filter = parser->filter;

	if (filter->count == FILTER_NODES_MAX) {
		filter_fail(parser, "too many terms");
		return -E2BIG;
	}
	filter->node[filter->count] = *node;
	*ret_at = filter->count++;
	return 0;
}

int filter_finish(struct filter_parser *parser, const struct filter_node *node,
		  unsigned int *ret_at)
{
	int err = filter_add(parser, node, ret_at);

	if (!err)
		scan(parser);
	return err;
}

int filter_join(struct filter_parser *parser, enum filter_test test, unsigned int left,
		unsigned int right, unsigned int *ret_at)
{
	const struct filter_node node = {.test = test, .left = left, .right = right};

	return filter_add(parser, &node, ret_at);
}

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

/* A destination of many receivers, as in libpcap: 224.0.0.0 and up, ff00::/8. */
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
	node.of_ends = !node.word[strspn(node.word, "0123456789abcdef.:[]")];
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

/* One term without operators and brackets of its own. */
static int filter_parse_term(struct filter_parser *parser, unsigned int *ret_at)
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

static int parse_any(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at);

/* "not", brackets, or a term. */
static int parse_not(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_NOT};
	bool negated;
	int err = filter_begin(parser, depth, &negated);

	if (err)
		return err;
	if (negated) {
		err = parse_not(parser, depth + 1, &node.left);
		return err ? err : filter_add(parser, &node, ret_at);
	}
	if (!filter_accept(parser, "("))
		return filter_parse_term(parser, ret_at);
	err = parse_any(parser, depth + 1, ret_at);
	if (!err && !filter_accept(parser, ")"))
		err = filter_fail(parser, "missing )");
	return err;
}

static bool accept_operator(struct filter_parser *parser, enum filter_test *ret_test)
{
	*ret_test = filter_is(parser, "or") || filter_is(parser, "||") ? FILTER_OR : FILTER_AND;
	return filter_accept(parser, "or") || filter_accept(parser, "||") ||
	       filter_accept(parser, "and") || filter_accept(parser, "&&");
}

static bool ends_terms(const struct filter_parser *parser)
{
	return filter_at_end(parser) || filter_is(parser, ")") || filter_is(parser, "or") ||
	       filter_is(parser, "||") || filter_is(parser, "and") || filter_is(parser, "&&");
}

/* Terms side by side, which bind tighter than any operator but "not". */
static int parse_terms(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at)
{
	unsigned int at, right;
	int err = parse_not(parser, depth, &at);

	while (!err && !ends_terms(parser)) {
		parser->implied = false;
		err = parse_not(parser, depth, &right);
		if (!err)
			err = filter_join(parser, FILTER_AND, at, right, &at);
	}
	if (!err)
		*ret_at = at;
	return err;
}

/* "and" and "or" bind alike, from left to right, as in pcap-filter(7). */
static int parse_any(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at)
{
	unsigned int at, right;
	enum filter_test test;
	int err = parse_terms(parser, depth, &at);

	while (!err && accept_operator(parser, &test)) {
		parser->implied = true;
		err = parse_terms(parser, depth, &right);
		if (!err)
			err = filter_join(parser, test, at, right, &at);
	}
	if (!err)
		*ret_at = at;
	return err;
}

static int parse_all(struct filter_parser *parser)
{
	int err;

	if (strlen(parser->text) >= FILTER_TEXT_MAX) {
		parser->begin = FILTER_TEXT_MAX - 1;
		filter_fail(parser, "too long");
		return -E2BIG;
	}
	scan(parser);
	err = parse_any(parser, 0, &parser->filter->root);
	if (!err && !filter_at_end(parser))
		err = filter_fail(parser, "unmatched )");
	return err;
}

int filter_parse_named(const char *text, const struct services *services,
		       struct filter **ret_filter, char *why, size_t size, size_t *ret_column)
{
	struct filter_parser parser = {.text = text,
				       .services = services,
				       .why = why,
				       .size = size,
				       .ret_column = ret_column};
	int err;

	if (text[strspn(text, " \t")] == '\0') {
		*ret_filter = NULL;
		return 0;
	}
	parser.filter = calloc(1, sizeof(*parser.filter));
	if (!parser.filter)
		return -ENOMEM;
	err = parse_all(&parser);
	services_free(parser.own_services);
	if (err)
		free(parser.filter);
	else
		*ret_filter = parser.filter;
	return err;
}

int filter_parse(const char *text, struct filter **ret_filter, char *why, size_t size,
		 size_t *ret_column)
{
	return filter_parse_named(text, NULL, ret_filter, why, size, ret_column);
}

void filter_free(struct filter *filter)
{
	free(filter);
}

/* The terms of the filter language; see filter.h. Everything belongs to the one call. */
