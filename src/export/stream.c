/* SPDX-License-Identifier: MIT */
/* Which rows of an interval are written, and in which order; see stream.h. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "stream_private.h"

/* Text that is written at once. */
#define FLUSH_SIZE 65536

static const struct stream_writer *const writers[STREAM_FORMATS] = {
	[STREAM_JSONL] = &stream_json_writer,
	[STREAM_CSV] = &stream_csv_writer,
	[STREAM_TEXT] = &stream_text_writer,
};

int stream_new(const struct stream_options *options, int fd, bool owned, struct stream **ret_stream)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int err;

	if (!stream)
		return -ENOMEM;
	err = group_new(&stream->group);
	if (err) {
		free(stream);
		return err;
	}
	stream->options = *options;
	stream->writer = writers[options->format];
	stream->outlet.fd = fd;
	stream->outlet.owned = owned;
	stream->outlet.stop_fd = -1;
	stream->outlet.grace_ns = OUTLET_GRACE_NS;
	stream->outlet.grace_all_ns = OUTLET_GRACE_ALL_NS;
	atomic_init(&stream->outlet.next_fd, -1);
	stream->outlet.stuck = options->stuck;
	stream->outlet.context = options->context;
	*ret_stream = stream;
	return 0;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	outlet_close(&stream->outlet);
	group_free(stream->group);
	record_free(stream->record);
	text_done(&stream->text);
	free(stream->order);
	free(stream);
}

void stream_prepare(struct stream *stream, int stop_fd, int64_t start_wall_ns,
		    const struct about_tables *tables, struct name_cache *names)
{
	stream->outlet.stop_fd = stop_fd;
	stream->options.start_wall_ns = start_wall_ns;
	stream->tables = *tables;
	stream->names = names;
}

void stream_reopen(struct stream *stream, int fd)
{
	outlet_reopen(&stream->outlet, fd);
}

static int flush_text(struct stream *stream, size_t most)
{
	int err = 0;

	if (stream->text.failed)
		return -ENOMEM;
	if (stream->text.used > most) {
		/* Who reads may be slow. */
		sight_table_release(stream->tables.sights);
		err = outlet_write(&stream->outlet, stream->text.at, stream->text.used);
		sight_table_hold(stream->tables.sights);
		text_clear(&stream->text);
	}
	return err;
}

static bool passes_stream(const struct stream *stream, const struct changed_flow *flow)
{
	const struct stream_options *options = &stream->options;
	struct filter_subject subject = {
		.key = &flow->key,
		.bps = rate_bps(flow->delta.bytes, stream->elapsed_ns),
		.pps = rate_pps(flow->delta.packets, stream->elapsed_ns),
		.packets = flow->total.packets,
		.bytes = flow->total.bytes,
		.names = stream->names,
		.ifaces = stream->now->ifaces,
	};

	if (!options->filter && !options->hidden)
		return true;
	if (stream->tables.owners)
		subject.owner = owner_table_get(stream->tables.owners, flow->owner);
	subject.sight = sight_table_get(stream->tables.sights, flow->sight);
	subject.sight_word = flow->sight_word;
	return !(options->hidden && filter_match(options->hidden, &subject)) &&
	       filter_match(options->filter, &subject);
}

static uint64_t sort_number(const struct stream *stream, const struct flow_counts *delta,
			    const struct flow_counts *total)
{
	switch (stream->options.sort) {
	case COLUMN_PPS: return delta->packets;
	case COLUMN_PACKETS: return total->packets;
	case COLUMN_BYTES: return total->bytes;
	default: return delta->bytes;
	}
}

static struct flow_counts both_directions(const struct flow_counts counts[FLOW_DIRS])
{
	return (struct flow_counts){counts[FLOW_IN].packets + counts[FLOW_OUT].packets,
				    counts[FLOW_IN].bytes + counts[FLOW_OUT].bytes};
}

static uint64_t row_number(const struct stream *stream, uint32_t i)
{
	if (stream->options.by == GROUP_FLOW) {
		const struct changed_flow *flow = &stream->change->flow[i];

		return sort_number(stream, &flow->delta, &flow->total);
	}
	const struct row *row = group_get(stream->group, i);
	struct flow_counts delta = both_directions(row->delta), total = both_directions(row->total);

	return sort_number(stream, &delta, &total);
}

