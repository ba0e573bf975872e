/* SPDX-License-Identifier: MIT */
/*
 * Reading a filter: a scanner, and a parser by recursive descent; see filter.h. What they know
 * lives in a struct of the one call; the filter belongs to the caller.
 */
#include "filter_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter_term.h"

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

bool filter_accept_not(struct filter_parser *parser)
{
	return filter_accept(parser, "not") || filter_accept(parser, "!");
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

static int parse_any(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at);

/* "not", brackets, or a term. */
static int parse_not(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_NOT};
	int err;

	if (depth > FILTER_DEPTH_MAX) {
		filter_fail(parser, "nested too deep");
		return -E2BIG;
	}
	if (filter_accept_not(parser)) {
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
