/* SPDX-License-Identifier: MIT */
/* Adding up what changed, and writing it; see metrics.h. */
#include "metrics.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "format.h"
#include "group.h"
#include "metrics_family.h"

/* Labels of interfaces: as many as are watched at a time. */
#define IFACE_SERIES FLOW_IFACES_MAX

static const struct {
	const char *prefix; /* of its names, with an underscore */
	const char *label;
	const char *of; /* for the help */
	enum group_by by;
} families[] = {
	{"", "interface", "interface", GROUP_IFACE},
	{"protocol_", "protocol", "protocol", GROUP_PROTOCOL},
	{"host_", "host", "address on the far side of the interface", GROUP_HOST},
	{"service_", "service", "protocol and lower port", GROUP_SERVICE},
	{"process_", "process", "name of the process", GROUP_PROCESS},
	{"container_", "container", "systemd unit or container of the process", GROUP_CONTAINER},
	{"site_", "site", "site, as packets or DNS named the server", GROUP_SITE},
	{"app_", "app", "application, as packets said", GROUP_APP},
};

#define FAMILIES ARRAY_SIZE(families)

struct metrics {
	struct metrics_options options;
	struct about_tables tables;
	int64_t start_wall_ns;
	struct metrics_family family[FAMILIES];
	struct group *group;
	/* As of the last change; nothing before it. */
	bool any;
	bool exact;
	struct snapshot_health health;
	uint32_t flows_active, flows_known;
	uint64_t away_ns;
	uint64_t running_ns;
};

int metrics_new(const struct metrics_options *options, struct metrics **ret_metrics)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	int err;

	if (!metrics)
		return -ENOMEM;
	metrics->options = *options;
	err = group_new(&metrics->group);
	for (size_t i = 0; !err && i < FAMILIES; i++) {
		unsigned int room = options->series;

		if (families[i].by == GROUP_IFACE && room < IFACE_SERIES)
			room = IFACE_SERIES;
		err = metrics_family_init(&metrics->family[i], room);
	}
	if (err) {
		metrics_free(metrics);
		return err;
	}
	*ret_metrics = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	for (size_t i = 0; i < FAMILIES; i++)
		metrics_family_done(&metrics->family[i]);
	group_free(metrics->group);
	free(metrics);
}

void metrics_prepare(struct metrics *metrics, int64_t start_wall_ns,
		     const struct about_tables *tables)
{
	metrics->start_wall_ns = start_wall_ns;
	metrics->tables = *tables;
}

/* "443/tcp", or "icmpv4" where there are no ports. */
static void service_label(const struct flow_key *key, char *label)
{
	size_t used = 0;

	if (flow_key_has_ports(key))
		used = (size_t)snprintf(label, METRICS_LABEL_MAX, "%u/", key->dport);
	snprintf(label + used, METRICS_LABEL_MAX - used, "%s", flow_proto_name(key));
	for (; label[used]; used++)
		label[used] = (char)tolower((unsigned char)label[used]);
}

/* Safe to print; "" for what has no label of its own. */
static void label_of(const struct metrics *metrics, enum group_by by, const struct row *row,
		     const struct ifaces *ifaces, char label[METRICS_LABEL_MAX])
{
	const struct flow_key *key = &row->key;
	enum owner_part part = group_owner_part(by);
	const char *name;

	*label = '\0';
	if (by == GROUP_IFACE) {
		format_outside(ifaces_name(ifaces, flow_key_slot(key)), label, METRICS_LABEL_MAX);
		return;
	}
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return;
	if (group_by_owner(by)) {
		name = owner_table_name(metrics->tables.owners, group_row_owner(by, row, part), part);
		format_outside(*name ? name : "unknown", label, METRICS_LABEL_MAX);
	} else if (group_by_sight(by)) {
		name = group_sight_name(by, key, metrics->tables.sights);
		snprintf(label, METRICS_LABEL_MAX, "%s", *name ? name : "unknown");
	} else if (by == GROUP_HOST) {
		flow_address_text(key, key->dst, label, METRICS_LABEL_MAX);
	} else if (by == GROUP_SERVICE) {
		service_label(key, label);
	} else {
		snprintf(label, METRICS_LABEL_MAX, "%s", flow_proto_name(key));
	}
}

