/* SPDX-License-Identifier: MIT */
/* The table of columns and its look-ups; see column.h. Pure; any thread. */
#include "column.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "array.h"
#include "clock.h"
#include "flow.h"
#include "format.h"
#include "sight.h"

/* Room for an address that columns leave for. */
#define ROOMY COLUMN_ROOMY
#define FULL  21 /* an IPv4 address and port */
#define LEAST 15

/* Groupings, a bit each. */
#define BY(by)	(1U << (by))
#define FLOWS	BY(GROUP_FLOW)
#define PAIRS	BY(GROUP_CONVERSATION)
#define PROCS	BY(GROUP_PROCESS)
#define OWNERS	(PROCS | BY(GROUP_CONTAINER) | BY(GROUP_USER))
#define SIGHTS	(BY(GROUP_SITE) | BY(GROUP_SERVER) | BY(GROUP_APP))
#define ALL	(BY(GROUPS) - 1)
#define GROUPED (ALL & ~FLOWS)

static struct flow_counts both(const struct flow_counts dir[FLOW_DIRS])
{
	struct flow_counts sum = dir[FLOW_IN];

	flow_counts_add(&sum, &dir[FLOW_OUT]);
	return sum;
}

static double bits_in(const struct column_context *context, const struct flow_counts *counts)
{
	return rate_bps(counts->bytes, context->elapsed_ns);
}

static double real_bps(const struct column_context *context, const struct row *row)
{
	const struct flow_counts sum = both(row->delta);

	return bits_in(context, &sum);
}

static double real_pps(const struct column_context *context, const struct row *row)
{
	return rate_pps(both(row->delta).packets, context->elapsed_ns);
}

static double rate_of(const struct column_context *context, const struct flow_counts *counts)
{
	return context->packets ? rate_pps(counts->packets, context->elapsed_ns)
				: bits_in(context, counts);
}

static double real_in(const struct column_context *context, const struct row *row)
{
	return rate_of(context, &row->delta[FLOW_IN]);
}

static double real_out(const struct column_context *context, const struct row *row)
{
	return rate_of(context, &row->delta[FLOW_OUT]);
}

/* A flow's share of its direction; a group's of both. */
static double real_share(const struct column_context *context, const struct row *row)
{
	enum flow_dir dir = flow_key_dir(&row->key);
	uint64_t all =
		context->by == GROUP_FLOW ? context->all[dir].bytes : both(context->all).bytes;

	return all ? 100.0 * (double)both(row->delta).bytes / (double)all : 0.0;
}

static double real_average_2s(const struct column_context *context, const struct row *row)
{
	(void)context;
	return row->average_bps[PAST_2S];
}

static double real_average_10s(const struct column_context *context, const struct row *row)
{
	(void)context;
	return row->average_bps[PAST_10S];
}

static double real_average_40s(const struct column_context *context, const struct row *row)
{
	(void)context;
	return row->average_bps[PAST_40S];
}

static uint64_t count_packets(const struct column_context *context, const struct row *row)
{
	(void)context;
	return both(row->total).packets;
}

static uint64_t count_bytes(const struct column_context *context, const struct row *row)
{
	(void)context;
	return both(row->total).bytes;
}

static uint64_t count_bytes_in(const struct column_context *context, const struct row *row)
{
	(void)context;
	return row->total[FLOW_IN].bytes;
}

static uint64_t count_bytes_out(const struct column_context *context, const struct row *row)
{
	(void)context;
	return row->total[FLOW_OUT].bytes;
}

static uint64_t count_flows(const struct column_context *context, const struct row *row)
{
	(void)context;
	return row->flows - row->sums;
}

/* How many flows a sum stands for is not known. */
static bool knows_flows(const struct row *row)
{
	return row->flows > row->sums;
}

static const struct owner *owner_of(const struct column_context *context, const struct row *row)
{
	return owner_table_get(context->owners, row->owner);
}

static uint64_t count_pid(const struct column_context *context, const struct row *row)
{
	return owner_of(context, row)->pid;
}

static char *text_proto(const struct column_context *context, const struct row *row, char *text,
			size_t size)
{
	const struct flow_key *key = &row->key;

	/* A group may hold any protocol, also one that has no name. */
	if (context->by != GROUP_FLOW && flow_key_is_ip(key) && !flow_ipproto_name(key->ipproto))
		snprintf(text, size, "%s (%u)", flow_proto_name(key), key->ipproto);
	else
		snprintf(text, size, "%s", flow_proto_name(key));
	return text;
}

