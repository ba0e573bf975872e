/* SPDX-License-Identifier: MIT */
/* The report for a person: what was watched, sums, hosts; report_listing.c lists the rows. */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flow.h"
#include "format.h"
#include "grid.h"
#include "report.h"
#include "report_text.h"

/* What the report says of the interfaces: their names, what became of them, and their totals. */

#define IFACES_ON_TERMINAL 10
#define LINE_WIDTH	   100 /* of the names, where the report has no width */
#define NAMES_INDENT	   9

/* Room for a name with what became of it. */
#define IFACE_TEXT_MAX (4 * FORMAT_TEXT_MAX)

static void iface_text(const struct ifaces *ifaces, const struct ifaces_entry *entry, char *text,
		       size_t size)
{
	char name[FORMAT_TEXT_MAX], since[FORMAT_TEXT_MAX];
	const char *why;

	format_outside(entry->name, name, sizeof(name));
	switch (entry->state) {
	case IFACE_GONE:
		/* Of date and time, the time. */
		format_wall(entry->since_wall_ns, since, sizeof(since));
		snprintf(text, size, "%s (gone at %s)", name, since + strcspn(since, " ") + 1);
		return;
	case IFACE_FAILED:
		why = strerrordesc_np(-entry->error);
		snprintf(text, size, "%s (not watched: %s)", name, why ? why : "unknown error");
		return;
	case IFACE_LEFT_OUT: snprintf(text, size, "%s (left out by --dedup)", name); return;
	case IFACE_SUM:
		format_count(ifaces->given_up, since, sizeof(since));
		snprintf(text, size, "%s more that %s gone", since,
			 ifaces->given_up == 1 ? "is" : "are");
		return;
	case IFACE_FREE:
	case IFACE_WATCHED: break;
	}
	snprintf(text, size, "%s", name);
}

/* The same, and what was not counted. */
static void watched_text(const struct ifaces *ifaces, const struct ifaces_entry *entry, char *text,
			 size_t size)
{
	char length[FORMAT_TEXT_MAX];
	size_t used;

	iface_text(ifaces, entry, text, size);
	used = strlen(text);
	if (entry->removals)
		snprintf(text + used, size - used, " (detached for up to %s)",
			 format_length(entry->away_ns, length, sizeof(length)));
}

/* The names of what was watched, each that is not any more with the reason. */
static int report_put_watched(const struct report *report, FILE *out)
{
	unsigned int count = report->ifaces ? report->ifaces->count : 0;
	unsigned int limit = report->width ? report->width : LINE_WIDTH;
	int result = fprintf(out, "Watched  ");
	size_t used = NAMES_INDENT;

	for (unsigned int i = 0; result >= 0 && i < count; i++) {
		char text[IFACE_TEXT_MAX];
		size_t length;

		if (report->ifaces->entry[i].state == IFACE_FREE)
			continue;
		watched_text(report->ifaces, &report->ifaces->entry[i], text, sizeof(text));
		length = strlen(text) + strlen(", ");
		if (used > NAMES_INDENT && used + length > limit) {
			result = fprintf(out, ",\n%*s%s", NAMES_INDENT, "", text);
			used = NAMES_INDENT + length - 1;
			continue;
		}
		result = fprintf(out, "%s%s", used > NAMES_INDENT ? ", " : "", text);
		used += length;
	}
	return report_written(out, result);
}

/* Slots with packets, most bytes first. */
struct iface_rows {
	const struct report_parts *parts;
	unsigned int slot[FLOW_IFACES_MAX];
	size_t count;
};

static uint64_t slot_bytes(const struct report_sums *sums, unsigned int slot)
{
	return sums->slot[slot][FLOW_IN].bytes + sums->slot[slot][FLOW_OUT].bytes;
}

