/* SPDX-License-Identifier: MIT */
/* Judging limits interval by interval; see watch.h. */
#include "watch.h"

#include <errno.h>

#include "clock.h"

int watch_add(struct watch *watch, const char *text)
{
	char why[FILTER_TEXT_MAX];
	size_t column;
	int err;

	if (watch->count == WATCH_LIMITS_MAX)
		return -ENOSPC;
	err = limit_parse(text, &watch->limit[watch->count], why, sizeof(why), &column);
	if (!err)
		watch->count++;
	return err;
}

void watch_done(struct watch *watch)
{
	while (watch->count)
		limit_free(watch->limit[--watch->count]);
}

static void watch_flow(struct watch *watch, const struct change *change,
		     const struct changed_flow *flow)
{
	struct filter_subject subject = {
		.key = &flow->key,
		.bps = rate_bps(flow->delta.bytes, change->elapsed_ns),
		.pps = rate_pps(flow->delta.packets, change->elapsed_ns),
		.packets = flow->total.packets,
		.bytes = flow->total.bytes,
		.names = watch->names,
		.ifaces = change->now->ifaces,
		.sight = sight_table_get(watch->sights, flow->sight),
		.sight_word = flow->sight_word,
	};

	if (watch->owners)
		subject.owner = owner_table_get(watch->owners, flow->owner);
	for (size_t i = 0; i < watch->count; i++)
		limit_add(watch->limit[i], &subject, &flow->delta);
}

/* What is known of a rest is its direction. */
static void add_rest(struct watch *watch, const struct change *change)
{
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		struct changed_flow rest = {
			.key = flow_key_of_sum(FLOW_SUM_REMAINDER, FLOW_CLASS_MIXED, 0,
					       (uint8_t)FLOW_WHERE(FLOW_SLOT_GONE, dir)),
			.delta = change->rest[dir],
		};

		if (rest.delta.packets)
			watch_flow(watch, change, &rest);
	}
}

/* The first snapshot of a run has no rates; the last one may be taken at any time. */
static enum limit_interval interval_of(const struct change *change)
{
	if (change->now->state != SNAPSHOT_LIVE)
		return LIMIT_INTERVAL_LAST;
	return change->then || change->now->elapsed_ns ? LIMIT_INTERVAL_WHOLE
						       : LIMIT_INTERVAL_FIRST;
}

void watch_take(struct watch *watch, const struct change *change)
{
	enum limit_interval interval = interval_of(change);

	if (!watch->count)
		return;
	for (size_t i = 0; i < watch->count; i++)
		limit_begin(watch->limit[i]);
	sight_table_hold(watch->sights);
	for (size_t i = 0; i < change->count; i++) {
		if (change->flow[i].delta.packets)
			watch_flow(watch, change, &change->flow[i]);
	}
	add_rest(watch, change);
	sight_table_release(watch->sights);
	for (size_t i = 0; i < watch->count; i++) {
		enum limit_news news = limit_judge(watch->limit[i], interval, change->elapsed_ns,
						   change->now->wall_ns);

		if (news != LIMIT_SAME)
			watch->news(watch->context, i, watch->limit[i], news, change->now);
	}
}

int watch_publish(void *output, const struct change *change)
{
	watch_take(output, change);
	return 0;
}

int watch_finish(void *output, const struct snapshot *last)
{
	(void)output;
	(void)last;
	return 0;
}