static int compare_rows(const void *a, const void *b, void *context)
{
	uint32_t left_row = *(const uint32_t *)a, right_row = *(const uint32_t *)b;
	uint64_t left = row_number(context, left_row), right = row_number(context, right_row);

	if (left != right)
		return left < right ? 1 : -1;
	return left_row < right_row ? -1 : 1;
}

/* Which flows, or groups, have something to write. */
static int select_rows(struct stream *stream, size_t *ret_count)
{
	const struct change *change = stream->change;
	bool flows = stream->options.by == GROUP_FLOW;
	size_t count = 0, most = change->count;
	int err = 0;

	if (most > stream->room) {
		uint32_t *order = reallocarray(stream->order, most + most / 4, sizeof(*order));

		if (!order)
			return -ENOMEM;
		stream->order = order;
		stream->room = most + most / 4;
	}
	group_reset(stream->group, stream->options.by, &stream->tables);
	for (size_t i = 0; !err && i < change->count; i++) {
		const struct changed_flow *flow = &change->flow[i];

		if (!flow->delta.packets || !passes_stream(stream, flow))
			continue;
		flow_counts_add(&stream->written[flow_key_dir(&flow->key)], &flow->delta);
		if (flows)
			stream->order[count++] = (uint32_t)i;
		else
			err = group_add(stream->group, &flow->key, &flow->delta, &flow->total,
					flow->first_wall_ns,
					(struct flow_about){flow->owner, flow->sight});
	}
	for (size_t i = 0; !flows && i < group_count(stream->group); i++)
		stream->order[count++] = (uint32_t)i;
	*ret_count = count;
	return err;
}

static int write_row(struct stream *stream, uint32_t i)
{
	if (stream->options.by == GROUP_FLOW)
		stream->writer->flow(stream, &stream->change->flow[i]);
	else
		stream->writer->group(stream, group_get(stream->group, i));
	return flush_text(stream, FLUSH_SIZE);
}

/* The rows beyond the limit, by direction. */
static void write_limited(struct stream *stream, size_t from, size_t count)
{
	struct flow_counts rest[FLOW_DIRS] = {{0}};
	size_t rows[FLOW_DIRS] = {0};

	for (size_t i = from; i < count; i++) {
		const struct changed_flow *flow = &stream->change->flow[stream->order[i]];

		if (stream->options.by == GROUP_FLOW) {
			flow_counts_add(&rest[flow_key_dir(&flow->key)], &flow->delta);
			rows[flow_key_dir(&flow->key)]++;
			continue;
		}
		const struct row *row = group_get(stream->group, stream->order[i]);

		for (int dir = 0; dir < FLOW_DIRS; dir++) {
			flow_counts_add(&rest[dir], &row->delta[dir]);
			rows[dir] += row->delta[dir].packets != 0;
		}
	}
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		if (rows[dir])
			stream->writer->rest(stream, STREAM_REST_LIMIT, (enum flow_dir)dir,
					     rows[dir], &rest[dir]);
	}
}

static void write_behind(struct stream *stream)
{
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		const struct flow_counts *rest = &stream->change->rest[dir];

		if (!rest->packets)
			continue;
		flow_counts_add(&stream->written[dir], rest);
		stream->writer->rest(stream, STREAM_REST_BEHIND, (enum flow_dir)dir, 0, rest);
	}
}

static int write_ended(struct stream *stream)
{
	int err = 0;

	if (stream->options.by != GROUP_FLOW || stream->options.sums_only)
		return 0;
	for (size_t i = 0; !err && i < stream->change->count; i++) {
		const struct changed_flow *flow = &stream->change->flow[i];

		if (!flow->ended || !passes_stream(stream, flow))
			continue;
		stream->writer->ended(stream, flow);
		err = flush_text(stream, FLUSH_SIZE);
	}
	return err;
}