static char *text_dir(const struct column_context *context, const struct row *row, char *text,
		      size_t size)
{
	(void)context;
	snprintf(text, size, "%s", flow_key_dir(&row->key) == FLOW_IN ? "in" : "out");
	return text;
}

/* A sum of groups is one of all interfaces together. */
static char *text_iface(const struct column_context *context, const struct row *row, char *text,
			size_t size)
{
	*text = '\0';
	if (context->by != GROUP_FLOW && flow_key_sum(&row->key) != FLOW_SUM_NONE)
		return text;
	return format_outside(ifaces_name(context->ifaces, flow_key_slot(&row->key)), text, size);
}

static char *text_process(const struct column_context *context, const struct row *row, char *text,
			  size_t size)
{
	return format_outside(row->mixed ? "several" : owner_of(context, row)->comm, text, size);
}

static char *text_user(const struct column_context *context, const struct row *row, char *text,
		       size_t size)
{
	return format_outside(owner_of(context, row)->user, text, size);
}

static char *text_container(const struct column_context *context, const struct row *row, char *text,
			    size_t size)
{
	return format_outside(owner_of(context, row)->unit, text, size);
}

static char *text_app(const struct column_context *context, const struct row *row, char *text,
		      size_t size)
{
	snprintf(text, size, "%s",
		 application_name(sight_table_get(context->sights, row->sight)->application));
	return text;
}

/* Made of letters, digits and a few signs when it was added. */
static char *text_site(const struct column_context *context, const struct row *row, char *text,
		       size_t size)
{
	snprintf(text, size, "%s", sight_table_get(context->sights, row->sight)->label);
	return text;
}

/* What the ends of a group are called. */
static const char *const source_titles[GROUPS] = {NULL, "NEAR",	   "HOST",	"SERVICE",
						  "",	"PROCESS", "CONTAINER", "USER",
						  "INTERFACE", "SITE", "SERVER", "APP"};
static const char *const report_source_titles[GROUPS] = {NULL, "NEAR",	  "HOST",      "PORT",
							 "",   "PROCESS", "CONTAINER", "USER",
							 "INTERFACE", "SITE", "SERVER", "APP"};
static const char *const destination_titles[GROUPS] = {[GROUP_CONVERSATION] = "FAR"};
static const char *const bytes_titles[GROUPS] = {NULL,	  "TOTAL", "TOTAL", "TOTAL", "TOTAL",
						 "TOTAL", "TOTAL", "TOTAL", "TOTAL", "TOTAL",
						 "TOTAL", "TOTAL"};

#define NAMED(column_, name_, title_) .column = (column_), .name = (name_), .title = (title_)
#define NUMBER(kind_)		      .kind = (kind_), .number = true