static int compare_slots(const void *left, const void *right, void *arg)
{
	const struct report_sums *sums = &((const struct iface_rows *)arg)->parts->all;
	unsigned int a = *(const unsigned int *)left, b = *(const unsigned int *)right;

	if (slot_bytes(sums, a) != slot_bytes(sums, b))
		return slot_bytes(sums, a) > slot_bytes(sums, b) ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void find_rows(const struct report_parts *parts, struct iface_rows *ret_rows)
{
	const struct report_sums *sums = &parts->all;

	ret_rows->parts = parts;
	ret_rows->count = 0;
	if (!parts->report->ifaces || parts->report->ifaces->count < 2)
		return;
	for (unsigned int slot = 0; slot < FLOW_IFACES_MAX; slot++) {
		if (sums->slot[slot][FLOW_IN].packets || sums->slot[slot][FLOW_OUT].packets)
			ret_rows->slot[ret_rows->count++] = slot;
	}
	qsort_r(ret_rows->slot, ret_rows->count, sizeof(ret_rows->slot[0]), compare_slots,
		ret_rows);
}

static size_t rows_shown(const struct iface_rows *rows)
{
	size_t limit = rows->parts->report->limit;

	if (!limit && rows->parts->report->width)
		limit = IFACES_ON_TERMINAL;
	return limit && limit < rows->count ? limit : rows->count;
}

size_t report_iface_lines(const struct report_parts *parts)
{
	struct iface_rows rows;

	find_rows(parts, &rows);
	return rows.count ? 2 + rows_shown(&rows) + (rows_shown(&rows) < rows.count) : 0;
}

enum iface_column {
	IFACE_NAME,
	IFACE_BYTES_IN,
	IFACE_BYTES_OUT,
	IFACE_PACKETS_IN,
	IFACE_PACKETS_OUT,
};

static void iface_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct iface_rows *rows = grid->context;
	unsigned int slot = rows->slot[row];
	const struct flow_counts *dir = rows->parts->all.slot[slot];

	switch ((enum iface_column)id) {
	case IFACE_NAME:
		format_outside(ifaces_name(rows->parts->report->ifaces, slot), text, GRID_CELL_MAX);
		return;
	case IFACE_BYTES_IN: report_count(grid, dir[FLOW_IN].bytes, text); return;
	case IFACE_BYTES_OUT: report_count(grid, dir[FLOW_OUT].bytes, text); return;
	case IFACE_PACKETS_IN: report_count(grid, dir[FLOW_IN].packets, text); return;
	case IFACE_PACKETS_OUT: report_count(grid, dir[FLOW_OUT].packets, text); return;
	}
}

/* Totals by interface, where there are several; how many lines that takes. */
static int report_put_ifaces(const struct report_parts *parts, FILE *out)
{
	static const struct grid_column columns[] = {
		{.title = "INTERFACE", .id = IFACE_NAME},
		{.title = "BYTES IN", .id = IFACE_BYTES_IN, .number = true},
		{.title = "BYTES OUT", .id = IFACE_BYTES_OUT, .number = true},
		{.title = "PACKETS IN", .id = IFACE_PACKETS_IN, .number = true, .drop = 2},
		{.title = "PACKETS OUT", .id = IFACE_PACKETS_OUT, .number = true, .drop = 1},
	};
	struct iface_rows rows;
	struct grid grid = {.column = columns,
			    .columns = sizeof(columns) / sizeof(columns[0]),
			    .width = parts->report->width,
			    .cell = iface_cell,
			    .context = &rows};
	int err;

	find_rows(parts, &rows);
	if (!rows.count)
		return 0;
	grid.rows = rows_shown(&rows);
	err = report_written(out, fputc('\n', out));
	if (!err)
		err = grid_print(&grid, out);
	return err ? err : report_put_more(out, rows.count - grid.rows);
}

#define HOSTS_ON_TERMINAL 10

