/* SPDX-License-Identifier: MIT */
/* Filtering and grouping of a snapshot's rows; see view_rows.h. Belongs to its view. */
#include "view_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "rate.h"

enum verdict {
	VERDICT_NONE,
	VERDICT_PASS,
	VERDICT_FAIL,
};

int view_rows_init(struct view_rows *rows)
{
	int err = group_new(&rows->group);

	if (err)
		return err;
	err = view_rows_idle_init(rows);
	if (err)
		group_free(rows->group);
	return err;
}

void view_rows_done(struct view_rows *rows)
{
	snapshot_unref(rows->snapshot);
	filter_free(rows->filter);
	group_free(rows->group);
	group_free(rows->base);
	idle_sums_done(&rows->idle);
	for (int i = 0; i < PAST_WINDOWS; i++)
		free(rows->average[i]);
	free(rows->verdict);
	free(rows->owner);
	free(rows->item);
}

static void forget_verdicts(struct view_rows *rows)
{
	if (rows->verdicts)
		memset(rows->verdict, VERDICT_NONE, rows->verdicts);
}

void view_rows_set_filter(struct view_rows *rows, struct filter *filter)
{
	filter_free(rows->filter);
	rows->filter = filter;
	rows->filters++;
	forget_verdicts(rows);
}

/* Names matter to filters only; owners are shown, and may be sorted by. */
static uint64_t version_of(const struct view_rows *rows)
{
	uint64_t version = owner_table_version(rows->owners);

	if (rows->names && filter_uses_names(rows->filter))
		version += name_cache_version(rows->names) << 32;
	return version;
}

bool view_rows_outdated(const struct view_rows *rows)
{
	return version_of(rows) != rows->known_version;
}

static uint32_t owner_at(const struct view_rows *rows, size_t i)
{
	return rows->owners && i < rows->owner_room ? rows->owner[i] : OWNER_UNKNOWN;
}

static void take_owner(struct view_rows *rows, size_t i, const struct flow_table_entry *entry)
{
	if (rows->owners)
		rows->owner[i] = atomic_load_explicit(&entry->owner, memory_order_acquire);
}

/* Whether what the filter says of a flow is worth keeping. Ids of a thinned snapshot are sparse, and
 * those of its remainders far beyond any flow's. */
static bool verdicts_last(const struct view_rows *rows)
{
	return rows->filter && !filter_uses_counts(rows->filter) && !rows->snapshot->thin;
}

/* Room for a verdict on each flow the snapshot can name, where verdicts last. */
static int prepare_verdicts(struct view_rows *rows, uint64_t version)
{
	const struct snapshot *snapshot = rows->snapshot;
	size_t most = snapshot->count ? (size_t)snapshot->row[snapshot->count - 1].id + 1 : 0;
	uint8_t *verdict;

	if (!verdicts_last(rows))
		return 0;
	if (most > rows->verdicts) {
		verdict = realloc(rows->verdict, most + most / 4);
		if (!verdict)
			return -ENOMEM;
		rows->verdict = verdict;
		memset(verdict + rows->verdicts, VERDICT_NONE, most + most / 4 - rows->verdicts);
		rows->verdicts = most + most / 4;
	}
	if (rows->verdict_era != snapshot->era ||
	    ((filter_uses_owners(rows->filter) || filter_uses_names(rows->filter)) &&
	     version != rows->known_version))
		forget_verdicts(rows);
	rows->verdict_era = snapshot->era;
	return 0;
}

static bool ask_filter(const struct view_rows *rows, const struct filter *filter, size_t i)
{
	const struct snapshot_row *row = &rows->snapshot->row[i];
	uint64_t elapsed_ns = rows->snapshot->elapsed_ns;
	struct filter_subject subject = {
		.key = snapshot_key(rows->snapshot, i),
		.bps = elapsed_ns ? rate_bps(row->delta_bytes, elapsed_ns) : -1.0,
		.pps = elapsed_ns ? rate_pps(row->delta_packets, elapsed_ns) : -1.0,
		.packets = row->packets,
		.bytes = row->bytes,
		.names = rows->names,
		.ifaces = rows->snapshot->ifaces,
	};

	if (rows->owners)
		subject.owner = owner_table_get(rows->owners, owner_at(rows, i));
	return filter_match(filter, &subject);
}