static const struct column_info columns[COLUMNS] = {
	[COLUMN_PROTO] = {NAMED(COLUMN_PROTO, "proto", "PROTO"), .sortable = 8, .text = text_proto,
			  .live = FLOWS | PAIRS | BY(GROUP_SERVICE) | BY(GROUP_PROTOCOL),
			  .width = {6, 9, 9}, .leave = {190, LEAST},
			  .report = FLOWS | PAIRS | BY(GROUP_SERVICE) | BY(GROUP_PROTOCOL)},
	[COLUMN_DIR] = {NAMED(COLUMN_DIR, "dir", "DIR"), .sortable = 9, .text = text_dir,
			.live = FLOWS, .width = {1, 3, 3}, .leave = {200, 8}, .report = FLOWS,
			.drop = 80},
	[COLUMN_IFACE] = {NAMED(COLUMN_IFACE, "iface", "IFACE"), .sortable = 14, .iface = true,
			  .text = text_iface, .live = FLOWS | PAIRS, .width = {8, 8, 11},
			  .leave = {160, LEAST}, .report = FLOWS | PAIRS, .drop = 90,
			  .drop_group = 80},
	[COLUMN_SOURCE] = {NAMED(COLUMN_SOURCE, "source", "SOURCE"), .sortable = 5,
			   .titles = source_titles, .report_titles = report_source_titles,
			   .live = ALL, .leave = {210, 4}, .report = ALL, .shorten = true},
	[COLUMN_DESTINATION] = {NAMED(COLUMN_DESTINATION, "destination", "DESTINATION"),
				.sortable = 6, .titles = destination_titles,
				.report_titles = destination_titles, .live = FLOWS | PAIRS,
				.leave = {180, LEAST}, .report = FLOWS | PAIRS, .shorten = true},
	[COLUMN_PROCESS] = {NAMED(COLUMN_PROCESS, "process", "PROCESS"), .sortable = 11,
			    .owner = true, .text = text_process,
			    .live = FLOWS | PAIRS | BY(GROUP_HOST) | BY(GROUP_SERVICE) | SIGHTS,
			    .width = {11, 12, 15}, .leave = {205, LEAST},
			    .report = FLOWS | PAIRS | BY(GROUP_HOST) | BY(GROUP_SERVICE) | SIGHTS,
			    .drop = 100, .drop_group = 90},
	[COLUMN_PID] = {NAMED(COLUMN_PID, "pid", "PID"), NUMBER(COLUMN_ID), .sortable = 10,
			.owner = true, .count = count_pid, .live = FLOWS | PAIRS,
			.width = {7, 7, 7}, .leave = {32, ROOMY}, .report = FLOWS, .drop = 30},
	[COLUMN_USER] = {NAMED(COLUMN_USER, "user", "USER"), .sortable = 12, .owner = true,
			 .text = text_user, .live = FLOWS | PAIRS | PROCS, .width = {8, 8, 8},
			 .leave = {33, ROOMY}, .late = {150, LEAST}, .report = FLOWS | PROCS,
			 .drop = 10, .drop_group = 90},
	[COLUMN_CONTAINER] = {NAMED(COLUMN_CONTAINER, "container", "CONTAINER"), .sortable = 13,
			      .owner = true, .text = text_container,
			      .live = FLOWS | PAIRS | PROCS, .width = {14, 14, 14},
			      .leave = {35, ROOMY}, .late = {140, LEAST}, .report = FLOWS | PROCS,
			      .drop = 20, .drop_group = 80},
	[COLUMN_APP] = {NAMED(COLUMN_APP, "app", "APP"), .sortable = 16, .sight = true, .text = text_app,
			.live = FLOWS | PAIRS, .width = {8, 8, 10}, .leave = {115, FULL},
			.report = FLOWS | PAIRS, .drop = 65, .drop_group = 65},
	[COLUMN_SITE] = {NAMED(COLUMN_SITE, "site", "SITE"), .sortable = 17, .sight = true, .text = text_site,
			 .orders = FLOWS | PAIRS | BY(GROUP_SITE) | BY(GROUP_SERVER),
			 .report = FLOWS | PAIRS, .drop = 35, .drop_group = 35, .shorten = true},
	[COLUMN_HISTORY] = {NAMED(COLUMN_HISTORY, "history", "HISTORY"), .kind = COLUMN_GRAPH,
			    .past = true, .live = FLOWS, .width = {10, 10, 10},
			    .leave = {10, ROOMY}},
	[COLUMN_IN] = {NAMED(COLUMN_IN, "in", "IN"), NUMBER(COLUMN_RATE), .real = real_in,
		       .live = GROUPED, .width = {6, 7, 7}, .leave = {174, LEAST}},
	[COLUMN_OUT] = {NAMED(COLUMN_OUT, "out", "OUT"), NUMBER(COLUMN_RATE), .real = real_out,
			.live = GROUPED, .width = {6, 7, 7}, .leave = {175, LEAST}},
	[COLUMN_BPS] = {NAMED(COLUMN_BPS, "bps", "BPS"), NUMBER(COLUMN_BITS), .sortable = 1,
			.real = real_bps, .live = ALL, .width = {7, 7, 7}, .leave = {220, 1},
			.leave_group = {45, ROOMY},
			.report = ALL, .drop = 70, .drop_group = 60},
	[COLUMN_SHARE] = {NAMED(COLUMN_SHARE, "share", "SHARE"), NUMBER(COLUMN_PERCENT),
			  .json = "share", .report = ALL, .drop = 5, .drop_group = 5,
			  .real = real_share, .live = ALL, .width = {6, 6, 6},
			  .leave = {95, FULL}},
	[COLUMN_AVERAGE_2S] = {NAMED(COLUMN_AVERAGE_2S, "avg2", "AVG2"), NUMBER(COLUMN_BITS),
			       .past = true, .real = real_average_2s, .live = ALL,
			       .width = {6, 7, 7}, .leave = {20, ROOMY}},
	[COLUMN_AVERAGE_10S] = {NAMED(COLUMN_AVERAGE_10S, "avg10", "AVG10"), NUMBER(COLUMN_BITS),
				.past = true, .real = real_average_10s, .live = ALL,
				.width = {6, 7, 7}, .leave = {40, ROOMY}},
	[COLUMN_AVERAGE_40S] = {NAMED(COLUMN_AVERAGE_40S, "avg40", "AVG40"), NUMBER(COLUMN_BITS),
				.past = true, .real = real_average_40s, .live = ALL,
				.width = {6, 7, 7}, .leave = {30, ROOMY}},
	[COLUMN_PPS] = {NAMED(COLUMN_PPS, "pps", "PPS"), NUMBER(COLUMN_PACKETS_PER_SECOND),
			.sortable = 2, .real = real_pps, .live = ALL, .width = {6, 7, 7},
			.leave = {110, FULL}, .leave_group = {42, FULL}, .report = ALL, .drop = 40, .drop_group = 10},
	[COLUMN_PACKETS] = {NAMED(COLUMN_PACKETS, "packets", "PACKETS"), NUMBER(COLUMN_COUNT),
			    .sortable = 3, .count = count_packets, .live = ALL,
			    .width = {8, 8, 8}, .leave = {80, FULL}, .leave_group = {41, FULL}, .report = ALL, .drop = 50,
			    .drop_group = 30},
	[COLUMN_BYTES_IN] = {NAMED(COLUMN_BYTES_IN, "bytes-in", "BYTES IN"), NUMBER(COLUMN_COUNT),
			     .count = count_bytes_in, .report = GROUPED, .drop_group = 50},
	[COLUMN_BYTES_OUT] = {NAMED(COLUMN_BYTES_OUT, "bytes-out", "BYTES OUT"),
			      NUMBER(COLUMN_COUNT), .count = count_bytes_out, .report = GROUPED,
			      .drop_group = 40},
	[COLUMN_BYTES] = {NAMED(COLUMN_BYTES, "bytes", "BYTES"), NUMBER(COLUMN_COUNT),
			  .titles = bytes_titles, .sortable = 4, .count = count_bytes, .live = ALL, .width = {6, 7, 7},
			  .leave = {100, FULL}, .report = ALL, .drop = 60, .drop_group = 70},
	[COLUMN_FLOWS] = {NAMED(COLUMN_FLOWS, "flows", "FLOWS"), NUMBER(COLUMN_COUNT),
			  .sortable = 15, .count = count_flows, .known = knows_flows, .live = GROUPED & ~PAIRS,
			  .width = {6, 7, 7}, .leave = {90, FULL}, .report = GROUPED,
			  .drop_group = 20},
	[COLUMN_TUPLE] = {NAMED(COLUMN_TUPLE, "tuple", "TUPLE"), .sortable = 7,
			  .orders = ALL},
};

