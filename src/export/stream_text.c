/* SPDX-License-Identifier: MIT */
/* The rows of a stream as CSV for spreadsheets, and as text for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "clock.h"
#include "stream_private.h"

/* A row of either kind. */
struct cells {
	const char *type;
	const char *dir;   /* "" both */
	const char *iface; /* outside text */
	const char *proto;
	char source[ENDPOINT_TEXT_MAX + OWNER_TEXT_MAX];
	char destination[ENDPOINT_TEXT_MAX];
	struct flow_counts delta, total; /* no total: of what cannot be known */
	bool has_total;
	uint32_t owner;
};

static void fill_flow(const struct stream *stream, const char *type,
		      const struct changed_flow *flow, struct cells *cells)
{
	const struct flow_key *key = &flow->key;

	*cells = (struct cells){
		.type = type,
		.dir = flow_key_dir(key) == FLOW_IN ? "in" : "out",
		.iface = ifaces_name(stream->now->ifaces, flow_key_slot(key)),
		.proto = flow_proto_name(key),
		.delta = flow->delta,
		.total = flow->total,
		.has_total = true,
		.owner = flow->owner,
	};
	endpoint_source(key, cells->source, sizeof(cells->source));
	endpoint_destination(key, cells->destination, sizeof(cells->destination));
}

static void fill_group(const struct stream *stream, const struct row *row, struct cells *cells)
{
	const struct flow_counts *in = &row->delta[FLOW_IN], *out = &row->delta[FLOW_OUT];
	enum group_by by = stream->options.by;
	bool no_proto = by == GROUP_HOST || group_by_owner(by) || group_by_sight(by);

	*cells = (struct cells){
		.type = group_name(by),
		.dir = "",
		.iface = by == GROUP_CONVERSATION
				 ? ifaces_name(stream->now->ifaces, flow_key_slot(&row->key))
				 : "",
		.proto = no_proto && flow_key_sum(&row->key) == FLOW_SUM_NONE
				 ? ""
				 : flow_proto_name(&row->key),
		.delta = {in->packets + out->packets, in->bytes + out->bytes},
		.owner = group_by_owner(by) ? OWNER_UNKNOWN : row->owner,
	};
	group_source(by, &row->key, &stream->tables, stream->now->ifaces, cells->source,
		     sizeof(cells->source));
	group_destination(by, &row->key, cells->destination, sizeof(cells->destination));
}

static void fill_rest(enum stream_rest why, enum flow_dir dir, size_t rows,
		      const struct flow_counts *delta, struct cells *cells)
{
	*cells = (struct cells){
		.type = "rest",
		.dir = dir == FLOW_IN ? "in" : "out",
		.iface = "",
		.proto = "",
		.delta = *delta,
	};
	if (why == STREAM_REST_LIMIT)
		snprintf(cells->source, sizeof(cells->source), "%zu more row%s", rows,
			 format_plural(rows));
	else
		snprintf(cells->source, sizeof(cells->source), "flows before the reader caught up");
}

static const struct owner *row_owner(const struct stream *stream, uint32_t id)
{
	return owner_table_get(stream->tables.owners, id);
}

/* CSV: one line a row, no other records. */

/* Fields of ours stand around a line of record.h: its end is taken off. */
static void csv_continue(struct text *text)
{
	if (!text->failed)
		text->used -= strlen("\r\n");
}

static void csv_begin(struct stream *stream)
{
	text_add(&stream->text, "time,elapsed,type,");
	record_put_head(stream->record, &stream->text);
	csv_continue(&stream->text);
	text_add(&stream->text, ",deltaPackets,deltaBytes,bps,pps\r\n");
}

static void csv_row(struct stream *stream, const char *type, const struct row *row,
		    const struct flow_counts *delta)
{
	struct text *text = &stream->text;

	text_add(text, stream->time);
	text_put(text, ",", 1);
	text_real(text, (double)stream->elapsed_ns / 1e9);
	text_print(text, ",%s,", type);
	record_put(stream->record, row, text);
	csv_continue(text);
	text_put(text, ",", 1);
	text_number(text, delta->packets);
	text_put(text, ",", 1);
	text_number(text, delta->bytes);
	text_put(text, ",", 1);
	text_real(text, rate_bps(delta->bytes, stream->elapsed_ns));
	text_put(text, ",", 1);
	text_real(text, rate_pps(delta->packets, stream->elapsed_ns));
	text_add(text, "\r\n");
}

static void csv_flow(struct stream *stream, const struct changed_flow *flow)
{
	const struct row row = stream_flow_row(stream, flow);

	csv_row(stream, "flow", &row, &flow->delta);
}

static void csv_group(struct stream *stream, const struct row *row)
{
	const struct flow_counts *in = &row->delta[FLOW_IN], *out = &row->delta[FLOW_OUT];
	const struct flow_counts delta = {in->packets + out->packets, in->bytes + out->bytes};
	const struct row written = stream_group_row(stream, row);

	csv_row(stream, group_name(stream->options.by), &written, &delta);
}

