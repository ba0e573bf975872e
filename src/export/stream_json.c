/* SPDX-License-Identifier: MIT */
/* The records of a stream as JSON Lines; doc/streams.md describes them, doc/stream.schema.json too. */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "clock.h"
#include "stream_private.h"

#define IPPROTO_OSPF 89

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
	json_number(text, "flowsActive", stream->now->flows_active);
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

static void json_put_owner(struct stream *stream, uint32_t id)
{
	struct text *text = &stream->text;
	const struct owner *owner;

	if (!stream->options.owners || id == OWNER_UNKNOWN)
		return;
	owner = owner_table_get(stream->options.owners, id);
	if (!owner_is_process(id)) {
		json_text(text, "comm", owner->comm);
		return;
	}
	json_number(text, "pid", owner->pid);
	json_outside(text, "comm", owner->comm);
	json_outside(text, "exe", owner->exe);
	json_outside(text, "user", owner->user);
	json_outside(text, "cgroup", owner->cgroup);
	json_outside(text, "container", owner->unit);
	if (owner->own)
		json_bool(text, "own", true);
}

static void json_put_iface(struct stream *stream, unsigned int slot)
{
	json_outside(&stream->text, "iface", ifaces_name(stream->now->ifaces, slot));
}

static void json_put_names(struct stream *stream, const struct flow_key *key)
{
	char name[NAME_TEXT_MAX];

	if (!stream->names || !flow_key_is_ip(key))
		return;
	if (name_cache_get(stream->names, key->src, name, sizeof(name)))
		json_text(&stream->text, "srcName", name);
	if (name_cache_get(stream->names, key->dst, name, sizeof(name)))
		json_text(&stream->text, "dstName", name);
}

/* What stands in place of ports. */
static void put_details(struct text *text, const struct flow_key *key)
{
	char part[FLOW_TEXT_MAX];

	if (key->ethertype == ETH_P_ARP) {
		json_text(text, "arpOp", flow_arp_text(key->sport, part, sizeof(part)));
		return;
	}
	json_number(text, "ipProto", key->ipproto);
	if (key->ipproto == IPPROTO_ESP || key->ipproto == IPPROTO_AH) {
		json_number(text, "spi", (uint64_t)key->sport << 16 | key->dport);
	} else if (key->ipproto == IPPROTO_GRE) {
		json_number(text, "greFlags", key->dport);
		json_text(text, "greInner", flow_gre_text(key->sport, part, sizeof(part)));
	} else if (key->ipproto == IPPROTO_OSPF) {
		json_text(text, "ospfType", flow_ospf_text(key->sport, part, sizeof(part)));
		json_number(text, "ospfVersion", key->dport);
	}
}

/* Who talks to whom; a sum has no addresses and ports, though its key holds numbers. */
static void put_ends(struct text *text, const struct flow_key *key)
{
	bool sum = flow_key_sum(key) != FLOW_SUM_NONE;
	char part[FLOW_TEXT_MAX];

	json_text(text, "srcIp", flow_address_text(key, key->src, part, sizeof(part)));
	json_text(text, "dstIp", flow_address_text(key, key->dst, part, sizeof(part)));
	json_text(text, "proto", flow_proto_name(key));
	json_number(text, "srcPort", sum ? 0 : key->sport);
	json_number(text, "dstPort", sum ? 0 : key->dport);
	json_number(text, "etherType", key->ethertype);
	if (sum)
		json_text(text, "reason", flow_sum_text(key, part, sizeof(part)));
	else
		put_details(text, key);
}

/* What flow and end records share. */
static void json_put_flow(struct stream *stream, const char *type, const struct changed_flow *flow)
{
	struct text *text = &stream->text;
	char first[FORMAT_TEXT_MAX];

	json_begin(text, type);
	json_text(text, "time", stream->time);
	put_ends(text, &flow->key);
	json_number(text, "bytes", flow->total.bytes);
	json_number(text, "packets", flow->total.packets);
	json_decimal(text, "bitrate", rate_bps(flow->total.bytes, stream->now->running_ns));
	json_text(text, "dir", flow_key_dir(&flow->key) == FLOW_IN ? "in" : "out");
	json_put_iface(stream, flow_key_slot(&flow->key));
	json_text(text, "firstSeen", format_rfc3339(flow->first_wall_ns, first, sizeof(first)));
	json_put_owner(stream, flow->owner);
	json_put_names(stream, &flow->key);
}

static void json_flow(struct stream *stream, const struct changed_flow *flow)
{
	json_put_flow(stream, "flow", flow);
	put_delta(stream, &flow->delta);
	json_end(&stream->text);
}

static void json_ended(struct stream *stream, const struct changed_flow *flow)
{
	json_put_flow(stream, "end", flow);
	json_end(&stream->text);
}

static void put_group_name(struct stream *stream, const struct row *row)
{
	const struct flow_key *key = &row->key;
	struct text *text = &stream->text;
	char part[FLOW_TEXT_MAX];

	if (flow_key_sum(key) != FLOW_SUM_NONE) {
		json_text(text, "proto", flow_proto_name(key));
		json_text(text, "reason", flow_sum_text(key, part, sizeof(part)));
		return;
	}
	switch (stream->options.by) {
	case GROUP_CONVERSATION:
		put_ends(text, key);
		json_put_iface(stream, flow_key_slot(key));
		break;
	case GROUP_HOST:
		json_text(text, "ip", flow_address_text(key, key->dst, part, sizeof(part)));
		break;
	case GROUP_IFACE: json_put_iface(stream, flow_key_slot(key)); break;
	case GROUP_SERVICE: json_number(text, "port", key->dport); __attribute__((fallthrough));
	case GROUP_PROTOCOL: json_text(text, "proto", flow_proto_name(key)); break;
	default: break;
	}
}

static void put_group_owner(struct stream *stream, const struct row *row)
{
	enum group_by by = stream->options.by;
	uint32_t id = group_row_owner(by, row, group_owner_part(by));
	char safe[OWNER_TEXT_MAX];
	const char *name;

	if (by != GROUP_CONTAINER && by != GROUP_USER) {
		json_put_owner(stream, id);
		return;
	}
	name = owner_table_name(stream->options.owners, id, group_owner_part(by));
	json_text(&stream->text, by == GROUP_USER ? "user" : "container",
		  format_outside(name, safe, sizeof(safe)));
}

static void json_group(struct stream *stream, const struct row *row)
{
	const struct flow_counts *in = &row->delta[FLOW_IN], *out = &row->delta[FLOW_OUT];
	const struct flow_counts delta = {in->packets + out->packets, in->bytes + out->bytes};
	struct text *text = &stream->text;

	json_begin(text, "group");
	json_text(text, "time", stream->time);
	json_text(text, "by", group_name(stream->options.by));
	put_group_name(stream, row);
	put_group_owner(stream, row);
	put_delta(stream, &delta);
	json_number(text, "deltaPacketsIn", in->packets);
	json_number(text, "deltaBytesIn", in->bytes);
	json_number(text, "deltaPacketsOut", out->packets);
	json_number(text, "deltaBytesOut", out->bytes);
	json_number(text, "flows", row->flows);
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

static void json_alert(struct stream *stream, const struct limit *limit, bool on)
{
	struct text *text = &stream->text;
	char values[LIMIT_VALUES_MAX];

	json_begin(text, "alert");
	json_text(text, "time", stream->time);
	json_outside(text, "limit", limit_text(limit));
	json_bool(text, "on", on);
	json_text(text, "values", limit_values(limit, values, sizeof(values)));
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