static size_t rows_to_write(const struct stream *stream, size_t count)
{
	const struct stream_options *options = &stream->options;

	if (options->sums_only)
		return 0;
	return options->limit && options->limit < count ? options->limit : count;
}

static void write_alerts(struct stream *stream)
{
	struct alert_news news;

	while (stream->options.alerts &&
	       alerts_next(stream->options.alerts, &stream->alerts_seen, &news))
		stream->writer->alert(stream, &news);
}

static int write_interval(struct stream *stream)
{
	size_t count, rows;
	int err = select_rows(stream, &count);

	if (err)
		return err;
	rows = rows_to_write(stream, count);
	if (count && (rows < count || stream->options.format == STREAM_TEXT))
		qsort_r(stream->order, count, sizeof(*stream->order), compare_rows, stream);
	stream->writer->interval(stream, rows);
	for (size_t i = 0; !err && i < rows; i++)
		err = write_row(stream, stream->order[i]);
	if (err)
		return err;
	if (!stream->options.sums_only)
		write_limited(stream, rows, count);
	write_behind(stream);
	err = write_ended(stream);
	write_alerts(stream);
	return err ? err : flush_text(stream, 0);
}

struct row stream_flow_row(const struct stream *stream, const struct changed_flow *flow)
{
	enum flow_dir dir = flow_key_dir(&flow->key);
	struct row row = {
		.key = flow->key,
		.first_wall_ns = flow->first_wall_ns,
		.last_wall_ns = flow->delta.packets ? snapshot_seen_ns(stream->now) : 0,
		.flows = 1,
		.owner = flow->owner,
		.sight = flow->sight,
		.sight_word = flow->sight_word,
	};

	row.delta[dir] = row.total[dir] = flow->total;
	return row;
}

struct row stream_group_row(const struct stream *stream, const struct row *group)
{
	struct row row = *group;

	memcpy(row.total, row.delta, sizeof(row.total));
	row.last_wall_ns = snapshot_seen_ns(stream->now);
	return row;
}

/* Its rows are averages since the start, as in the report; of groups, over the interval. */
static int renew_record(struct stream *stream)
{
	const struct stream_options *options = &stream->options;
	const struct record_options record = {
		.format = options->format == STREAM_CSV ? RECORD_CSV : RECORD_JSON,
		.context = {.owners = stream->tables.owners,
			    .sights = stream->tables.sights,
			    .ifaces = stream->now->ifaces,
			    .by = options->by,
			    .elapsed_ns = options->by == GROUP_FLOW ? stream->now->running_ns
								    : stream->elapsed_ns},
		.names = stream->names,
	};
	struct record_options made = record;

	for (int dir = 0; dir < FLOW_DIRS; dir++)
		made.context.all[dir] = options->by == GROUP_FLOW ? stream->now->dir[dir].total
					: stream->change	  ? stream->change->delta[dir]
								  : (struct flow_counts){0};
	record_free(stream->record);
	stream->record = NULL;
	return options->format == STREAM_TEXT ? 0 : record_new(&made, &stream->record);
}

static int set_moment(struct stream *stream, const struct snapshot *now)
{
	int err;

	stream->now = now;
	err = renew_record(stream);
	if (err)
		return err;
	format_rfc3339(now->wall_ns, stream->time, sizeof(stream->time));
	if (!stream->begun)
		stream->writer->begin(stream);
	stream->begun = true;
	return 0;
}

int stream_publish(void *output, const struct change *change)
{
	struct stream *stream = output;
	int err;

	stream->change = change;
	stream->elapsed_ns = change->elapsed_ns;
	err = set_moment(stream, change->now);
	if (err)
		return err;
	stream->intervals++;
	sight_table_hold(stream->tables.sights);
	err = write_interval(stream);
	sight_table_release(stream->tables.sights);
	return err;
}

int stream_finish(void *output, const struct snapshot *last)
{
	struct stream *stream = output;
	int err;

	if (!last)
		return 0;
	err = set_moment(stream, last);
	if (err)
		return err;
	sight_table_hold(stream->tables.sights);
	write_alerts(stream);
	stream->writer->final(stream, last);
	err = flush_text(stream, 0);
	sight_table_release(stream->tables.sights);
	return err;
}
