/* SPDX-License-Identifier: MIT */
/* Filtering and grouping the flows of a source; see rows.h. */
#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flow.h"

enum verdict {
	VERDICT_NONE,
	VERDICT_PASS,
	VERDICT_FAIL,
};

int rows_init(struct rows *rows)
{
	int err = group_new(&rows->group);

	return err ? err : rows_idle_init(rows);
}

void rows_done(struct rows *rows)
{
	source_done(&rows->source);
	group_free(rows->group);
	group_free(rows->base);
	free(rows->since);
	idle_sums_done(&rows->idle);
	for (int i = 0; i < PAST_WINDOWS; i++)
		free(rows->average[i]);
	free(rows->verdict);
	free(rows->about);
	free(rows->passed);
	free(rows->item);
	*rows = (struct rows){0};
}

void rows_set_source(struct rows *rows, struct source source)
{
	source_done(&rows->source);
	rows->source = source;
	rows->since_of = NULL;
}

static void forget_verdicts(struct rows *rows)
{
	if (rows->verdicts)
		memset(rows->verdict, VERDICT_NONE, rows->verdicts);
}

/* Forgets all but one verdict, which holds for the next filter, too. */
static void keep_verdict(struct rows *rows, enum verdict verdict)
{
	for (size_t i = 0; i < rows->verdicts; i++)
		rows->verdict[i] = rows->verdict[i] == verdict ? (uint8_t)verdict : VERDICT_NONE;
}

void rows_set_filter(struct rows *rows, const struct filter *filter)
{
	/* While a word is typed, what failed a part of it need not be asked again. */
	if (filter_narrows(filter, rows->filter))
		keep_verdict(rows, VERDICT_FAIL);
	else if (filter_narrows(rows->filter, filter))
		keep_verdict(rows, VERDICT_PASS);
	else
		forget_verdicts(rows);
	rows->filter = filter;
	rows->filters++;
}

/* Names matter to filters only; owners are shown, and may be sorted by. */
static uint64_t version_of(const struct rows *rows)
{
	uint64_t version = owner_table_version(rows->owners) + sight_table_version(rows->sights);

	if (rows->names && filter_uses_names(rows->filter))
		version += name_cache_version(rows->names) << 32;
	return version;
}

bool rows_outdated(const struct rows *rows)
{
	return version_of(rows) != rows->known_version;
}

static struct flow_about about_at(const struct rows *rows, size_t i)
{
	return i < rows->about_room ? rows->about[i] : (struct flow_about){0};
}

/* Whether what the filter says of a flow is worth keeping. Ids of a thinned snapshot are sparse, and
 * those of its remainders far beyond any flow's. */
static bool verdicts_last(const struct rows *rows)
{
	const struct snapshot *snapshot = rows->source.snapshot;

	return rows->filter && !filter_uses_counts(rows->filter) && snapshot && !snapshot->thin;
}

