/* SPDX-License-Identifier: MIT */
/* What flows without a row add to the totals of a view; see rows.h. Belongs to its view. */
#include <errno.h>
#include <stdlib.h>
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
	subject.sight = sight_table_get(rows->sights, flow->sight);
	subject.sight_word = flow->sight_word;
	if (rows->hidden && filter_match(rows->hidden, &subject))
		return false;
	return filter_match(rows->filter, &subject);
}

/*
 * A flow that was idle at the moment totals count from has nothing until it is active. A sum of other
 * flows may have grown by what these had before; it is not known by how much.
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
	return rows_in_drill(rows, &flow->key, (struct flow_about){flow->owner, flow->sight}) &&
	       passes_filters(rows, flow);
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
			 (struct flow_about){0});
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
	question.tables = rows_tables(rows);
	question.names = rows->names;
	question.names_version = names_version(rows);
	question.hidden = rows->hidden;
	question.base = rows->base;
	question.base_version = rows->base_idle.version;
	question.filter = rows->filters;
	question.by = (uint8_t)rows->by;
	if (rows->sights && (group_by_sight(rows->by) ||
			     (rows->drilled && group_by_sight(rows->drill_by))))
		question.sights_forgotten = sight_table_forgotten(rows->sights);
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
	return rows->source.snapshot && rows->source.snapshot->idle &&
	       (rows->by != GROUP_FLOW || rows->filter || rows->hidden || rows->drilled);
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

/* Totals that count from a moment the user chose; see rows.h. Belongs to its view. */

/*
 * What a row had at the moment, where nothing was learned of its flow: that is new, or was idle until
 * this interval.
 */
static struct flow_counts base_of(const struct rows *rows, const struct snapshot_row *row,
				  const struct flow_table_entry *entry)
{
	if (rows->base_seen_ns == snapshot_seen_ns(rows->source.snapshot))
		return (struct flow_counts){row->packets, row->bytes};
	if (entry->first_wall_ns >= rows->base_seen_ns)
		return (struct flow_counts){0};
	return (struct flow_counts){row->packets - row->delta_packets,
				    row->bytes - row->delta_bytes};
}

/*
 * What was learned of this flow; NULL: that was of another one with the same key: an earlier one that was
 * folded away, or one of an interface that had the slot before. A sum of such flows grows by what they had
 * before the moment, too.
 */
static const struct flow_counts *learned_at(const struct rows *rows, long at,
					    const struct flow_key *key, int64_t first_wall_ns)
{
	const struct row *learned = group_get(rows->base, (size_t)at);

	if (learned->first_wall_ns != first_wall_ns ||
	    (flow_key_slot(key) == FLOW_SLOT_GONE && flow_key_sum(key) >= FLOW_SUM_MAP_FULL))
		return NULL;
	return &learned->total[flow_key_dir(key)];
}

/* Of a row, given the place of its flow in the base, or -1. */
static struct flow_counts since_moment(const struct rows *rows, size_t i, long at)
{
	const struct snapshot_row *row = &rows->source.snapshot->row[i];
	const struct flow_table_entry *entry = snapshot_entry(rows->source.snapshot, i);
	const struct flow_counts total = {row->packets, row->bytes}, *learned;
	struct flow_counts base;

	if (at < 0)
		return total;
	learned = learned_at(rows, at, &entry->key, entry->first_wall_ns);
	base = learned ? *learned : base_of(rows, row, entry);
	/* What is shown may be older than the moment. */
	return flow_counts_above(&total, &base);
}

/* Rows that are looked up at once: the base is larger than the caches near a CPU. */
#define LEARNED_AT_ONCE 32

/* Some rows from `begin` on; before the moment there is nothing to learn. */
static int learn_rows(struct rows *rows, size_t begin, size_t count, bool learns)
{
	static const struct flow_counts none;
	const struct snapshot *snapshot = rows->source.snapshot;
	struct group_place place[LEARNED_AT_ONCE];

	for (size_t i = 0; i < count; i++)
		group_seek(rows->base, snapshot_key(snapshot, begin + i), (struct flow_about){0},
			   &place[i]);
	for (size_t i = 0; i < count; i++)
		group_fetch(rows->base, &place[i]);
	for (size_t i = 0; i < count; i++) {
		const struct flow_table_entry *entry = snapshot_entry(snapshot, begin + i);
		long at = group_find_at(rows->base, &place[i]);

		if (at < 0 && learns) {
			struct flow_counts base = base_of(rows, &snapshot->row[begin + i], entry);

			if (group_add_at(rows->base, &place[i], flow_key_dir(&entry->key), &none,
					 &base, entry->first_wall_ns, (struct flow_about){0}))
				return -ENOMEM;
			at = (long)group_count(rows->base) - 1;
		}
		rows->since[begin + i] = since_moment(rows, begin + i, at);
	}
	return 0;
}

int rows_learn_base(struct rows *rows)
{
	const struct snapshot *snapshot = rows->source.snapshot;
	struct flow_counts *since;
	bool learns;
	size_t some;

	rows->since_of = NULL;
	if (!rows->base)
		return 0;
	if (snapshot->count > rows->since_room) {
		size_t room = snapshot->count + snapshot->count / 4;

		since = reallocarray(rows->since, room, sizeof(*since));
		if (!since)
			return -ENOMEM;
		rows->since = since;
		rows->since_room = room;
	}
	learns = snapshot_seen_ns(snapshot) >= rows->base_seen_ns;
	for (size_t i = 0; i < snapshot->count; i += some) {
		some = snapshot->count - i < LEARNED_AT_ONCE ? snapshot->count - i : LEARNED_AT_ONCE;
		if (learn_rows(rows, i, some, learns))
			return -ENOMEM;
	}
	rows->since_of = snapshot;
	return 0;
}

struct flow_counts rows_total(const struct rows *rows, size_t i)
{
	const struct snapshot *snapshot = rows->source.snapshot;

	if (!rows->base)
		return source_total(&rows->source, i);
	if (rows->since_of == snapshot)
		return rows->since[i];
	return since_moment(rows, i, group_find(rows->base, snapshot_key(snapshot, i)));
}

struct flow_counts rows_since(const struct rows *rows, const struct flow_key *key,
			      const struct flow_counts *total, int64_t first_wall_ns)
{
	long at = group_find(rows->base, key);
	const struct flow_counts *learned =
		at < 0 ? NULL : learned_at(rows, at, key, first_wall_ns);

	if (learned)
		return flow_counts_above(total, learned);
	/* Of an older one it is not known how much it has had since. */
	return first_wall_ns >= rows->base_seen_ns ? *total : (struct flow_counts){0};
}

int rows_reset(struct rows *rows)
{
	struct group *base;
	int err;

	if (!rows->source.snapshot)
		return 0;
	err = group_new(&base);
	if (err)
		return err;
	group_reset(base, GROUP_FLOW, NULL);
	if (group_reserve(base, rows->source.snapshot->count)) {
		group_free(base);
		return -ENOMEM;
	}
	group_free(rows->base);
	rows->base = base;
	rows->base_wall_ns = rows->source.snapshot->wall_ns;
	rows->base_seen_ns = snapshot_seen_ns(rows->source.snapshot);
	rows->base_mono_ns = rows->source.snapshot->mono_ns;
	rows->base_idle = rows->source.snapshot->idle_at;
	return rows_learn_base(rows);
}

void rows_unreset(struct rows *rows)
{
	group_free(rows->base);
	rows->base = NULL;
}