/* A row that is a sum, of which nothing else is known. */
static void csv_rest(struct stream *stream, enum stream_rest why, enum flow_dir dir, size_t rows,
		     const struct flow_counts *delta)
{
	struct row row = {
		.key = flow_key_of_sum(FLOW_SUM_REMAINDER, FLOW_CLASS_MIXED, 0,
				       (uint8_t)FLOW_WHERE(FLOW_SLOT_GONE, dir)),
		.flows = (uint32_t)rows,
		.first_wall_ns = stream->options.start_wall_ns,
	};

	(void)why;
	row.delta[dir] = row.total[dir] = *delta;
	csv_row(stream, "rest", &row, delta);
}

static void no_interval(struct stream *stream, size_t rows)
{
	(void)stream;
	(void)rows;
}

static void no_ended(struct stream *stream, const struct changed_flow *flow)
{
	(void)stream;
	(void)flow;
}

static void no_final(struct stream *stream, const struct snapshot *last)
{
	(void)stream;
	(void)last;
}

static void no_alert(struct stream *stream, const struct alert_news *news)
{
	(void)stream;
	(void)news;
}

const struct stream_writer stream_csv_writer = {
	.begin = csv_begin,
	.interval = no_interval,
	.flow = csv_flow,
	.group = csv_group,
	.ended = no_ended,
	.rest = csv_rest,
	.alert = no_alert,
	.final = no_final,
};

/* Text: a heading for each interval, then its rows, the largest first. */

static void text_begin(struct stream *stream)
{
	(void)stream;
}

/* "in 8.42 Gb/s 702 kp/s". */
static void add_rates(struct stream *stream, const char *dir, const struct flow_counts *delta)
{
	char bits[FORMAT_TEXT_MAX], packets[FORMAT_TEXT_MAX];

	format_rate(rate_bps(delta->bytes, stream->elapsed_ns), "b/s", bits, sizeof(bits));
	format_rate(rate_pps(delta->packets, stream->elapsed_ns), "p/s", packets, sizeof(packets));
	text_print(&stream->text, "  %s %s %s", dir, bits, packets);
}

static void text_interval(struct stream *stream, size_t rows)
{
	char wall[FORMAT_TEXT_MAX], length[FORMAT_TEXT_MAX];
	struct text *text = &stream->text;

	text_print(text, "%s%s  %s", stream->intervals > 1 ? "\n" : "",
		   format_wall(stream->now->wall_ns, wall, sizeof(wall)),
		   format_length(stream->elapsed_ns, length, sizeof(length)));
	add_rates(stream, "in", &stream->change->delta[FLOW_IN]);
	add_rates(stream, "out", &stream->change->delta[FLOW_OUT]);
	text_print(text, "  %" PRIu32 " flow%s  %s\n", stream->change->active,
		   format_plural(stream->change->active),
		   change_is_exact(stream->now) ? "exact" : "not exact");
	if (rows)
		text_add(text,
			 "PROTO     DIR  BPS      PPS      PACKETS       SOURCE > DESTINATION\n");
}

static void text_cells(struct stream *stream, const struct cells *cells)
{
	char bits[FORMAT_TEXT_MAX], packets[FORMAT_TEXT_MAX], safe[OWNER_TEXT_MAX];
	struct text *text = &stream->text;

	format_scaled(rate_bps(cells->delta.bytes, stream->elapsed_ns), bits, sizeof(bits));
	format_scaled(rate_pps(cells->delta.packets, stream->elapsed_ns), packets, sizeof(packets));
	text_print(text, "%-9s %-4s %-8s %-8s %-13" PRIu64 " %s%s%s", cells->proto, cells->dir,
		   bits, packets, (uint64_t)cells->delta.packets, cells->source,
		   *cells->destination ? " > " : "", cells->destination);
	if (cells->owner != OWNER_UNKNOWN)
		text_print(
			text, "  %s",
			format_outside(row_owner(stream, cells->owner)->comm, safe, sizeof(safe)));
	text_add(text, "\n");
}

static void text_flow(struct stream *stream, const struct changed_flow *flow)
{
	struct cells cells;

	fill_flow(stream, "flow", flow, &cells);
	text_cells(stream, &cells);
}

static void text_group(struct stream *stream, const struct row *row)
{
	struct cells cells;

	fill_group(stream, row, &cells);
	text_cells(stream, &cells);
}

static void text_rest(struct stream *stream, enum stream_rest why, enum flow_dir dir, size_t rows,
		      const struct flow_counts *delta)
{
	struct cells cells;

	fill_rest(why, dir, rows, delta, &cells);
	text_cells(stream, &cells);
}

static void text_alert(struct stream *stream, const struct alert_news *news)
{
	char safe[LIMIT_TEXT_MAX], wall[FORMAT_TEXT_MAX];

	format_outside(alerts_text(stream->options.alerts, news->limit), safe, sizeof(safe));
	text_print(&stream->text, "%s: %s at %s (%s)\n", news->on ? "ALERT" : "alert is over", safe,
		   format_wall(news->wall_ns, wall, sizeof(wall)), news->values);
}

const struct stream_writer stream_text_writer = {
	.begin = text_begin,
	.interval = text_interval,
	.flow = text_flow,
	.group = text_group,
	.ended = no_ended,
	.rest = text_rest,
	.alert = text_alert,
	.final = no_final,
};