static const struct {
	const char *name;
	enum column column;
} aliases[] = {
	{"src", COLUMN_SOURCE},
	{"dst", COLUMN_DESTINATION},
	{"protocol", COLUMN_PROTO}, /* as rows of it are called */
};

const struct column_info *column_info(enum column column)
{
	return &columns[column];
}

int column_of_name(const char *name)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (columns[i].sortable && strcasecmp(name, columns[i].name) == 0)
			return (int)i;
	}
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (strcasecmp(name, aliases[i].name) == 0)
			return (int)aliases[i].column;
	}
	return -1;
}

bool column_orders_view(enum column column)
{
	const struct column_info *info = &columns[column];

	return (info->live || info->orders) && info->kind != COLUMN_GRAPH;
}

/* The column in that place among the keys of --sort, or NULL behind the last. */
static const struct column_info *key_at(unsigned int place)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (columns[i].sortable == place)
			return &columns[i];
	}
	return NULL;
}

char *column_names(char *text, size_t size)
{
	const struct column_info *info;
	size_t used = 0;

	*text = '\0';
	for (unsigned int place = 1; (info = key_at(place)) && used < size; place++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
					 info->name);
	return text;
}

const char *column_title(enum column column, enum group_by by)
{
	const struct column_info *info = &columns[column];

	return info->titles && info->titles[by] ? info->titles[by] : info->title;
}

const char *column_report_title(enum column column, enum group_by by)
{
	const struct column_info *info = &columns[column];

	return info->report_titles && info->report_titles[by] ? info->report_titles[by]
							      : info->title;
}

double column_value(enum column column, const struct column_context *context, const struct row *row)
{
	const struct column_info *info = &columns[column];

	if (info->real)
		return info->real(context, row);
	if (!info->count || (info->known && !info->known(row)))
		return -1.0;
	return (double)info->count(context, row);
}