/* Room for a verdict on each flow the snapshot can name, where verdicts last. */
static int prepare_verdicts(struct rows *rows, uint64_t version)
{
	const struct snapshot *snapshot = rows->source.snapshot;
	uint8_t *verdict;
	size_t most;

	if (!verdicts_last(rows))
		return 0;
	most = snapshot->count ? (size_t)snapshot->row[snapshot->count - 1].id + 1 : 0;
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

static bool ask_filter(const struct rows *rows, const struct filter *filter, size_t i)
{
	const struct source_flow flow = source_get(&rows->source, i);
	uint64_t elapsed_ns = rows->source.elapsed_ns;
	struct filter_subject subject = {
		.key = flow.key,
		.bps = elapsed_ns ? rate_bps(flow.delta.bytes, elapsed_ns) : -1.0,
		.pps = elapsed_ns ? rate_pps(flow.delta.packets, elapsed_ns) : -1.0,
		.packets = flow.total.packets,
		.bytes = flow.total.bytes,
		.names = rows->names,
		.ifaces = rows->source.ifaces,
	};

	if (rows->owners)
		subject.owner = owner_table_get(rows->owners, about_at(rows, i).owner);
	subject.sight = sight_table_get(rows->sights, flow.sight);
	subject.sight_word = flow.sight_word;
	return filter_match(filter, &subject);
}

bool rows_hides(const struct rows *rows, size_t i)
{
	return rows->hidden && ask_filter(rows, rows->hidden, i);
}

static bool passes_filter(struct rows *rows, size_t i)
{
	uint8_t *verdict;

	if (rows_hides(rows, i))
		return false;
	if (!rows->filter)
		return true;
	if (!verdicts_last(rows))
		return ask_filter(rows, rows->filter, i);
	verdict = &rows->verdict[rows->source.snapshot->row[i].id];
	if (*verdict == VERDICT_NONE)
		*verdict = ask_filter(rows, rows->filter, i) ? VERDICT_PASS : VERDICT_FAIL;
	return *verdict == VERDICT_PASS;
}

unsigned int rows_tenant(const struct rows *rows, enum group_by by, const struct flow_key *key)
{
	bool on_one = by == GROUP_FLOW || by == GROUP_IFACE ||
		      (by == GROUP_CONVERSATION && flow_key_sum(key) == FLOW_SUM_NONE);

	return on_one ? ifaces_tenant(rows->source.ifaces, flow_key_slot(key)) : 0;
}

bool rows_in_drill(const struct rows *rows, const struct flow_key *key, struct flow_about about)
{
	const struct about_tables tables = rows_tables(rows);
	struct flow_key of;

	if (!rows->drilled)
		return true;
	of = group_key(rows->drill_by, key, &tables, about);
	return flow_key_equal(&of, &rows->drill_key) &&
	       rows_tenant(rows, rows->drill_by, &of) == rows->drill_tenant;
}

/* The array with room for `count` elements of that size, and some more; NULL without memory. */
static void *with_room(void *array, size_t *room, size_t count, size_t size)
{
	void *made;

	if (array && count <= *room)
		return array;
	count += count / 4 + 1;
	made = reallocarray(array, count, size);
	if (made)
		*room = count;
	return made;
}

static int make_item_room(struct rows *rows, size_t count)
{
	struct select_item *item = with_room(rows->item, &rows->room, count, sizeof(*item));

	if (!item)
		return -ENOMEM;
	rows->item = item;
	return 0;
}

static int make_flow_room(struct rows *rows, size_t count)
{
	struct flow_about *about;
	uint32_t *made;

	about = with_room(rows->about, &rows->about_room, count, sizeof(*about));
	if (!about)
		return -ENOMEM;
	rows->about = about;
	if (rows->keeps_passed) {
		made = with_room(rows->passed, &rows->passed_room, count, sizeof(*made));
		if (!made)
			return -ENOMEM;
		rows->passed = made;
	}
	return rows->by == GROUP_FLOW ? make_item_room(rows, count) : 0;
}

static void add_to_totals(struct rows *rows, const struct source_flow *flow,
			  const struct flow_counts *total)
{
	struct row_totals *totals = &rows->totals;
	enum flow_dir dir = flow_key_dir(flow->key);

	flow_counts_add(&totals->delta[dir], &flow->delta);
	flow_counts_add(&totals->total[dir], total);
	totals->flows++;
}

static int compute_averages(struct rows *rows)
{
	size_t count = source_count(&rows->source);

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

static void averages_of(const struct rows *rows, size_t index, double ret_bps[PAST_WINDOWS])
{
	for (int i = 0; i < PAST_WINDOWS; i++)
		ret_bps[i] = rows->known[i] ? rows->average[i][index] : -1.0;
}

/* Flows that are added to their groups at once. */
#define WAITING 32

struct waiting_flow {
	size_t i;
	struct flow_counts total;
	struct group_place place;
};

struct waiting_flows {
	size_t count;
	struct waiting_flow flow[WAITING];
};

static int take_in_group(struct rows *rows, const struct waiting_flow *waiting)
{
	const struct source_flow flow = source_get(&rows->source, waiting->i);
	enum flow_dir dir = flow_key_dir(flow.key);
	double average_bps[PAST_WINDOWS];

	if (group_add_at(rows->group, &waiting->place, dir, &flow.delta, &waiting->total,
			 flow.first_wall_ns, about_at(rows, waiting->i)))
		return -ENOMEM;
	group_add_last_seen(rows->group, flow.last_wall_ns);
	if (rows->by == GROUP_CONVERSATION)
		group_add_sight(rows->group, flow.sight, flow.sight_word, dir);
	if (!rows->past)
		return 0;
	averages_of(rows, waiting->i, average_bps);
	group_add_averages(rows->group, average_bps);
	return 0;
}

static int take_waiting(struct rows *rows, struct waiting_flows *waiting)
{
	int err = 0;

	for (size_t i = 0; i < waiting->count; i++)
		group_fetch(rows->group, &waiting->flow[i].place);
	for (size_t i = 0; !err && i < waiting->count; i++)
		err = take_in_group(rows, &waiting->flow[i]);
	waiting->count = 0;
	return err;
}

static int take_flow(struct rows *rows, size_t i, const struct source_flow *flow,
		     struct waiting_flows *waiting)
{
	struct flow_counts total = rows->base ? rows_total(rows, i) : flow->total;
	struct waiting_flow *next;

	if (rows->keeps_passed)
		rows->passed[rows->totals.flows] = (uint32_t)i;
	add_to_totals(rows, flow, &total);
	if (rows->by == GROUP_FLOW) {
		rows->item[rows->count++].index = (uint32_t)i;
		return 0;
	}
	next = &waiting->flow[waiting->count++];
	next->i = i;
	next->total = total;
	group_seek(rows->group, flow->key, about_at(rows, i), &next->place);
	return waiting->count == WAITING ? take_waiting(rows, waiting) : 0;
}

static int take_groups(struct rows *rows)
{
	size_t count = group_count(rows->group);

	if (make_item_room(rows, count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		rows->item[i].index = (uint32_t)i;
	rows->count = count;
	return 0;
}

/* Flows that are fetched ahead. */
#define FLOWS_AHEAD 16

static int take_flows(struct rows *rows)
{
	struct waiting_flows waiting = {.count = 0};
	int err = 0;

	for (size_t i = 0, count = source_count(&rows->source); !err && i < count; i++) {
		const struct source_flow flow = source_get(&rows->source, i);

		/* Not read back from the array: the two halves would have to leave for memory first. */
		const struct flow_about about = {rows->owners ? flow.owner : OWNER_UNKNOWN,
						 flow.sight};

		source_fetch(&rows->source, i + FLOWS_AHEAD);
		rows->about[i] = about;
		if (rows_in_drill(rows, flow.key, about) && passes_filter(rows, i))
			err = take_flow(rows, i, &flow, &waiting);
	}
	return err ? err : take_waiting(rows, &waiting);
}

int rows_gather(struct rows *rows)
{
	const struct about_tables tables = rows_tables(rows);
	uint64_t version = version_of(rows);
	int err;

	rows->count = 0;
	rows->totals = (struct row_totals){0};
	group_reset(rows->group, rows->by, &tables);
	if (!rows->source.snapshot && !rows->source.ledger)
		return 0;
	if (make_flow_room(rows, source_count(&rows->source)) || prepare_verdicts(rows, version) ||
	    compute_averages(rows) || rows_learn_base(rows))
		return -ENOMEM;
	rows->known_version = version;
	err = take_flows(rows);
	if (!err)
		err = rows_add_idle(rows);
	if (err)
		return err;
	return rows->by == GROUP_FLOW ? 0 : take_groups(rows);
}

const struct flow_key *rows_key(const struct rows *rows, uint32_t index)
{
	if (rows->by != GROUP_FLOW)
		return &group_get(rows->group, index)->key;
	return source_key(&rows->source, index);
}

uint32_t rows_owner(const struct rows *rows, uint32_t index, enum owner_part part)
{
	if (rows->by != GROUP_FLOW)
		return group_row_owner(rows->by, group_get(rows->group, index), part);
	return about_at(rows, index).owner;
}

uint32_t rows_sight(const struct rows *rows, uint32_t index)
{
	if (rows->by == GROUP_FLOW)
		return about_at(rows, index).sight;
	return group_get(rows->group, index)->sight;
}

static struct row row_of_flow(const struct rows *rows, uint32_t index)
{
	const struct source_flow flow = source_get(&rows->source, index);
	enum flow_dir dir = flow_key_dir(flow.key);
	struct row got = {
		.key = *flow.key,
		.first_wall_ns = flow.first_wall_ns,
		.last_wall_ns = flow.last_wall_ns,
		.flows = 1,
		.owner = about_at(rows, index).owner,
		.sight = about_at(rows, index).sight,
		.sight_word = flow.sight_word,
	};

	got.delta[dir] = flow.delta;
	got.total[dir] = rows_total(rows, index);
	averages_of(rows, index, got.average_bps);
	return got;
}

struct row rows_get(const struct rows *rows, uint32_t index)
{
	struct row got;

	if (rows->by == GROUP_FLOW)
		return row_of_flow(rows, index);
	got = *group_get(rows->group, index);
	for (int i = 0; i < PAST_WINDOWS; i++)
		got.average_bps[i] = rows->known[i] ? got.average_bps[i] : -1.0;
	return got;
}

struct column_context rows_context(const struct rows *rows)
{
	return (struct column_context){
		.owners = rows->owners,
		.sights = rows->sights,
		.ifaces = rows->source.ifaces,
		.by = rows->by,
		.elapsed_ns = rows->source.elapsed_ns,
		.all = {rows->source.all[FLOW_IN], rows->source.all[FLOW_OUT]},
	};
}

/* Thousandths of a bit: enough to tell any two averages apart. */
static uint64_t average_number(double bps)
{
	return bps > 0.0 ? (uint64_t)(bps * 1000.0) : 0;
}

/* A column that nothing faster is known for: millionths, where it is no whole number. */
static uint64_t number_of_row(const struct rows *rows, enum column column, uint32_t index)
{
	const struct column_context context = rows_context(rows);
	const struct column_info *info = column_info(column);
	const struct row row = rows_get(rows, index);
	double value;

	if (info->count)
		return info->count(&context, &row);
	value = info->real ? info->real(&context, &row) : 0.0;
	return value > 0.0 ? (uint64_t)(value * 1e6) : 0;
}

static inline uint64_t number_of_flow(const struct rows *rows, enum column column, uint32_t index)
{
	const struct flow_counts delta = source_delta(&rows->source, index);

	switch (column) {
	case COLUMN_BPS: return delta.bytes;
	case COLUMN_PPS: return delta.packets;
	case COLUMN_PACKETS: return rows_total(rows, index).packets;
	case COLUMN_IN:
	case COLUMN_OUT:
		return flow_key_dir(source_key(&rows->source, index)) == (column == COLUMN_OUT)
			       ? delta.bytes
			       : 0;
	case COLUMN_FLOWS: return 1;
	case COLUMN_AVERAGE_2S:
	case COLUMN_AVERAGE_10S:
	case COLUMN_AVERAGE_40S:
		if (!rows->known[column - COLUMN_AVERAGE_2S])
			return delta.bytes;
		return average_number(rows->average[column - COLUMN_AVERAGE_2S][index]);
	case COLUMN_BYTES: return rows_total(rows, index).bytes;
	default: return number_of_row(rows, column, index);
	}
}

uint64_t rows_number(const struct rows *rows, enum column column, uint32_t index)
{
	const struct row *row;

	if (column == COLUMN_PID)
		return owner_table_get(rows->owners, rows_owner(rows, index, OWNER_PROCESS))->pid;
	if (rows->by == GROUP_FLOW)
		return number_of_flow(rows, column, index);
	row = group_get(rows->group, index);
	switch (column) {
	case COLUMN_BPS: return row->delta[FLOW_IN].bytes + row->delta[FLOW_OUT].bytes;
	case COLUMN_PPS: return row->delta[FLOW_IN].packets + row->delta[FLOW_OUT].packets;
	case COLUMN_PACKETS: return row->total[FLOW_IN].packets + row->total[FLOW_OUT].packets;
	case COLUMN_IN: return row->delta[FLOW_IN].bytes;
	case COLUMN_OUT: return row->delta[FLOW_OUT].bytes;
	case COLUMN_FLOWS: return row->flows - row->sums;
	case COLUMN_AVERAGE_2S:
	case COLUMN_AVERAGE_10S:
	case COLUMN_AVERAGE_40S:
		return average_number(row->average_bps[column - COLUMN_AVERAGE_2S]);
	case COLUMN_BYTES: return row->total[FLOW_IN].bytes + row->total[FLOW_OUT].bytes;
	default: return number_of_row(rows, column, index);
	}
}

void rows_fetch(const struct rows *rows, uint32_t index)
{
	if (rows->by == GROUP_FLOW)
		source_fetch(&rows->source, index);
	else
		group_fetch_counts(rows->group, index);
}

/* Rows that are fetched ahead. */
#define ROWS_AHEAD 16

void rows_numbers(const struct rows *rows, enum column column, struct select_item *item,
		  size_t count)
{
	const struct snapshot *snapshot = rows->by == GROUP_FLOW ? rows->source.snapshot : NULL;
	bool counts = snapshot && !rows->base;

	/* What most orders begin with stands in the rows of the snapshot. */
	if (snapshot && column == COLUMN_BPS) {
		for (size_t i = 0; i < count; i++)
			item[i].key = snapshot->row[item[i].index].delta_bytes;
	} else if (counts && column == COLUMN_BYTES) {
		for (size_t i = 0; i < count; i++)
			item[i].key = snapshot->row[item[i].index].bytes;
	} else if (counts && column == COLUMN_PACKETS) {
		for (size_t i = 0; i < count; i++)
			item[i].key = snapshot->row[item[i].index].packets;
	} else {
		for (size_t i = 0; i < count; i++) {
			if (i + ROWS_AHEAD < count)
				rows_fetch(rows, item[i + ROWS_AHEAD].index);
			item[i].key = rows_number(rows, column, item[i].index);
		}
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

long rows_find(const struct rows *rows, const struct flow_key *key, unsigned int tenant,
	       uint32_t *id, uint32_t *era)
{
	long index;

	if (!rows->source.snapshot || rows_tenant(rows, rows->by, key) != tenant)
		return -1;
	if (rows->by != GROUP_FLOW)
		return group_find(rows->group, key);
	index = find_flow(rows->source.snapshot, key, id, era);
	if (index < 0)
		return -1;
	if (!rows_in_drill(rows, key, about_at(rows, (size_t)index)))
		return -1;
	/* A row that the filter hides is not there. */
	if (rows->filter && !ask_filter(rows, rows->filter, (size_t)index))
		return -1;
	return rows_hides(rows, (size_t)index) ? -1 : index;
}
