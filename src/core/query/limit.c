/* SPDX-License-Identifier: MIT */
/*
 * A limit is three filters made of one: what selects flows, what is compared, and the same comparison
 * with a margin, so that a value at the limit does not switch it on and off.
 */
#include "limit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_private.h"
#include "flow.h"
#include "format.h"
#include "clock.h"

/* How far beyond the limit a value must be for it to be over. */
#define MARGIN 0.1

struct limit {
	char text[LIMIT_TEXT_MAX];
	struct filter *selection;
	struct filter *comparison; /* exceeded */
	struct filter *margin;	   /* still exceeded */
	bool selects;		   /* not every flow */
	uint64_t for_ns;
	struct flow_counts delta, total;
	struct flow_counts previous; /* the delta of the previous interval, */
	uint64_t previous_ns;	     /* which took so long */
	bool was_first;		     /* and was not judged */
	double bps, pps;
	uint64_t held_ns; /* for how long the comparison has held */
	bool exceeded;
	unsigned int times;
	int64_t since_wall_ns;
};

/* The conditions of a tree, on behalf of limit_parse(). */
struct split {
	struct filter *selection, *comparison;
	unsigned int selected, compared;
};

static bool compares(const struct filter *filter, unsigned int at)
{
	const struct filter_node *node = &filter->node[at];

	switch (node->test) {
	case FILTER_COMPARE: return true;
	case FILTER_NOT: return compares(filter, node->left);
	case FILTER_AND:
	case FILTER_OR: return compares(filter, node->left) || compares(filter, node->right);
	default: return false;
	}
}

/* Leaves each condition in one of the two, and something true in its place in the other. */
static bool split_at(struct split *split, unsigned int at)
{
	struct filter_node *node = &split->selection->node[at];

	if (node->test == FILTER_AND)
		return split_at(split, node->left) && split_at(split, node->right);
	if (node->test == FILTER_COMPARE) {
		node->test = FILTER_ANY;
		split->compared++;
		return true;
	}
	if (compares(split->selection, at))
		return false;
	split->comparison->node[at].test = FILTER_ANY;
	split->selected++;
	return true;
}

static void widen(struct filter *filter)
{
	for (unsigned int i = 0; i < filter->count; i++) {
		struct filter_node *node = &filter->node[i];

		if (node->test == FILTER_COMPARE)
			node->value *= node->relation & FILTER_GREATER ? 1 - MARGIN : 1 + MARGIN;
	}
}

static struct filter *copy_filter(const struct filter *filter)
{
	struct filter *copy = malloc(sizeof(*copy));

	if (copy)
		*copy = *filter;
	return copy;
}

static int split_filter(struct limit *limit, char *why, size_t size)
{
	struct split split = {.selection = limit->selection};

	limit->comparison = split.comparison = copy_filter(limit->selection);
	if (!limit->comparison)
		return -ENOMEM;
	if (!split_at(&split, limit->selection->root)) {
		snprintf(why, size, "a limit compares one sum; join its conditions by 'and', and "
				    "give several limits instead of 'or'");
		return -EINVAL;
	}
	if (!split.compared) {
		snprintf(why, size, "nothing is compared; add for example 'bps > 100M'");
		return -EINVAL;
	}
	limit->selects = split.selected != 0;
	limit->margin = copy_filter(limit->comparison);
	if (!limit->margin)
		return -ENOMEM;
	widen(limit->margin);
	return 0;
}

/* The last "for" of the expression, as a word; NULL: there is none. */
static char *last_for(char *text)
{
	char *last = NULL;

	for (char *at = text; (at = strstr(at, " for")); at++) {
		if (at[4] == ' ' || !at[4])
			last = at;
	}
	return last;
}

/* Cuts "for DURATION" off the end of the expression. */
static void split_duration(char *text, uint64_t *ret_ns)
{
	char *last = last_for(text);
	const char *why;

	*ret_ns = 0;
	if (!last || !last[4] || duration_parse(last + strlen(" for "), ret_ns, &why))
		return;
	*last = '\0';
}

/* What to say instead of "no such keyword" where the "for" that was left is not followed by a time. */
static void explain_for(char *text, size_t column, char *why, size_t size)
{
	const char *last = last_for(text);

	if (last && column == (size_t)(last - text) + 1)
		snprintf(why, size, "expected a time after 'for', for example 10s");
}

int limit_parse(const char *text, struct limit **ret_limit, char *why, size_t size,
		size_t *ret_column)
{
	char expression[LIMIT_TEXT_MAX];
	struct limit *limit;
	int err;

	*ret_column = 0;
	if (strlen(text) >= sizeof(expression)) {
		snprintf(why, size, "too long");
		return -E2BIG;
	}
	limit = calloc(1, sizeof(*limit));
	if (!limit)
		return -ENOMEM;
	memcpy(limit->text, text, strlen(text) + 1);
	memcpy(expression, text, strlen(text) + 1);
	split_duration(expression, &limit->for_ns);
	err = filter_parse(expression, &limit->selection, why, size, ret_column);
	if (err == -EINVAL)
		explain_for(expression, *ret_column, why, size);
	if (!err && !limit->selection) {
		snprintf(why, size, "empty; give for example 'in bps > 100M for 10s'");
		err = -EINVAL;
	}
	if (!err)
		err = split_filter(limit, why, size);
	if (err)
		limit_free(limit);
	else
		*ret_limit = limit;
	return err;
}