int report_written(FILE *out, int result)
{
	if (result >= 0 && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

int report_put_more(FILE *out, size_t rows)
{
	char more[FORMAT_TEXT_MAX];

	if (!rows)
		return 0;
	format_count(rows, more, sizeof(more));
	return report_written(out, fprintf(out, "  and %s more\n", more));
}

char *report_count(const struct grid *grid, uint64_t value, char *text)
{
	return grid->compact ? format_scaled((double)value, text, GRID_CELL_MAX)
			     : format_count(value, text, GRID_CELL_MAX);
}

static int put_head(const struct report *report, FILE *out)
{
	char begin[FORMAT_TEXT_MAX], end[FORMAT_TEXT_MAX], length[FORMAT_TEXT_MAX];
	char filter[4 * FILTER_TEXT_MAX], host[256];
	int result = report_put_watched(report, out);

	if (result)
		return result;
	format_wall(report->start_wall_ns, begin, sizeof(begin));
	format_wall(report->start_wall_ns + (int64_t)report->running_ns, end, sizeof(end));
	format_length(report->running_ns, length, sizeof(length));
	result = fprintf(out, " (%s) for %s\nfrom     %s to %s\nended by %s\n", report->attach,
			 length, begin, end, report->ended);
	if (result >= 0 && report->host)
		result = fprintf(out, "host     %s, pktstat-bpf %s\n",
				 format_outside(report->host, host, sizeof(host)), report->version);
	if (result >= 0 && report->filter)
		result = fprintf(out, "filter   %s\n",
				 format_outside(report->filter_text, filter, sizeof(filter)));
	return report_written(out, result);
}

enum total_column {
	TOTAL_DIR,
	TOTAL_PACKETS,
	TOTAL_BYTES,
	TOTAL_AVERAGE_BPS,
	TOTAL_AVERAGE_PPS,
	TOTAL_PEAK_BPS,
	TOTAL_PEAK_PPS,
};

/* First everything by direction, then what passes the filter, of which no peak is known. */
static const struct flow_counts *total_of(const struct report_parts *parts, size_t row)
{
	return row < FLOW_DIRS ? &parts->report->dir[row].total
			       : &parts->picked.dir[row - FLOW_DIRS];
}

static void total_name(const struct report *report, size_t row, char *text)
{
	const char *which = report->filter ? ", filtered" : ", shown";

	snprintf(text, GRID_CELL_MAX, "%s%s", row % FLOW_DIRS == FLOW_IN ? "in" : "out",
		 row < FLOW_DIRS ? "" : which);
}

static void peak_cell(const struct report_parts *parts, size_t row, int id, char *text)
{
	const struct snapshot_totals *totals = &parts->report->dir[row % FLOW_DIRS];

	if (row >= FLOW_DIRS)
		snprintf(text, GRID_CELL_MAX, "-");
	else if (id == TOTAL_PEAK_BPS)
		format_rate(totals->peak_bps, "b/s", text, GRID_CELL_MAX);
	else
		format_rate(totals->peak_pps, "p/s", text, GRID_CELL_MAX);
}

static void total_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct report_parts *parts = grid->context;
	uint64_t running_ns = parts->report->running_ns;
	const struct flow_counts *total = total_of(parts, row);

	switch ((enum total_column)id) {
	case TOTAL_DIR: total_name(parts->report, row, text); return;
	case TOTAL_PACKETS: report_count(grid, total->packets, text); return;
	case TOTAL_BYTES: report_count(grid, total->bytes, text); return;
	case TOTAL_AVERAGE_BPS:
		format_rate(rate_bps(total->bytes, running_ns), "b/s", text, GRID_CELL_MAX);
		return;
	case TOTAL_AVERAGE_PPS:
		format_rate(rate_pps(total->packets, running_ns), "p/s", text, GRID_CELL_MAX);
		return;
	case TOTAL_PEAK_BPS:
	case TOTAL_PEAK_PPS: peak_cell(parts, row, id, text); return;
	}
}

/* Whether something was asked that not all flows pass. */
static bool has_passed(const struct report_parts *parts)
{
	return parts->report->filter || parts->report->hidden;
}

static int put_totals(const struct report_parts *parts, FILE *out)
{
	static const struct grid_column columns[] = {
		{.title = "TOTAL", .id = TOTAL_DIR},
		{.title = "PACKETS", .id = TOTAL_PACKETS, .number = true, .drop = 4},
		{.title = "BYTES", .id = TOTAL_BYTES, .number = true},
		{.title = "AVERAGE", .id = TOTAL_AVERAGE_BPS, .number = true, .drop = 5},
		{.title = "", .id = TOTAL_AVERAGE_PPS, .number = true, .drop = 2},
		{.title = "PEAK", .id = TOTAL_PEAK_BPS, .number = true, .drop = 3},
		{.title = "", .id = TOTAL_PEAK_PPS, .number = true, .drop = 1},
	};
	struct grid grid = {.column = columns,
			    .columns = sizeof(columns) / sizeof(columns[0]),
			    .rows = has_passed(parts) ? 2 * FLOW_DIRS : FLOW_DIRS,
			    .width = parts->report->width,
			    .cell = total_cell,
			    .context = parts};

	return grid_print(&grid, out);
}

bool report_has_protos(const struct report_parts *parts)
{
	return parts->picked.protos && parts->report->by != GROUP_PROTOCOL;
}

enum proto_column {
	PROTO_NAME,
	PROTO_ROWS,
	PROTO_PACKETS,
	PROTO_BYTES_IN,
	PROTO_BYTES_OUT,
	PROTO_BPS,
	PROTO_SHARE,
};

static void proto_name(int proto, char *text)
{
	const char *name = proto < REPORT_PROTO_ARP ? flow_ipproto_name((uint8_t)proto) : NULL;

	if (proto == REPORT_PROTO_ARP)
		name = "ARP";
	else if (proto == REPORT_PROTO_OTHER)
		name = "other";
	if (name)
		snprintf(text, GRID_CELL_MAX, "%s", name);
	else
		snprintf(text, GRID_CELL_MAX, "Unknown (%d)", proto);
}

static void proto_share(const struct report_sums *sums, uint64_t bytes, char *text)
{
	uint64_t all = sums->in_rows.bytes + sums->other.bytes;

	snprintf(text, GRID_CELL_MAX, "%.1f %%", all ? 100.0 * (double)bytes / (double)all : 0.0);
}

static void proto_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct report_parts *parts = grid->context;
	const struct report_proto *proto = &parts->picked.proto[row];
	struct flow_counts all = proto->dir[FLOW_IN];

	report_add(&all, &proto->dir[FLOW_OUT]);
	switch ((enum proto_column)id) {
	case PROTO_NAME: proto_name(proto->proto, text); return;
	case PROTO_ROWS: report_count(grid, proto->rows, text); return;
	case PROTO_PACKETS: report_count(grid, all.packets, text); return;
	case PROTO_BYTES_IN: report_count(grid, proto->dir[FLOW_IN].bytes, text); return;
	case PROTO_BYTES_OUT: report_count(grid, proto->dir[FLOW_OUT].bytes, text); return;
	case PROTO_BPS:
		format_rate(rate_bps(all.bytes, parts->report->running_ns), "b/s", text,
			    GRID_CELL_MAX);
		return;
	case PROTO_SHARE: proto_share(&parts->picked, all.bytes, text); return;
	}
}

