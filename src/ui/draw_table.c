/* SPDX-License-Identifier: MIT */
/* The table of flows: its header and its rows. Pure; any thread. */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "flow.h"
#include "format.h"
#include "rate.h"
#include "services.h"

#define NS_PER_SEC 1000000000LL

char *draw_shorten(const char *from, int width, const char *cut, char *text, size_t size)
{
	size_t length = strlen(from);
	size_t keep, head;

	/* Endpoints are ASCII, so columns are bytes. */
	if (width < 0 || length <= (size_t)width) {
		snprintf(text, size, "%s", from);
		return text;
	}
	keep = width > 0 ? (size_t)width - 1 : 0;
	/* The port and the host part, at the end, tell more than the network. */
	head = keep / 2;
	snprintf(text, size, "%.*s%s%s", (int)head, from, width > 0 ? cut : "",
		 from + length - (keep - head));
	return text;
}

static bool is_sorted(const struct scene *scene, enum column column)
{
	enum column sort = view_sort(scene->view);

	if (sort == COLUMN_TUPLE)
		return column == COLUMN_SOURCE || column == COLUMN_DESTINATION;
	return sort == column;
}

static const char *sort_sign(const struct scene *scene, enum column column)
{
	bool descending = column_info(column)->number != view_reversed(scene->view);

	if (view_is_frozen(scene->view))
		return "=";
	return descending ? scene->glyphs->descending : scene->glyphs->ascending;
}

/* What the ends of a group are called; NULL: as in the table of columns. */
static const char *end_title(const struct layout *layout, enum group_by by, enum column column)
{
	static const char *const source[GROUPS] = {NULL, "NEAR", "HOST", "SERVICE", ""};

	if (column == COLUMN_DESTINATION)
		return by == GROUP_CONVERSATION ? "FAR" : NULL;
	if (column != COLUMN_SOURCE)
		return NULL;
	return layout->peer ? "PEER" : source[by];
}

static const char *title_text(const struct layout *layout, const struct scene *scene,
			      enum column column)
{
	const char *title = end_title(layout, view_group(scene->view), column);

	if (title)
		return title;
	if (layout->arrows && column == COLUMN_DIR)
		return "";
	if (column == COLUMN_BPS && scene->unit == UNIT_BYTES)
		return "B/S";
	return column_info(column)->title;
}

static void draw_title(struct frame *frame, const struct layout *layout,
		       const struct scene *scene, const struct layout_column *column)
{
	unsigned int style = STYLE_REVERSE;
	const char *sign = "";
	char title[FORMAT_TEXT_MAX];

	if (is_sorted(scene, column->column)) {
		sign = sort_sign(scene, column->column);
		style |= STYLE_ACCENT | STYLE_BOLD;
	}
	snprintf(title, sizeof(title), "%s%s", title_text(layout, scene, column->column), sign);
	if (column_info(column->column)->number)
		frame_put_right(frame, column->x, layout->head_y, column->width, style, title);
	else
		frame_put(frame, column->x, layout->head_y, column->width, style, title);
}

static void draw_titles(struct frame *frame, const struct layout *layout,
			const struct scene *scene)
{
	frame_paint(frame, 0, layout->head_y, frame->width, STYLE_REVERSE);
	for (int i = 0; i < layout->columns; i++)
		draw_title(frame, layout, scene, &layout->column[i]);
}

/* The number of a port, at the end of the text, becomes its name where it has one. */
static void name_port(const struct scene *scene, const struct flow_key *key, uint16_t port,
		      char *text, size_t size)
{
	const char *name;
	char *colon = strrchr(text, ':');
	size_t room;

	if (!scene->names || !scene->services || !flow_key_has_ports(key) || !colon)
		return;
	name = services_name(scene->services, key->ipproto, port);
	room = size - (size_t)(colon + 1 - text);
	if (name)
		snprintf(colon + 1, room, "%s", name);
}

static void source_text(const struct scene *scene, const struct flow_key *key, char *text,
			size_t size)
{
	enum group_by by = view_group(scene->view);
	const char *name = NULL;
	size_t length;

	group_source(by, key, text, size);
	if (by != GROUP_SERVICE) {
		name_port(scene, key, key->sport, text, size);
		return;
	}
	if (scene->services && flow_key_has_ports(key))
		name = services_name(scene->services, key->ipproto, key->dport);
	length = strlen(text);
	if (name)
		snprintf(text + length, size - length, " %s", name);
}

static void destination_text(const struct scene *scene, const struct flow_key *key, char *text,
			     size_t size)
{
	group_destination(view_group(scene->view), key, text, size);
	name_port(scene, key, key->dport, text, size);
}

