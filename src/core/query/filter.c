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

/* One operator, bracket or word; `quoted` words are never keywords. */
static void scan(struct filter_parser *parser)
{
	const char *at = parser->text + parser->end;
	size_t length;

	at += strspn(at, " \t");
	parser->begin = (size_t)(at - parser->text);
	parser->quoted = *at == '"';
	if (parser->quoted) {
		length = strcspn(at + 1, "\"");
		parser->end = parser->begin + 1 + length + (at[1 + length] == '"');
		parser->word = at + 1;
		parser->length = length;
		return;
	}
	length = strcspn(at, " \t()!&|<>=\"");
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

static int parse_or(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at);

static int parse_not(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at)
{
	struct filter_node node = {.test = FILTER_NOT};
	int err;

	if (depth > FILTER_DEPTH_MAX) {
		filter_fail(parser, "nested too deep");
		return -E2BIG;
	}
	if (filter_accept(parser, "not") || filter_accept(parser, "!")) {
		err = parse_not(parser, depth + 1, &node.left);
		return err ? err : filter_add(parser, &node, ret_at);
	}
	if (!filter_accept(parser, "("))
		return filter_parse_term(parser, ret_at);
	err = parse_or(parser, depth + 1, ret_at);
	if (!err && !filter_accept(parser, ")"))
		err = filter_fail(parser, "a ) is missing");
	return err;
}

static bool ends_and(const struct filter_parser *parser)
{
	return filter_at_end(parser) || filter_is(parser, ")") || filter_is(parser, "or") ||
	       filter_is(parser, "||");
}

static int parse_and(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at)
{
	unsigned int at;
	int err = parse_not(parser, depth, &at);

	while (!err && !ends_and(parser)) {
		struct filter_node node = {.test = FILTER_AND, .left = at};

		if (!filter_accept(parser, "and"))
			filter_accept(parser, "&&");
		err = parse_not(parser, depth, &node.right);
		if (!err)
			err = filter_add(parser, &node, &at);
	}
	if (!err)
		*ret_at = at;
	return err;
}

static int parse_or(struct filter_parser *parser, unsigned int depth, unsigned int *ret_at)
{
	unsigned int at;
	int err = parse_and(parser, depth, &at);

	while (!err && (filter_accept(parser, "or") || filter_accept(parser, "||"))) {
		struct filter_node node = {.test = FILTER_OR, .left = at};

		err = parse_and(parser, depth, &node.right);
		if (!err)
			err = filter_add(parser, &node, &at);
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
	err = parse_or(parser, 0, &parser->filter->root);
	if (!err && !filter_at_end(parser))
		err = filter_fail(parser, "there is no ( for this");
	return err;
}

int filter_parse(const char *text, struct filter **ret_filter, char *why, size_t size,
		 size_t *ret_column)
{
	struct filter_parser parser = {
		.text = text, .why = why, .size = size, .ret_column = ret_column};
	int err;

	if (text[strspn(text, " \t")] == '\0') {
		*ret_filter = NULL;
		return 0;
	}
	parser.filter = calloc(1, sizeof(*parser.filter));
	if (!parser.filter)
		return -ENOMEM;
	err = parse_all(&parser);
	if (err)
		free(parser.filter);
	else
		*ret_filter = parser.filter;
	return err;
}

void filter_free(struct filter *filter)
{
	free(filter);
}
