/* SPDX-License-Identifier: MIT */
/* What the report says of the interfaces: their names, what became of them, and their totals. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "report_text.h"

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

int report_put_watched(const struct report *report, FILE *out)
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

int report_put_ifaces(const struct report_parts *parts, FILE *out)
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
	char more[FORMAT_TEXT_MAX];
	int err;

	find_rows(parts, &rows);
	if (!rows.count)
		return 0;
	grid.rows = rows_shown(&rows);
	err = report_written(out, fputc('\n', out));
	if (!err)
		err = grid_print(&grid, out);
	if (err || grid.rows == rows.count)
		return err;
	format_count(rows.count - grid.rows, more, sizeof(more));
	return report_written(out, fprintf(out, "  and %s more\n", more));
}