static bool passes_filter(struct view_rows *rows, size_t i)
{
	uint8_t *verdict;

	if (rows->hidden && ask_filter(rows, rows->hidden, i))
		return false;
	if (!rows->filter)
		return true;
	if (!verdicts_last(rows))
		return ask_filter(rows, rows->filter, i);
	verdict = &rows->verdict[rows->snapshot->row[i].id];
	if (*verdict == VERDICT_NONE)
		*verdict = ask_filter(rows, rows->filter, i) ? VERDICT_PASS : VERDICT_FAIL;
	return *verdict == VERDICT_PASS;
}

unsigned int view_rows_tenant(const struct view_rows *rows, enum group_by by,
			      const struct flow_key *key)
{
	bool on_one = by == GROUP_FLOW ||
		      (by == GROUP_CONVERSATION && flow_key_sum(key) == FLOW_SUM_NONE);

	return on_one ? ifaces_tenant(rows->snapshot->ifaces, flow_key_slot(key)) : 0;
}

bool view_rows_in_drill(const struct view_rows *rows, const struct flow_key *key, uint32_t owner)
{
	struct flow_key of;

	if (!rows->drilled)
		return true;
	of = group_key(rows->drill_by, key, rows->owners, owner);
	return flow_key_equal(&of, &rows->drill_key) &&
	       view_rows_tenant(rows, rows->drill_by, &of) == rows->drill_tenant;
}

static int make_room(struct view_rows *rows, size_t count)
{
	struct select_item *item;
	uint32_t *owner;

	if (rows->owners && count > rows->owner_room) {
		owner = reallocarray(rows->owner, count + count / 4, sizeof(*owner));
		if (!owner)
			return -ENOMEM;
		rows->owner = owner;
		rows->owner_room = count + count / 4;
	}
	if (count <= rows->room)
		return 0;
	item = reallocarray(rows->item, count + count / 4, sizeof(*item));
	if (!item)
		return -ENOMEM;
	rows->item = item;
	rows->room = count + count / 4;
	return 0;
}

static void add_to_totals(struct view_rows *rows, size_t i, enum flow_dir dir)
{
	const struct snapshot_row *row = &rows->snapshot->row[i];
	struct view_totals *totals = &rows->totals;
	struct flow_counts total = view_rows_total(rows, i);

	totals->delta[dir].packets += row->delta_packets;
	totals->delta[dir].bytes += row->delta_bytes;
	totals->total[dir].packets += total.packets;
	totals->total[dir].bytes += total.bytes;
	totals->flows++;
}

static int compute_averages(struct view_rows *rows)
{
	size_t count = rows->snapshot->count;

	memset(rows->known, 0, sizeof(rows->known));
	if (!rows->past)
		return 0;
	for (int i = 0; count > rows->averages && i < PAST_WINDOWS; i++) {
		double *average =
			reallocarray(rows->average[i], count + count / 4, sizeof(*average));

		if (!average)
			return -ENOMEM;
		rows->average[i] = average;
	}
	if (count > rows->averages)
		rows->averages = count + count / 4;
	for (int i = 0; i < PAST_WINDOWS; i++)
		rows->known[i] = past_averages(rows->past, (enum past_window)i, rows->average[i]);
	return 0;
}

static void averages_of(const struct view_rows *rows, size_t index, double ret_bps[PAST_WINDOWS])
{
	for (int i = 0; i < PAST_WINDOWS; i++)
		ret_bps[i] = rows->known[i] ? rows->average[i][index] : -1.0;
}