void limit_free(struct limit *limit)
{
	if (!limit)
		return;
	filter_free(limit->selection);
	filter_free(limit->comparison);
	filter_free(limit->margin);
	free(limit);
}

void limit_begin(struct limit *limit)
{
	limit->delta = (struct flow_counts){0};
}

void limit_add(struct limit *limit, const struct filter_subject *subject,
	       const struct flow_counts *delta)
{
	if (limit_selects(limit, subject))
		flow_counts_add(&limit->delta, delta);
}

bool limit_selects(const struct limit *limit, const struct filter_subject *subject)
{
	return !limit->selects || filter_match(limit->selection, subject);
}

bool limit_is_ceiling(const struct limit *limit)
{
	for (unsigned int i = 0; i < limit->comparison->count; i++) {
		const struct filter_node *node = &limit->comparison->node[i];

		if (node->test == FILTER_COMPARE && !(node->relation & FILTER_GREATER))
			return false;
	}
	return true;
}

static bool limit_holds_for(const struct filter *comparison, double bps, double pps,
			    const struct flow_counts *total)
{
	const struct flow_key none = {0};
	const struct filter_subject sum = {
		.key = &none,
		.bps = bps,
		.pps = pps,
		.packets = total->packets,
		.bytes = total->bytes,
	};

	return filter_match(comparison, &sum);
}

static bool limit_holds(const struct limit *limit, const struct filter *comparison)
{
	bool has_rate = limit->previous_ns != 0;

	return limit_holds_for(comparison, has_rate ? limit->bps : -1.0,
			       has_rate ? limit->pps : -1.0, &limit->total);
}

bool limit_is_exceeded_by(const struct limit *limit, const struct flow_counts *delta,
			  const struct flow_counts *total, uint64_t elapsed_ns)
{
	return limit_holds_for(limit->comparison, rate_bps(delta->bytes, elapsed_ns),
			       rate_pps(delta->packets, elapsed_ns), total);
}

/* Sums and rates at the end of an interval. In a few milliseconds rates would be anything. */
static void end_interval(struct limit *limit, enum limit_interval interval, uint64_t elapsed_ns)
{
	flow_counts_add(&limit->total, &limit->delta);
	if (limit->was_first ||
	    (interval == LIMIT_INTERVAL_LAST && elapsed_ns < limit->previous_ns / 2)) {
		flow_counts_add(&limit->delta, &limit->previous);
		elapsed_ns += limit->previous_ns;
	}
	limit->previous = limit->delta;
	limit->previous_ns = elapsed_ns;
	limit->was_first = interval == LIMIT_INTERVAL_FIRST;
	limit->bps = rate_bps(limit->delta.bytes, elapsed_ns);
	limit->pps = rate_pps(limit->delta.packets, elapsed_ns);
}

enum limit_news limit_judge(struct limit *limit, enum limit_interval interval, uint64_t elapsed_ns,
			    int64_t wall_ns)
{
	end_interval(limit, interval, elapsed_ns);
	if (interval == LIMIT_INTERVAL_FIRST)
		return LIMIT_SAME;
	if (limit->exceeded) {
		if (limit_holds(limit, limit->margin))
			return LIMIT_SAME;
		limit->exceeded = false;
		limit->held_ns = 0;
		return LIMIT_OVER;
	}
	if (!limit_holds(limit, limit->comparison)) {
		limit->held_ns = 0;
		return LIMIT_SAME;
	}
	limit->held_ns += elapsed_ns;
	if (limit->held_ns < limit->for_ns)
		return LIMIT_SAME;
	limit->exceeded = true;
	limit->times++;
	limit->since_wall_ns = wall_ns;
	return LIMIT_EXCEEDED;
}

const char *limit_text(const struct limit *limit)
{
	return limit->text;
}

bool limit_is_exceeded(const struct limit *limit)
{
	return limit->exceeded;
}

unsigned int limit_times(const struct limit *limit)
{
	return limit->times;
}

int64_t limit_since_wall_ns(const struct limit *limit)
{
	return limit->since_wall_ns;
}

char *limit_values(const struct limit *limit, char *text, size_t size)
{
	char bits[FORMAT_TEXT_MAX], rate[FORMAT_TEXT_MAX], packets[FORMAT_TEXT_MAX],
		bytes[FORMAT_TEXT_MAX];

	format_rate(limit->bps, "b/s", bits, sizeof(bits));
	format_rate(limit->pps, "p/s", rate, sizeof(rate));
	format_count(limit->total.packets, packets, sizeof(packets));
	format_count(limit->total.bytes, bytes, sizeof(bytes));
	snprintf(text, size, "%s, %s, %s packet%s and %s bytes since start", bits, rate, packets,
		 format_plural(limit->total.packets), bytes);
	return text;
}