/* Whether anybody looks up what the family goes by. */
static bool has_family(const struct metrics *metrics, enum group_by by)
{
	if (group_by_owner(by))
		return metrics->tables.owners != NULL;
	return !group_by_sight(by) || metrics->tables.sights;
}

static int take_family(struct metrics *metrics, size_t i, const struct change *change)
{
	struct metrics_family *family = &metrics->family[i];
	int64_t wall_ns = change->now->wall_ns;
	int err = 0;

	sight_table_hold(metrics->tables.sights);
	group_reset(metrics->group, families[i].by, &metrics->tables);
	for (size_t at = 0; !err && at < change->count; at++) {
		const struct changed_flow *flow = &change->flow[at];

		if (flow->delta.packets)
			err = group_add(metrics->group, &flow->key, &flow->delta, &flow->total,
					flow->first_wall_ns,
					(struct flow_about){flow->owner, flow->sight});
	}
	for (size_t at = 0; !err && at < group_count(metrics->group); at++) {
		const struct row *row = group_get(metrics->group, at);
		char label[METRICS_LABEL_MAX];

		label_of(metrics, families[i].by, row, change->now->ifaces, label);
		err = metrics_family_add(family, label, row->delta, wall_ns);
	}
	metrics_family_settle(family, wall_ns);
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		flow_counts_add(&family->other[dir], &change->rest[dir]);
	sight_table_release(metrics->tables.sights);
	return err;
}

int metrics_take(struct metrics *metrics, const struct change *change)
{
	const struct snapshot *now = change->now;
	int err = 0;

	for (size_t i = 0; !err && i < FAMILIES; i++) {
		if (has_family(metrics, families[i].by))
			err = take_family(metrics, i, change);
	}
	metrics->any = true;
	metrics->exact = change_is_exact(now);
	metrics->health = now->health;
	metrics->flows_active = now->flows_active;
	metrics->flows_known = now->flows_known;
	metrics->away_ns = ifaces_away_ns(now->ifaces);
	metrics->running_ns = now->running_ns;
	return err;
}

/* Writing. */

struct writer {
	struct text *text;
	enum metrics_format format;
};

enum metric_type {
	METRIC_COUNTER, /* its samples end in _total, in OpenMetrics not its name */
	METRIC_GAUGE,
	METRIC_INFO, /* its samples end in _info; a gauge in the older format */
};

/* `name` without the program's prefix and without a suffix; `unit` is part of it, or "". */
static void put_metric_head(const struct writer *writer, enum metric_type type, const char *name,
		     const char *unit, const char *help)
{
	static const char *const types[] = {"counter", "gauge", "info"};
	static const char *const suffixes[] = {"_total", "", "_info"};
	bool open = writer->format == METRICS_OPENMETRICS;
	const char *suffix = open ? "" : suffixes[type];

	text_print(writer->text, "# HELP pktstat_%s%s %s\n", name, suffix, help);
	text_print(writer->text, "# TYPE pktstat_%s%s %s\n", name, suffix,
		   open || type != METRIC_INFO ? types[type] : "gauge");
	if (open && *unit)
		text_print(writer->text, "# UNIT pktstat_%s %s\n", name, unit);
}

static void put_metric_label(const struct writer *writer, const char *name, const char *value)
{
	text_add(writer->text, name);
	text_add(writer->text, "=\"");
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			text_put(writer->text, "\\", 1);
		text_put(writer->text, value, 1);
	}
	text_add(writer->text, "\"");
}

static void put_sample(const struct writer *writer, size_t i, const char *what, const char *label,
		       const struct flow_counts total[FLOW_DIRS])
{
	bool bytes = *what == 'b';

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		text_print(writer->text, "pktstat_%s%s_total{", families[i].prefix, what);
		put_metric_label(writer, families[i].label, label);
		text_add(writer->text, dir == FLOW_IN ? ",direction=\"in\"} "
						      : ",direction=\"out\"} ");
		text_number(writer->text, bytes ? total[dir].bytes : total[dir].packets);
		text_add(writer->text, "\n");
	}
}

static void put_family(const struct writer *writer, const struct metrics *metrics, size_t i,
		       const char *what)
{
	const struct metrics_family *family = &metrics->family[i];
	char name[64], help[160];

	snprintf(name, sizeof(name), "%s%s", families[i].prefix, what);
	snprintf(help, sizeof(help), "%s on the wire by %s and direction.",
		 *what == 'b' ? "Bytes of frames" : "Frames", families[i].of);
	put_metric_head(writer, METRIC_COUNTER, name, what, help);
	for (unsigned int at = 0; at < family->count; at++)
		put_sample(writer, i, what, family->series[at].label, family->series[at].total);
	put_sample(writer, i, what, "other", family->other);
	put_sample(writer, i, what, "retired", family->retired);
}

