/* SPDX-License-Identifier: MIT */
/* Totals that count from a moment the user chose; see view_rows.h. Belongs to its view. */
#include <errno.h>

#include "flow.h"
#include "view_rows.h"

/* What a flow had at the moment. One not known then is new, or was idle until this interval. */
static struct flow_counts base_of(const struct view_rows *rows, const struct snapshot_row *row,
				  const struct flow_table_entry *entry)
{
	if (rows->base_wall_ns == rows->snapshot->wall_ns)
		return (struct flow_counts){row->packets, row->bytes};
	if (entry->first_wall_ns >= rows->base_wall_ns)
		return (struct flow_counts){0};
	return (struct flow_counts){row->packets - row->delta_packets,
				    row->bytes - row->delta_bytes};
}

int view_rows_learn_base(struct view_rows *rows)
{
	static const struct flow_counts none;
	const struct snapshot *snapshot = rows->snapshot;

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
 * Whether what was learned is of this flow, not of one with the same key: an earlier one that was
 * folded away, or one of an interface that had the slot before. A sum of such flows grows by what
 * they had before the moment, too.
 */
static bool is_of_flow(const struct group_row *learned, const struct flow_table_entry *entry)
{
	return learned->first_wall_ns == entry->first_wall_ns &&
	       (flow_key_slot(&entry->key) != FLOW_SLOT_GONE ||
		flow_key_sum(&entry->key) < FLOW_SUM_MAP_FULL);
}

struct flow_counts view_rows_total(const struct view_rows *rows, size_t i)
{
	const struct snapshot_row *row = &rows->snapshot->row[i];
	const struct flow_table_entry *entry = snapshot_entry(rows->snapshot, i);
	struct flow_counts total = {row->packets, row->bytes}, base;
	const struct group_row *learned;
	long at;

	if (!rows->base)
		return total;
	at = group_find(rows->base, &entry->key);
	if (at < 0)
		return total;
	learned = group_get(rows->base, (size_t)at);
	base = is_of_flow(learned, entry) ? learned->total[flow_key_dir(&entry->key)]
					  : base_of(rows, row, entry);
	/* What is shown may be older than the moment. */
	total.packets -= base.packets < total.packets ? base.packets : total.packets;
	total.bytes -= base.bytes < total.bytes ? base.bytes : total.bytes;
	return total;
}

int view_rows_reset(struct view_rows *rows)
{
	struct group *base;
	int err;

	if (!rows->snapshot)
		return 0;
	err = group_new(&base);
	if (err)
		return err;
	group_reset(base, GROUP_FLOW, NULL);
	group_free(rows->base);
	rows->base = base;
	rows->base_wall_ns = rows->snapshot->wall_ns;
	return view_rows_learn_base(rows);
}

void view_rows_unreset(struct view_rows *rows)
{
	group_free(rows->base);
	rows->base = NULL;
}
