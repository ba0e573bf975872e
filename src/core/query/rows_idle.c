/* SPDX-License-Identifier: MIT */
/* What flows without a row add to the totals of a view; see rows.h. Belongs to its view. */
#include <errno.h>
#include <string.h>

#include "flow.h"
#include "rows.h"

/* Idle flows asked again, for each refresh, when host names become known that a filter asks for. */
#define ASKED_A_REFRESH 50000

static bool passes_filters(const struct rows *rows, const struct idle_flow *flow)
{
	struct filter_subject subject = {
		.key = &flow->key,
		.packets = flow->total.packets,
		.bytes = flow->total.bytes,
		.names = rows->names,
		.ifaces = rows->source.ifaces,
	};

	if (!rows->filter && !rows->hidden)
		return true;
	if (rows->owners)
		subject.owner = owner_table_get(rows->owners, flow->owner);
	if (rows->hidden && filter_match(rows->hidden, &subject))
		return false;
	return filter_match(rows->filter, &subject);
}

/*
 * A flow that was idle at the moment totals count from has nothing until it is active. A sum of other
 * flows may have grown by what these had before; nobody knows by how much.
 */
static bool counts_nothing(const struct rows *rows, const struct idle_flow *flow)
{
	return rows->base && (flow->from <= rows->base_idle.version ||
			      flow_key_sum(&flow->key) >= FLOW_SUM_MAP_FULL);
}

static struct flow_counts counts_of(void *context, const struct idle_flow *flow)
{
	const struct rows *rows = context;

	if (counts_nothing(rows, flow))
		return (struct flow_counts){0};
	return rows->base ? rows_since(rows, &flow->key, &flow->total, flow->first_wall_ns)
			  : flow->total;
}

static bool passes(void *context, const struct idle_flow *flow)
{
	const struct rows *rows = context;

	if (rows->base && !counts_of(context, flow).packets)
		return false;
	return rows_in_drill(rows, &flow->key, flow->owner) && passes_filters(rows, flow);
}

/* One that was idle at the moment totals count from had then what it has now. */
static int left(void *context, const struct idle_flow *flow)
{
	const struct rows *rows = context;
	uint32_t until = atomic_load_explicit(&flow->until, memory_order_relaxed);
	static const struct flow_counts none;

	if (!rows->base || flow->from > rows->base_idle.version ||
	    (until && until <= rows->base_idle.version) || group_find(rows->base, &flow->key) >= 0)
		return 0;
	return group_add(rows->base, &flow->key, &none, &flow->total, flow->first_wall_ns,
			 OWNER_UNKNOWN);
}

int rows_idle_init(struct rows *rows)
{
	rows->idle.passes = passes;
	rows->idle.counts = counts_of;
	rows->idle.left = left;
	rows->idle.context = rows;
	return idle_sums_init(&rows->idle);
}

/* Names become known one by one; with many flows, not each is worth asking all of them. */
static uint64_t names_version(struct rows *rows)
{
	if (!rows->names || !filter_uses_names(rows->filter))
		return 0;
	if (rows->idle_refreshes++ * ASKED_A_REFRESH >= rows->idle_asked) {
		rows->idle_asked = rows->source.snapshot->flows_known;
		rows->idle_refreshes = 0;
		rows->idle_names = name_cache_version(rows->names);
	}
	return rows->idle_names;
}

static struct idle_question question_of(struct rows *rows)
{
	struct idle_question question;

	memset(&question, 0, sizeof(question));
	question.owners = rows->owners;
	question.names = rows->names;
	question.names_version = names_version(rows);
	question.hidden = rows->hidden;
	question.base = rows->base;
	question.base_version = rows->base_idle.version;
	question.filter = rows->filters;
	question.by = (uint8_t)rows->by;
	question.drilled = rows->drilled;
	if (rows->drilled) {
		question.drill_by = (uint8_t)rows->drill_by;
		question.drill_key = rows->drill_key;
		question.drill_tenant = rows->drill_tenant;
	}
	return question;
}

/* Where rows are all flows, the ledger's own sums say it. */
static bool is_asked(const struct rows *rows)
{
	return rows->source.snapshot && rows->source.snapshot->idle && (rows->by != GROUP_FLOW || rows->filter || rows->hidden ||
					rows->drilled);
}

int rows_add_idle(struct rows *rows)
{
	struct row_totals *totals = &rows->totals;
	struct idle_question question;
	int err;

	if (!is_asked(rows)) {
		idle_sums_forget(&rows->idle);
		return 0;
	}
	question = question_of(rows);
	err = idle_sums_show(&rows->idle, rows->source.snapshot, &question);
	if (!err && rows->by != GROUP_FLOW)
		err = idle_groups_merge(&rows->idle.groups, rows->group, &totals->idle_hidden);
	totals->idle = rows->idle.flows;
	totals->partial = !rows->idle.known;
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		flow_counts_add(&totals->total[dir], &rows->idle.total[dir]);
	return err;
}