/* The side that is not this machine, as far as the direction tells. */
static void peer_text(const struct scene *scene, const struct flow_key *key, char *text,
		      size_t size)
{
	bool flow = view_group(scene->view) == GROUP_FLOW;

	if (flow_key_sum(key) != FLOW_SUM_NONE || (flow && flow_key_dir(key) == FLOW_IN))
		source_text(scene, key, text, size);
	else
		destination_text(scene, key, text, size);
}

/* A sum has no addresses: what it holds takes the room of both. */
static int text_width(const struct layout *layout, const struct layout_column *column,
		      const struct flow_key *key)
{
	const struct layout_column *destination = layout_find(layout, COLUMN_DESTINATION);

	if (column->column == COLUMN_SOURCE && destination && flow_key_sum(key) != FLOW_SUM_NONE)
		return destination->x + destination->width - column->x;
	return column->width;
}

static const char *short_proto(const struct flow_key *key, int width)
{
	static const char *const brief[][2] = {{"IPv6-ICMP", "ICMPv6"},
					       {"IPSEC-ESP", "ESP"},
					       {"IPSEC-AH", "AH"},
					       {"OSPFIGP", "OSPF"}};
	const char *name = flow_proto_name(key);

	for (size_t i = 0; width < 9 && i < sizeof(brief) / sizeof(brief[0]); i++) {
		if (strcmp(name, brief[i][0]) == 0)
			return brief[i][1];
	}
	return name;
}

static void text_of(const struct layout *layout, const struct layout_column *column,
		    const struct scene *scene, const struct flow_key *key, char *text, size_t size)
{
	static const char *const dir[FLOW_DIRS] = {"in", "out"};
	char whole[ENDPOINT_TEXT_MAX] = "";

	switch (column->column) {
	case COLUMN_PROTO:
		snprintf(text, size, "%s", short_proto(key, column->width));
		return;
	case COLUMN_DIR:
		snprintf(text, size, "%s",
			 layout->arrows ? scene->glyphs->arrow[flow_key_dir(key)]
					: dir[flow_key_dir(key)]);
		return;
	case COLUMN_SOURCE:
		if (layout->peer)
			peer_text(scene, key, whole, sizeof(whole));
		else
			source_text(scene, key, whole, sizeof(whole));
		break;
	default:
		if (flow_key_sum(key) == FLOW_SUM_NONE)
			destination_text(scene, key, whole, sizeof(whole));
		break;
	}
	draw_shorten(whole, text_width(layout, column, key), scene->glyphs->cut, text, size);
}

/* Bits, bytes or packets a second of some counts. */
static double rate_of(const struct scene *scene, const struct flow_counts *counts,
		      uint64_t elapsed_ns)
{
	switch (scene->unit) {
	case UNIT_BYTES: return rate_bps(counts->bytes, elapsed_ns) / 8.0;
	case UNIT_PACKETS: return rate_pps(counts->packets, elapsed_ns);
	default: return rate_bps(counts->bytes, elapsed_ns);
	}
}

static double number_of(const struct scene *scene, enum column column, const struct view_row *row,
			uint64_t elapsed_ns)
{
	const struct flow_counts *delta = row->delta, *total = row->total;
	uint64_t bytes = delta[FLOW_IN].bytes + delta[FLOW_OUT].bytes;
	uint64_t packets = delta[FLOW_IN].packets + delta[FLOW_OUT].packets;

	switch (column) {
	case COLUMN_BPS:
		return rate_bps(bytes, elapsed_ns) / (scene->unit == UNIT_BYTES ? 8.0 : 1.0);
	case COLUMN_PPS: return rate_pps(packets, elapsed_ns);
	case COLUMN_IN: return rate_of(scene, &delta[FLOW_IN], elapsed_ns);
	case COLUMN_OUT: return rate_of(scene, &delta[FLOW_OUT], elapsed_ns);
	case COLUMN_FLOWS: return row->flows;
	case COLUMN_PACKETS:
		return (double)(total[FLOW_IN].packets + total[FLOW_OUT].packets);
	default: return (double)(total[FLOW_IN].bytes + total[FLOW_OUT].bytes);
	}
}

static bool is_rate(enum column column)
{
	return column == COLUMN_BPS || column == COLUMN_PPS || column == COLUMN_IN ||
	       column == COLUMN_OUT;
}