static int put_protos(const struct report_parts *parts, FILE *out)
{
	static const struct grid_column columns[] = {
		{.title = "PROTOCOL", .id = PROTO_NAME},
		{.title = "ROWS", .id = PROTO_ROWS, .number = true, .drop = 2},
		{.title = "PACKETS", .id = PROTO_PACKETS, .number = true, .drop = 3},
		{.title = "BYTES IN", .id = PROTO_BYTES_IN, .number = true},
		{.title = "BYTES OUT", .id = PROTO_BYTES_OUT, .number = true},
		{.title = "AVERAGE", .id = PROTO_BPS, .number = true, .drop = 1},
		{.title = "SHARE", .id = PROTO_SHARE, .number = true, .drop = 4},
	};
	struct grid grid = {.column = columns,
			    .columns = sizeof(columns) / sizeof(columns[0]),
			    .rows = parts->picked.protos,
			    .width = parts->report->width,
			    .cell = proto_cell,
			    .context = parts};

	return grid_print(&grid, out);
}

enum host_column {
	HOST_ADDRESS,
	HOST_PACKETS_SENT,
	HOST_BYTES_SENT,
	HOST_PACKETS_RECEIVED,
	HOST_BYTES_RECEIVED,
};

static void host_name(const struct report *report, const struct report_host *host, char *text)
{
	struct flow_key key = {.ethertype = host->ipv6 ? ETH_P_IPV6 : ETH_P_IP};

	if (!name_cache_get(report->names, host->address, text, GRID_CELL_MAX))
		flow_address_text(&key, host->address, text, GRID_CELL_MAX);
}