static int take_in_group(struct view_rows *rows, size_t i, const struct flow_table_entry *entry)
{
	const struct snapshot_row *row = &rows->snapshot->row[i];
	struct flow_counts delta = {row->delta_packets, row->delta_bytes};
	struct flow_counts total = view_rows_total(rows, i);
	double average_bps[PAST_WINDOWS];

	if (group_add(rows->group, &entry->key, &delta, &total, entry->first_wall_ns,
		      owner_at(rows, i)))
		return -ENOMEM;
	averages_of(rows, i, average_bps);
	if (rows->past)
		group_add_averages(rows->group, average_bps);
	return 0;
}

static int take_row(struct view_rows *rows, size_t i, const struct flow_table_entry *entry)
{
	add_to_totals(rows, i, flow_key_dir(&entry->key));
	if (rows->by != GROUP_FLOW)
		return take_in_group(rows, i, entry);
	rows->item[rows->count++].index = (uint32_t)i;
	return 0;
}

static int take_groups(struct view_rows *rows)
{
	size_t count = group_count(rows->group);

	if (make_room(rows, count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		rows->item[i].index = (uint32_t)i;
	rows->count = count;
	return 0;
}

int view_rows_gather(struct view_rows *rows)
{
	const struct snapshot *snapshot = rows->snapshot;
	uint64_t version = version_of(rows);
	int err;

	rows->count = 0;
	rows->totals = (struct view_totals){0};
	group_reset(rows->group, rows->by, rows->owners);
	if (!snapshot)
		return 0;
	if (make_room(rows, snapshot->count) || prepare_verdicts(rows, version) ||
	    compute_averages(rows) || view_rows_learn_base(rows))
		return -ENOMEM;
	rows->known_version = version;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct flow_table_entry *entry = snapshot_entry(snapshot, i);

		take_owner(rows, i, entry);
		if (!view_rows_in_drill(rows, &entry->key, owner_at(rows, i)) || !passes_filter(rows, i))
			continue;
		err = take_row(rows, i, entry);
		if (err)
			return err;
	}
	err = view_rows_add_idle(rows);
	if (err)
		return err;
	return rows->by == GROUP_FLOW ? 0 : take_groups(rows);
}

const struct flow_key *view_rows_key(const struct view_rows *rows, uint32_t index)
{
	if (rows->by != GROUP_FLOW)
		return &group_get(rows->group, index)->key;
	return snapshot_key(rows->snapshot, index);
}

uint32_t view_rows_owner(const struct view_rows *rows, uint32_t index, enum owner_part part)
{
	if (rows->by != GROUP_FLOW)
		return group_row_owner(rows->by, group_get(rows->group, index), part);
	return owner_at(rows, index);
}

static struct view_row row_of_flow(const struct view_rows *rows, uint32_t index)
{
	const struct snapshot *snapshot = rows->snapshot;
	const struct snapshot_row *row = &snapshot->row[index];
	const struct flow_table_entry *entry = snapshot_entry(snapshot, index);
	enum flow_dir dir = flow_key_dir(&entry->key);
	struct view_row got = {
		.key = entry->key,
		.first_wall_ns = entry->first_wall_ns,
		.flows = 1,
		.owner = owner_at(rows, index),
	};

	got.delta[dir] = (struct flow_counts){row->delta_packets, row->delta_bytes};
	got.total[dir] = view_rows_total(rows, index);
	averages_of(rows, index, got.average_bps);
	return got;
}

struct view_row view_rows_get(const struct view_rows *rows, uint32_t index)
{
	const struct group_row *row;
	struct view_row got;

	if (rows->by == GROUP_FLOW)
		return row_of_flow(rows, index);
	row = group_get(rows->group, index);
	got.key = row->key;
	got.first_wall_ns = row->first_wall_ns;
	got.flows = row->flows;
	got.owner = row->owner;
	got.mixed = row->mixed;
	for (int i = 0; i < PAST_WINDOWS; i++)
		got.average_bps[i] = rows->known[i] ? row->average_bps[i] : -1.0;
	memcpy(got.delta, row->delta, sizeof(got.delta));
	memcpy(got.total, row->total, sizeof(got.total));
	return got;
}

/* Thousandths of a bit: enough to tell any two averages apart. */
static uint64_t average_number(double bps)
{
	return bps > 0.0 ? (uint64_t)(bps * 1000.0) : 0;
}

static uint64_t number_of_flow(const struct view_rows *rows, enum column column, uint32_t index)
{
	const struct snapshot_row *row = &rows->snapshot->row[index];

	switch (column) {
	case COLUMN_BPS: return row->delta_bytes;
	case COLUMN_PPS: return row->delta_packets;
	case COLUMN_PACKETS: return view_rows_total(rows, index).packets;
	case COLUMN_IN:
	case COLUMN_OUT:
		return flow_key_dir(view_rows_key(rows, index)) == (column == COLUMN_OUT)
			       ? row->delta_bytes
			       : 0;
	case COLUMN_FLOWS: return 1;
	case COLUMN_AVERAGE_2S:
	case COLUMN_AVERAGE_10S:
	case COLUMN_AVERAGE_40S:
		if (!rows->known[column - COLUMN_AVERAGE_2S])
			return row->delta_bytes;
		return average_number(rows->average[column - COLUMN_AVERAGE_2S][index]);
	default: return view_rows_total(rows, index).bytes;
	}
}

uint64_t view_rows_number(const struct view_rows *rows, enum column column, uint32_t index)
{
	const struct group_row *row;

	if (column == COLUMN_PID)
		return owner_table_get(rows->owners, view_rows_owner(rows, index, OWNER_PROCESS))
			->pid;
	if (rows->by == GROUP_FLOW)
		return number_of_flow(rows, column, index);
	row = group_get(rows->group, index);
	switch (column) {
	case COLUMN_BPS: return row->delta[FLOW_IN].bytes + row->delta[FLOW_OUT].bytes;
	case COLUMN_PPS: return row->delta[FLOW_IN].packets + row->delta[FLOW_OUT].packets;
	case COLUMN_PACKETS: return row->total[FLOW_IN].packets + row->total[FLOW_OUT].packets;
	case COLUMN_IN: return row->delta[FLOW_IN].bytes;
	case COLUMN_OUT: return row->delta[FLOW_OUT].bytes;
	case COLUMN_FLOWS: return row->flows;
	case COLUMN_AVERAGE_2S:
	case COLUMN_AVERAGE_10S:
	case COLUMN_AVERAGE_40S:
		return average_number(row->average_bps[column - COLUMN_AVERAGE_2S]);
	default: return row->total[FLOW_IN].bytes + row->total[FLOW_OUT].bytes;
	}
}

static long find_flow(const struct snapshot *snapshot, const struct flow_key *key, uint32_t *id,
		      uint32_t *era)
{
	if (*era == snapshot->era)
		return snapshot_find(snapshot, *id);
	for (size_t i = 0; i < snapshot->count; i++) {
		if (!flow_key_equal(snapshot_key(snapshot, i), key))
			continue;
		*era = snapshot->era;
		*id = snapshot->row[i].id;
		return (long)i;
	}
	return -1;
}

long view_rows_find(const struct view_rows *rows, const struct flow_key *key, unsigned int tenant,
		    uint32_t *id, uint32_t *era)
{
	long index;

	if (!rows->snapshot || view_rows_tenant(rows, rows->by, key) != tenant)
		return -1;
	if (rows->by != GROUP_FLOW)
		return group_find(rows->group, key);
	index = find_flow(rows->snapshot, key, id, era);
	if (index < 0)
		return -1;
	if (!view_rows_in_drill(rows, key, owner_at(rows, (size_t)index)))
		return -1;
	/* A row that the filter hides is not there. */
	if (rows->filter && !ask_filter(rows, rows->filter, (size_t)index))
		return -1;
	if (rows->hidden && ask_filter(rows, rows->hidden, (size_t)index))
		return -1;
	return index;
}