static void number_text(const struct scene *scene, enum column column, const struct view_row *row,
			char *text, size_t size)
{
	uint64_t elapsed_ns = view_snapshot(scene->view)->elapsed_ns;

	/* The first sample has no rate, which is not the same as a rate of 0. */
	if (is_rate(column) && !elapsed_ns)
		snprintf(text, size, "-");
	else
		format_scaled(number_of(scene, column, row, elapsed_ns), text, size);
}

/* New since the interval before, and not just because the monitor is. */
static bool is_new(const struct view_row *row, const struct snapshot *snapshot)
{
	int64_t length_ns = (int64_t)snapshot->elapsed_ns;
	int64_t age_ns = snapshot->wall_ns - row->first_wall_ns;

	if (length_ns < NS_PER_SEC)
		length_ns = NS_PER_SEC;
	length_ns += length_ns / 10;
	return age_ns <= length_ns && (int64_t)snapshot->running_ns > age_ns + length_ns;
}

static bool is_idle(const struct view_row *row)
{
	return !row->delta[FLOW_IN].packets && !row->delta[FLOW_OUT].packets;
}

static unsigned int row_style(const struct view_row *row, const struct snapshot *snapshot,
			      bool selected)
{
	unsigned int style = selected ? STYLE_REVERSE : STYLE_PLAIN;

	if (is_idle(row))
		return style | STYLE_DIM;
	return is_new(row, snapshot) ? style | STYLE_BOLD : style;
}

/* The direction that a cell speaks of gives it its colour. */
static unsigned int dir_style(const struct layout_column *column, const struct scene *scene,
			      const struct view_row *row)
{
	bool in = flow_key_dir(&row->key) == FLOW_IN;

	if (column->column == COLUMN_IN)
		return STYLE_IN;
	if (column->column == COLUMN_OUT)
		return STYLE_OUT;
	if (view_group(scene->view) == GROUP_FLOW &&
	    (column->column == COLUMN_DIR || column->column == COLUMN_BPS))
		return in ? STYLE_IN : STYLE_OUT;
	return STYLE_PLAIN;
}

static unsigned int cell_style(const struct layout_column *column, const struct scene *scene,
			       const struct view_row *row, unsigned int style)
{
	/* One plain bar is easier to see than one in three colours. */
	if (style & STYLE_REVERSE || is_idle(row))
		return style;
	if (column->column == COLUMN_PROTO && flow_key_sum(&row->key) >= FLOW_SUM_MAP_FULL)
		return style | STYLE_WARN;
	return style | dir_style(column, scene, row);
}

static void draw_cell(struct frame *frame, const struct layout *layout, const struct scene *scene,
		      const struct layout_column *column, int y, const struct view_row *row,
		      unsigned int style)
{
	char text[ENDPOINT_TEXT_MAX + 8];

	style = cell_style(column, scene, row, style);
	if (column_info(column->column)->number) {
		number_text(scene, column->column, row, text, sizeof(text));
		frame_put_right(frame, column->x, y, column->width, style, text);
		return;
	}
	text_of(layout, column, scene, &row->key, text, sizeof(text));
	frame_put(frame, column->x, y, text_width(layout, column, &row->key), style, text);
}

static void draw_row(struct frame *frame, const struct layout *layout, const struct scene *scene,
		     int y, size_t place)
{
	bool selected = place == view_selected(scene->view);
	struct view_row row;
	unsigned int style;

	if (!view_get(scene->view, place, &row))
		return;
	style = row_style(&row, view_snapshot(scene->view), selected);
	frame_paint(frame, 0, y, frame->width, style);
	if (selected)
		frame_put(frame, 0, y, 1, style, scene->glyphs->mark);
	for (int i = 0; i < layout->columns; i++)
		draw_cell(frame, layout, scene, &layout->column[i], y, &row, style);
}

static void draw_empty(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	char iface[FORMAT_TEXT_MAX];
	char text[FORMAT_TEXT_MAX + 40];

	format_outside(scene->iface, iface, sizeof(iface));
	if (view_snapshot(scene->view)->count)
		snprintf(text, sizeof(text), "nothing passes the filter");
	else
		snprintf(text, sizeof(text), "no packets on %s in the last seconds", iface);
	frame_put(frame, 2, layout->rows_y + (layout->rows > 2), frame->width, STYLE_DIM, text);
}

void draw_table(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	size_t top = view_top(scene->view);

	if (layout->head_y >= 0)
		draw_titles(frame, layout, scene);
	if (layout->rows && view_snapshot(scene->view) && !view_count(scene->view))
		draw_empty(frame, layout, scene);
	for (int i = 0; i < layout->rows; i++)
		draw_row(frame, layout, scene, layout->rows_y + i, top + (size_t)i);
}