static void host_cell(const struct grid *grid, size_t row, int id, char *text)
{
	const struct report_parts *parts = grid->context;
	const struct report_host *host = &parts->hosts.host[row];

	switch ((enum host_column)id) {
	case HOST_ADDRESS: host_name(parts->report, host, text); return;
	case HOST_PACKETS_SENT: report_count(grid, host->sent.packets, text); return;
	case HOST_BYTES_SENT: report_count(grid, host->sent.bytes, text); return;
	case HOST_PACKETS_RECEIVED: report_count(grid, host->received.packets, text); return;
	case HOST_BYTES_RECEIVED: report_count(grid, host->received.bytes, text); return;
	}
}

bool report_has_hosts(const struct report_parts *parts)
{
	return parts->hosts.count && parts->report->by != GROUP_HOST;
}

size_t report_hosts_shown(const struct report_parts *parts)
{
	size_t limit = parts->report->limit, count = parts->hosts.count;

	if (!limit && parts->report->width)
		limit = HOSTS_ON_TERMINAL;
	return limit && limit < count ? limit : count;
}

static int put_hosts(const struct report_parts *parts, FILE *out)
{
	static const struct grid_column columns[] = {
		{.title = "HOST", .id = HOST_ADDRESS, .shorten = true},
		{.title = "BYTES SENT", .id = HOST_BYTES_SENT, .number = true},
		{.title = "RECEIVED", .id = HOST_BYTES_RECEIVED, .number = true},
		{.title = "PACKETS SENT", .id = HOST_PACKETS_SENT, .number = true, .drop = 2},
		{.title = "RECEIVED", .id = HOST_PACKETS_RECEIVED, .number = true, .drop = 1},
	};
	size_t shown = report_hosts_shown(parts), count = parts->hosts.count;
	struct grid grid = {.column = columns,
			    .columns = sizeof(columns) / sizeof(columns[0]),
			    .rows = shown,
			    .width = parts->report->width,
			    .cell = host_cell,
			    .context = parts};
	int err = grid_print(&grid, out);

	return err ? err : report_put_more(out, count - shown);
}

/* Behind a blank line. */
static int put_section(int (*put)(const struct report_parts *parts, FILE *out),
		    const struct report_parts *parts, FILE *out)
{
	int err = report_written(out, fputc('\n', out));

	return err ? err : put(parts, out);
}

/* What there is only when something was counted, or passes. */
static int put_counted(struct report_parts *parts, FILE *out)
{
	bool rows = !parts->report->sums_only;
	int err = rows ? report_put_rows(parts, out) : 0;

	if (!err && rows && report_processes_shown(parts))
		err = report_put_processes(parts, out);
	if (!err && rows && report_has_hosts(parts))
		err = put_section(put_hosts, parts, out);
	if (!err && report_has_protos(parts))
		err = put_section(put_protos, parts, out);
	return err;
}

/* Sums come last, where a terminal still shows them. */
static int put_sections(struct report_parts *parts, FILE *out)
{
	int err = put_head(parts->report, out);

	if (!err && parts->rows.rows.totals.flows)
		err = put_counted(parts, out);
	if (!err)
		err = report_put_ifaces(parts, out);
	if (!err)
		err = put_section(put_totals, parts, out);
	return err ? err : report_put_accounting(parts, out);
}

/* `parts` is zeroed but for the report; what it holds then is freed also when this fails. */
static int parts_init(struct report_parts *parts)
{
	int err = report_rows_init(&parts->rows, parts->report, true);

	if (!err)
		err = report_hosts_init(&parts->rows, &parts->hosts);
	if (!err)
		err = report_processes_init(parts);
	if (err)
		return err;
	report_sums_of_all(parts->report->ledger, &parts->all);
	report_sums_of_passed(&parts->rows, &parts->picked);
	return 0;
}

int report_table(const struct report *report, FILE *out)
{
	struct report_parts *parts = calloc(1, sizeof(*parts));
	int err;

	if (!parts)
		return -ENOMEM;
	parts->report = report;
	err = parts_init(parts);
	errno = 0;
	if (!err)
		err = put_sections(parts, out);
	if (!err)
		err = report_written(out, fflush(out));
	report_hosts_done(&parts->hosts);
	report_rows_done(&parts->rows);
	if (parts->processes_made)
		report_rows_done(&parts->processes);
	free(parts);
	return err;
}
