/* SPDX-License-Identifier: MIT */
/* Rows over a limit; see over.h. Each struct belongs to its caller. */
#include "over.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flow.h"

struct over {
	struct limit *limit[OVER_LIMITS_MAX];
	size_t limits;
	struct group *selected; /* what one limit speaks of, by rows of the view */
	struct group *found;
	/* What was looked at last, if `taken`. */
	enum group_by by;
	unsigned int among; /* limits, a bit each */
	uint64_t seq, version;
	bool taken;
};

int over_new(const char *const *limit, size_t count, struct over **ret_over)
{
	struct over *over;
	char why[FILTER_TEXT_MAX];
	size_t column;
	int err;

	if (count > OVER_LIMITS_MAX)
		return -E2BIG;
	over = calloc(1, sizeof(*over));
	if (!over)
		return -ENOMEM;
	err = group_new(&over->selected);
	if (!err)
		err = group_new(&over->found);
	for (size_t i = 0; !err && i < count; i++) {
		err = limit_parse(limit[i], &over->limit[i], why, sizeof(why), &column);
		over->limits += !err;
	}
	if (err) {
		over_free(over);
		return err;
	}
	*ret_over = over;
	return 0;
}

void over_free(struct over *over)
{
	if (!over)
		return;
	while (over->limits)
		limit_free(over->limit[--over->limits]);
	group_free(over->selected);
	group_free(over->found);
	free(over);
}

static bool is_selected(const struct limit *limit, const struct over_shown *shown,
			const struct source_flow *flow)
{
	struct filter_subject subject = {
		.key = flow->key,
		.bps = -1.0,
		.pps = -1.0,
		.names = shown->names,
		.ifaces = shown->snapshot->ifaces,
		.sight_word = flow->sight_word,
	};

	if (shown->owners)
		subject.owner = owner_table_get(shown->owners, flow->owner);
	if (shown->sights)
		subject.sight = sight_table_get(shown->sights, flow->sight);
	return limit_selects(limit, &subject);
}

/* The flows that the limit speaks of as rows of the view, and what they come to. */
static int select_flows(struct over *over, const struct limit *limit,
			const struct over_shown *shown, struct row *ret_sum)
{
	const struct about_tables tables = {shown->owners, shown->sights};
	int err = 0;

	*ret_sum = (struct row){.flows = 0};
	group_reset(over->selected, shown->by, &tables);
	for (size_t i = 0; !err && i < shown->snapshot->count; i++) {
		const struct source_flow flow = source_of_row(shown->snapshot, i);
		enum flow_dir dir = flow_key_dir(flow.key);

		if (!is_selected(limit, shown, &flow))
			continue;
		err = group_add(over->selected, flow.key, &flow.delta, &flow.total,
				flow.first_wall_ns,
				(struct flow_about){flow.owner, flow.sight});
		flow_counts_add(&ret_sum->delta[dir], &flow.delta);
		flow_counts_add(&ret_sum->total[dir], &flow.total);
	}
	return err;
}

static bool is_over(const struct limit *limit, const struct row *row, uint64_t elapsed_ns)
{
	struct flow_counts delta = row->delta[FLOW_IN], total = row->total[FLOW_IN];

	flow_counts_add(&delta, &row->delta[FLOW_OUT]);
	flow_counts_add(&total, &row->total[FLOW_OUT]);
	return limit_is_exceeded_by(limit, &delta, &total, elapsed_ns);
}

static uint64_t bytes_of(const struct row *row)
{
	return row->delta[FLOW_IN].bytes + row->delta[FLOW_OUT].bytes;
}

static int note(struct over *over, const struct row *row)
{
	return group_find(over->found, &row->key) < 0 ? group_append(over->found, row) : 0;
}

static int take_limit(struct over *over, const struct limit *limit, const struct over_shown *shown)
{
	const struct row *most = NULL;
	uint64_t elapsed_ns = shown->snapshot->elapsed_ns;
	struct row sum;
	bool any = false;
	int err = select_flows(over, limit, shown, &sum);

	if (err || !is_over(limit, &sum, elapsed_ns))
		return err;
	for (size_t i = 0; !err && i < group_count(over->selected); i++) {
		const struct row *row = group_get(over->selected, i);

		most = !most || bytes_of(row) > bytes_of(most) ? row : most;
		if (!is_over(limit, row, elapsed_ns))
			continue;
		any = true;
		err = note(over, row);
	}
	return err || any || !most ? err : note(over, most);
}

/* Counts up whenever an owner, or what packets said, becomes known. */
static uint64_t known_version_of(const struct over_shown *shown)
{
	return owner_table_version(shown->owners) + sight_table_version(shown->sights);
}

/* Another snapshot or view, or more is known. */
static bool is_news(const struct over *over, const struct over_shown *shown)
{
	return !over->taken || over->seq != shown->snapshot->seq || over->by != shown->by ||
	       over->among != shown->limits || over->version != known_version_of(shown);
}

int over_take(struct over *over, const struct over_shown *shown)
{
	int err = 0;

	if (!is_news(over, shown))
		return 0;
	over->by = shown->by;
	over->among = shown->limits;
	over->seq = shown->snapshot->seq;
	over->version = known_version_of(shown);
	group_reset(over->found, shown->by, NULL);
	/* Without a rate nothing is known to be over. */
	for (size_t i = 0; !err && shown->snapshot->elapsed_ns && i < over->limits; i++) {
		if (shown->limits & 1U << i && limit_is_ceiling(over->limit[i]))
			err = take_limit(over, over->limit[i], shown);
	}
	over->taken = !err;
	return err;
}

bool over_has(const struct over *over, const struct flow_key *key)
{
	return over && group_count(over->found) && group_find(over->found, key) >= 0;
}