static void put_metric_number(const struct writer *writer, enum metric_type type, const char *name,
		       const char *unit, const char *help, uint64_t value)
{
	put_metric_head(writer, type, name, unit, help);
	text_print(writer->text, "pktstat_%s%s ", name, type == METRIC_COUNTER ? "_total" : "");
	text_number(writer->text, value);
	text_add(writer->text, "\n");
}

static void put_seconds(const struct writer *writer, const char *name, const char *help, uint64_t ns)
{
	put_metric_head(writer, METRIC_GAUGE, name, "seconds", help);
	text_print(writer->text, "pktstat_%s %.9f\n", name, (double)ns / 1e9);
}

static void put_limits(const struct writer *writer, const struct metrics *metrics)
{
	struct alerts *alerts = metrics->options.alerts;
	char safe[LIMIT_TEXT_MAX];
	unsigned int on;

	if (!alerts || !alerts_count(alerts))
		return;
	on = alerts_on(alerts);
	put_metric_head(writer, METRIC_GAUGE, "alert", "", "1 while a limit of --alert is exceeded.");
	for (size_t i = 0; i < alerts_count(alerts); i++) {
		text_add(writer->text, "pktstat_alert{");
		put_metric_label(writer, "limit",
			  format_outside(alerts_text(alerts, i), safe, sizeof(safe)));
		text_print(writer->text, "} %u\n", on >> i & 1);
	}
}

static void put_state(const struct writer *writer, const struct metrics *metrics)
{
	const struct snapshot_health *health = &metrics->health;

	put_metric_head(writer, METRIC_INFO, "build", "", "Version of the program.");
	text_add(writer->text, "pktstat_build_info{");
	put_metric_label(writer, "version", metrics->options.program_version);
	text_add(writer->text, "} 1\n");
	put_metric_head(writer, METRIC_GAUGE, "start_time_seconds", "seconds",
		 "When counting began, seconds since 1970.");
	text_print(writer->text, "pktstat_start_time_seconds %.3f\n",
		   (double)metrics->start_wall_ns / 1e9);
	put_metric_number(writer, METRIC_GAUGE, "exact", "",
		   "1 if every packet was counted and flows were not added up.",
		   !metrics->any || metrics->exact);
	put_metric_number(writer, METRIC_GAUGE, "flows_active", "", "Flows with packets in the interval.",
		   metrics->flows_active);
	put_metric_number(writer, METRIC_GAUGE, "flows", "", "Flows known.", metrics->flows_known);
	put_metric_number(writer, METRIC_COUNTER, "map_full_packets", "packets",
		   "Frames that found the flow map full: counted by protocol only.",
		   health->map_full.packets);
	put_metric_number(writer, METRIC_COUNTER, "aged_packets", "packets",
		   "Frames of flows that were folded because --max-flows was reached.",
		   health->aged.packets);
	put_metric_number(writer, METRIC_COUNTER, "aged_flows", "flows", "Flows that were folded.",
		   health->flows_aged);
	put_metric_number(writer, METRIC_COUNTER, "missed_deadlines", "",
		   "Intervals that began late by more than one interval.",
		   health->missed_deadlines);
	put_metric_number(writer, METRIC_COUNTER, "read_errors", "",
		   "Reads of the kernel's tables that failed.", health->read_errors);
	put_seconds(writer, "detached_seconds",
		    "Longest time that an interface was not counted since start.",
		    metrics->away_ns);
	put_seconds(writer, "drain_seconds", "Time that the last drain of the tables took.",
		    health->drain_ns);
}

void metrics_write(const struct metrics *metrics, enum metrics_format format, struct text *text)
{
	const struct writer writer = {.text = text, .format = format};

	put_state(&writer, metrics);
	put_limits(&writer, metrics);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (!has_family(metrics, families[i].by))
			continue;
		put_family(&writer, metrics, i, "bytes");
		put_family(&writer, metrics, i, "packets");
	}
	if (format == METRICS_OPENMETRICS)
		text_add(text, "# EOF\n");
}
