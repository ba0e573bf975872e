/* SPDX-License-Identifier: MIT */
/* Totals that count from a moment the user chose; see rows.h. Belongs to its view. */
#include <errno.h>

#include "flow.h"
#include "rows.h"

/*
 * What a row had at the moment, where nothing was learned of its flow: that is new, or was idle until
 * this interval.
 */
static struct flow_counts base_of(const struct rows *rows, const struct snapshot_row *row,
				  const struct flow_table_entry *entry)
{
	if (rows->base_wall_ns == rows->source.snapshot->wall_ns)
		return (struct flow_counts){row->packets, row->bytes};
	if (entry->first_wall_ns >= rows->base_wall_ns)
		return (struct flow_counts){0};
	return (struct flow_counts){row->packets - row->delta_packets,
				    row->bytes - row->delta_bytes};
}

int rows_learn_base(struct rows *rows)
{
	static const struct flow_counts none;
	const struct snapshot *snapshot = rows->source.snapshot;

	/* Before the moment there is nothing to learn. */
	if (!rows->base || snapshot->wall_ns < rows->base_wall_ns)
		return 0;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct flow_table_entry *entry = snapshot_entry(snapshot, i);
		struct flow_counts base;

		if (group_find(rows->base, &entry->key) >= 0)
			continue;
		base = base_of(rows, &snapshot->row[i], entry);
		if (group_add(rows->base, &entry->key, &none, &base, entry->first_wall_ns,
			      OWNER_UNKNOWN))
			return -ENOMEM;
	}
	return 0;
}

/*
 * What was learned of this flow; NULL: nothing, or it was of another one with the same key: an earlier
 * one that was folded away, or one of an interface that had the slot before. A sum of such flows grows
 * by what they had before the moment, too.
 */
static const struct flow_counts *learned_of(const struct rows *rows,
					    const struct flow_key *key, int64_t first_wall_ns)
{
	long at = group_find(rows->base, key);
	const struct row *learned;

	if (at < 0)
		return NULL;
	learned = group_get(rows->base, (size_t)at);
	if (learned->first_wall_ns != first_wall_ns ||
	    (flow_key_slot(key) == FLOW_SLOT_GONE && flow_key_sum(key) >= FLOW_SUM_MAP_FULL))
		return NULL;
	return &learned->total[flow_key_dir(key)];
}

/* What is shown may be older than the moment. */
static struct flow_counts difference(struct flow_counts total, const struct flow_counts *base)
{
	total.packets -= base->packets < total.packets ? base->packets : total.packets;
	total.bytes -= base->bytes < total.bytes ? base->bytes : total.bytes;
	return total;
}

struct flow_counts rows_total(const struct rows *rows, size_t i)
{
	const struct flow_counts total = source_get(&rows->source, i).total;
	const struct flow_table_entry *entry;
	const struct flow_counts *learned;
	struct flow_counts base;

	if (!rows->base)
		return total;
	entry = snapshot_entry(rows->source.snapshot, i);
	if (group_find(rows->base, &entry->key) < 0)
		return total;
	learned = learned_of(rows, &entry->key, entry->first_wall_ns);
	base = learned ? *learned : base_of(rows, &rows->source.snapshot->row[i], entry);
	return difference(total, &base);
}

struct flow_counts rows_since(const struct rows *rows, const struct flow_key *key,
				   const struct flow_counts *total, int64_t first_wall_ns)
{
	const struct flow_counts *learned = learned_of(rows, key, first_wall_ns);

	if (learned)
		return difference(*total, learned);
	/* Of an older one it is not known how much it has had since. */
	return first_wall_ns >= rows->base_wall_ns ? *total : (struct flow_counts){0};
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
	group_free(rows->base);
	rows->base = base;
	rows->base_wall_ns = rows->source.snapshot->wall_ns;
	rows->base_idle = rows->source.snapshot->idle_at;
	return rows_learn_base(rows);
}

void rows_unreset(struct rows *rows)
{
	group_free(rows->base);
	rows->base = NULL;
}
