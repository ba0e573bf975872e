/* SPDX-License-Identifier: MIT */
/* The records of a stream as JSON Lines; doc/streams.md describes them, doc/stream.schema.json too. */
#include "clock.h"
#include "stream_private.h"

static void json_put_totals(struct text *text, const struct snapshot *snapshot)
{
	const struct flow_counts *in = &snapshot->dir[FLOW_IN].total;
	const struct flow_counts *out = &snapshot->dir[FLOW_OUT].total;

	json_number(text, "packetsIn", in->packets);
	json_number(text, "bytesIn", in->bytes);
	json_number(text, "packetsOut", out->packets);
	json_number(text, "bytesOut", out->bytes);
}

static void put_reason(struct text *text, const char *name, const struct flow_counts *counts)
{
	text_print(text, "\"%s\":{\"packets\":%llu,\"bytes\":%llu}", name,
		   (unsigned long long)counts->packets, (unsigned long long)counts->bytes);
}

static void json_put_samples(struct text *text, const struct sample_counts *samples)
{
	const uint64_t *refused = samples->refused;

	text_print(text,
		   ",\"samples\":{\"handed\":%llu,\"limit\":%llu,\"ringFull\":%llu,"
		   "\"unreadable\":%llu}",
		   (unsigned long long)samples->handed,
		   (unsigned long long)refused[SAMPLE_REFUSED_LIMIT],
		   (unsigned long long)refused[SAMPLE_REFUSED_FULL],
		   (unsigned long long)refused[SAMPLE_REFUSED_UNREADABLE]);
}

static void put_health(struct text *text, const struct snapshot *snapshot)
{
	const struct snapshot_health *health = &snapshot->health;

	json_number(text, "flowsKnown", snapshot->flows_known);
	json_bool(text, "exact", change_is_exact(snapshot));
	text_add(text, ",\"other\":{");
	put_reason(text, "mapFull", &health->map_full);
	text_add(text, ",");
	put_reason(text, "aged", &health->aged);
	text_add(text, ",");
	put_reason(text, "gone", &health->gone);
	text_add(text, "}");
	if (health->inspect)
		json_put_samples(text, &health->samples);
}

static void json_put_ifaces(struct text *text, const struct ifaces *ifaces)
{
	const char *comma = "";

	text_add(text, ",\"interfaces\":[");
	for (unsigned int slot = 0; ifaces && slot < ifaces->count; slot++) {
		char safe[FORMAT_TEXT_MAX];

		if (ifaces->entry[slot].state != IFACE_WATCHED)
			continue;
		text_add(text, comma);
		json_quoted(text, format_outside(ifaces->entry[slot].name, safe, sizeof(safe)));
		comma = ",";
	}
	text_add(text, "]");
}

static void json_begin_record(struct stream *stream)
{
	const struct stream_options *options = &stream->options;
	struct text *text = &stream->text;
	char start[FORMAT_TEXT_MAX];

	json_begin(text, "begin");
	json_number(text, "version", STREAM_VERSION);
	json_text(text, "program", "pktstat-bpf");
	json_text(text, "programVersion", options->program_version);
	json_outside(text, "host", options->host);
	json_text(text, "start", format_rfc3339(options->start_wall_ns, start, sizeof(start)));
	json_put_ifaces(text, stream->now->ifaces);
	json_text(text, "by", group_name(options->by));
	if (options->filter_text)
		json_outside(text, "filter", options->filter_text);
	json_end(text);
}

static void json_interval(struct stream *stream, size_t rows)
{
	const struct flow_counts *in = &stream->change->delta[FLOW_IN];
	const struct flow_counts *out = &stream->change->delta[FLOW_OUT];
	struct text *text = &stream->text;

	json_begin(text, "interval");
	json_number(text, "interval", stream->intervals);
	json_text(text, "time", stream->time);
	json_decimal(text, "elapsed", (double)stream->elapsed_ns / 1e9);
	json_number(text, "deltaPacketsIn", in->packets);
	json_number(text, "deltaBytesIn", in->bytes);
	json_number(text, "deltaPacketsOut", out->packets);
	json_number(text, "deltaBytesOut", out->bytes);
	json_put_totals(text, stream->now);
	json_number(text, "flowsActive", stream->change->active);
	json_number(text, "rows", rows);
	put_health(text, stream->now);
	json_end(text);
}

