/* SPDX-License-Identifier: MIT */
/* What the two halves of the filter's parser share; for filter.c and filter_term.c only. */
#ifndef PKTSTAT_FILTER_TERM_H
#define PKTSTAT_FILTER_TERM_H

#include "filter_private.h"

/* The word the parser looks at is text[begin..end); `word` and `length` are it without quotes. */
struct filter_parser {
	const char *text;
	size_t begin, end;
	const char *word;
	size_t length;
	bool quoted;
	struct filter *filter;
	char *why;
	size_t size;
	size_t *ret_column;
};

void filter_next(struct filter_parser *parser);
bool filter_at_end(const struct filter_parser *parser);
bool filter_is(const struct filter_parser *parser, const char *keyword);
/* Goes on when it is that keyword. */
bool filter_accept(struct filter_parser *parser, const char *keyword);
/* Says what is wrong with the word looked at; returns -EINVAL. */
int filter_fail(struct filter_parser *parser, const char *why);
int filter_add(struct filter_parser *parser, const struct filter_node *node, unsigned int *ret_at);

/* One term without operators and brackets. */
int filter_parse_term(struct filter_parser *parser, unsigned int *ret_at);

#endif