static void put_delta(struct stream *stream, const struct flow_counts *delta)
{
	struct text *text = &stream->text;

	json_number(text, "deltaPackets", delta->packets);
	json_number(text, "deltaBytes", delta->bytes);
	json_decimal(text, "bps", rate_bps(delta->bytes, stream->elapsed_ns));
	json_decimal(text, "pps", rate_pps(delta->packets, stream->elapsed_ns));
}

/* The members of --json behind the type and the time. */
static void put_row(struct stream *stream, const char *type, const struct row *row)
{
	struct text *text = &stream->text;
	size_t at;

	json_begin(text, type);
	json_text(text, "time", stream->time);
	at = text->used;
	record_put(stream->record, row, text);
	if (text->failed)
		return;
	/* One object out of two: the second one begins with a comma and ends later. */
	text->at[at] = ',';
	text->used--;
}

static void json_flow(struct stream *stream, const struct changed_flow *flow)
{
	const struct row row = stream_flow_row(stream, flow);

	put_row(stream, "flow", &row);
	put_delta(stream, &flow->delta);
	json_end(&stream->text);
}

static void json_ended(struct stream *stream, const struct changed_flow *flow)
{
	const struct row row = stream_flow_row(stream, flow);

	put_row(stream, "end", &row);
	json_end(&stream->text);
}

static void json_group(struct stream *stream, const struct row *row)
{
	const struct flow_counts *in = &row->delta[FLOW_IN], *out = &row->delta[FLOW_OUT];
	const struct flow_counts delta = {in->packets + out->packets, in->bytes + out->bytes};
	const struct row written = stream_group_row(stream, row);
	struct text *text = &stream->text;

	put_row(stream, "group", &written);
	json_text(text, "by", group_name(stream->options.by));
	put_delta(stream, &delta);
	json_number(text, "deltaPacketsIn", in->packets);
	json_number(text, "deltaBytesIn", in->bytes);
	json_number(text, "deltaPacketsOut", out->packets);
	json_number(text, "deltaBytesOut", out->bytes);
	json_end(text);
}

static void json_rest(struct stream *stream, enum stream_rest why, enum flow_dir dir, size_t rows,
		      const struct flow_counts *delta)
{
	struct text *text = &stream->text;

	json_begin(text, "rest");
	json_text(text, "time", stream->time);
	json_text(text, "reason", why == STREAM_REST_LIMIT ? "limit" : "behind");
	json_text(text, "dir", dir == FLOW_IN ? "in" : "out");
	json_number(text, "rows", rows);
	put_delta(stream, delta);
	json_end(text);
}

static void json_alert(struct stream *stream, const struct alert_news *news)
{
	struct text *text = &stream->text;
	char time[FORMAT_TEXT_MAX];

	json_begin(text, "alert");
	json_text(text, "time", format_rfc3339(news->wall_ns, time, sizeof(time)));
	json_outside(text, "limit", alerts_text(stream->options.alerts, news->limit));
	json_bool(text, "on", news->on);
	json_text(text, "values", news->values);
	json_end(text);
}

static void json_final(struct stream *stream, const struct snapshot *last)
{
	struct text *text = &stream->text;

	json_begin(text, "final");
	json_text(text, "time", stream->time);
	json_decimal(text, "running", (double)last->running_ns / 1e9);
	json_number(text, "intervals", stream->intervals);
	json_put_totals(text, last);
	json_number(text, "writtenPackets",
		    stream->written[FLOW_IN].packets + stream->written[FLOW_OUT].packets);
	json_number(text, "writtenBytes",
		    stream->written[FLOW_IN].bytes + stream->written[FLOW_OUT].bytes);
	put_health(text, last);
	json_end(text);
}

const struct stream_writer stream_json_writer = {
	.begin = json_begin_record,
	.interval = json_interval,
	.flow = json_flow,
	.group = json_group,
	.ended = json_ended,
	.rest = json_rest,
	.alert = json_alert,
	.final = json_final,
};
