/* SPDX-License-Identifier: MIT */
/* The table of flows: its header and its rows. Pure; any thread. */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "array.h"
#include "cell.h"
#include "flow.h"
#include "format.h"
#include "graph.h"

#define NS_PER_SEC 1000000000LL

static bool is_sorted(const struct layout *layout, const struct scene *scene, enum column column)
{
	enum column sort = view_sort(scene->view);

	if (sort == COLUMN_TUPLE)
		return column == COLUMN_SOURCE || column == COLUMN_DESTINATION;
	/* Their sum, without a column of its own. */
	if (sort == (scene->unit == UNIT_PACKETS ? COLUMN_PPS : COLUMN_BPS) &&
	    !layout_find(layout, sort))
		return column == COLUMN_IN || column == COLUMN_OUT;
	return sort == column;
}

static const char *sort_sign(const struct scene *scene, enum column column)
{
	bool descending = column_info(column)->number != view_reversed(scene->view);

	if (view_is_frozen(scene->view))
		return "=";
	return descending ? scene->glyphs->descending : scene->glyphs->ascending;
}

static const char *title_text(const struct layout *layout, const struct scene *scene,
			      enum column column)
{
	if (layout->peer && column == COLUMN_SOURCE)
		return "PEER";
	if (layout->arrows && column == COLUMN_DIR)
		return "";
	if (column == COLUMN_BPS && scene->unit == UNIT_BYTES)
		return "B/S";
	return column_title(column, view_group(scene->view));
}

static void draw_column_title(struct frame *frame, const struct layout *layout,
			      const struct scene *scene, const struct layout_column *column)
{
	unsigned int style = STYLE_HEAD;
	const char *sign = "";
	char title[FORMAT_TEXT_MAX];
	size_t length;

	if (is_sorted(layout, scene, column->column)) {
		sign = sort_sign(scene, column->column);
		style |= STYLE_BOLD | STYLE_UNDERLINE;
	}
	snprintf(title, sizeof(title), "%s", title_text(layout, scene, column->column));
	/* The sign stays where there is no room for both: "DI^" says more than "DIR". */
	length = frame_text_fit(title, column->width - frame_text_width(sign));
	snprintf(title + length, sizeof(title) - length, "%s", sign);
	if (column_info(column->column)->number)
		frame_put_right(frame, column->x, layout->head_y, column->width, style, title);
	else
		frame_put(frame, column->x, layout->head_y, column->width, style, title);
}

static void draw_titles(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	frame_paint(frame, 0, layout->head_y, frame->width, STYLE_HEAD);
	for (int i = 0; i < layout->columns; i++)
		draw_column_title(frame, layout, scene, &layout->column[i]);
}

/* New since the interval before, and not just because the monitor is. */
static bool is_new(const struct row *row, const struct snapshot *snapshot)
{
	int64_t length_ns = (int64_t)snapshot->elapsed_ns;
	int64_t age_ns = snapshot_seen_ns(snapshot) - row->first_wall_ns;

	if (length_ns < NS_PER_SEC)
		length_ns = NS_PER_SEC;
	length_ns += length_ns / 10;
	return age_ns <= length_ns && (int64_t)snapshot->running_ns > age_ns + length_ns;
}

static bool is_idle(const struct row *row)
{
	return !row->delta[FLOW_IN].packets && !row->delta[FLOW_OUT].packets;
}

/* What a row has of all that was counted in the interval, from 0 to 1; a flow of its direction. */
static double share_of(const struct scene *scene, const struct row *row)
{
	const struct column_context context = view_context(scene->view);
	double share = column_value(COLUMN_SHARE, &context, row) / 100.0;

	return share > 1.0 ? 1.0 : share;
}

#define MATTERS 0.05 /* share of a new row that deserves to be seen */

static unsigned int row_style(const struct scene *scene, const struct row *row, bool selected)
{
	unsigned int style = selected ? STYLE_SELECT : STYLE_PLAIN;

	if (over_has(scene->over, &row->key))
		return selected ? style | STYLE_BOLD : STYLE_WARN | STYLE_BOLD;
	if (is_idle(row))
		return style | STYLE_DIM;
	return is_new(row, view_snapshot(scene->view)) && share_of(scene, row) > MATTERS
		       ? style | STYLE_BOLD
		       : style;
}

/* The direction that a cell speaks of gives it its colour. */
static unsigned int dir_style(const struct layout_column *column, const struct scene *scene,
			      const struct row *row)
{
	bool in = flow_key_dir(&row->key) == FLOW_IN;

	if (column->column == COLUMN_IN)
		return STYLE_IN;
	if (column->column == COLUMN_OUT)
		return STYLE_OUT;
	if (view_group(scene->view) == GROUP_FLOW &&
	    (column->column == COLUMN_DIR || column->column == COLUMN_BPS ||
	     column->column == COLUMN_HISTORY))
		return in ? STYLE_IN : STYLE_OUT;
	return STYLE_PLAIN;
}

static unsigned int cell_style(const struct layout_column *column, const struct scene *scene,
			       const struct row *row, unsigned int style)
{
	bool owners = group_by_owner(view_group(scene->view));

	/* One plain bar is easier to see than one in three colours. */
	if ((style & STYLE_ROLE) != STYLE_PLAIN || is_idle(row))
		return style;
	if (column->column == COLUMN_PROTO && flow_key_sum(&row->key) >= FLOW_SUM_MAP_FULL &&
	    flow_key_sum(&row->key) != FLOW_SUM_GONE)
		return style | STYLE_WARN;
	if (column->column == (owners ? COLUMN_SOURCE : COLUMN_PROCESS) && cell_is_own(scene, row))
		return style | STYLE_DIM;
	return style | dir_style(column, scene, row);
}

static void draw_cell(struct frame *frame, const struct layout *layout, const struct scene *scene,
		      const struct layout_column *column, int y, const struct row *row,
		      unsigned int style)
{
	char text[CELL_TEXT_MAX];

	style = cell_style(column, scene, row, style);
	cell_text(layout, column, scene, row, text, sizeof(text));
	if (column_info(column->column)->number)
		frame_put_right(frame, column->x, y, column->width, style, text);
	else
		frame_put(frame, column->x, y, cell_width(layout, column, &row->key), style, text);
}

/* Scaled to its own peak: the graph shows the course, the number beside it the height. */
static void draw_history(struct frame *frame, const struct scene *scene,
			 const struct layout_column *column, int y, size_t place,
			 unsigned int style)
{
	double rate[LAYOUT_HISTORY_WIDTH * GRAPH_VALUES_PER_CELL];
	size_t most = ARRAY_SIZE(rate), count;
	double value[LAYOUT_HISTORY_WIDTH * GRAPH_VALUES_PER_CELL];
	double peak = 0.0;

	count = view_history(scene->view, place, rate, most);
	for (size_t i = 0; i < most; i++) {
		value[i] = i + count < most ? -1.0 : rate[i + count - most];
		peak = value[i] > peak ? value[i] : peak;
	}
	graph_draw(frame,
		   &(struct graph){.x = column->x,
				   .y = y,
				   .width = column->width,
				   .lines = 1,
				   .ground = true,
				   .style = style,
				   .most = peak},
		   value, scene->glyphs);
}

#define TINT_FROM 30 /* columns of a terminal on which bars can be told apart */

static void draw_row(struct frame *frame, const struct layout *layout, const struct scene *scene,
		     int y, size_t place)
{
	bool selected = view_has_selection(scene->view) && place == view_selected(scene->view);
	struct row row;
	unsigned int style;

	if (!view_get(scene->view, place, &row))
		return;
	style = row_style(scene, &row, selected);
	frame_paint(frame, 0, y, frame->width, style);
	/* A limit matters most, and is said beside the selection, too. */
	if (over_has(scene->over, &row.key))
		frame_put(frame, selected, y, 1, style, "!");
	else if (!selected && is_new(&row, view_snapshot(scene->view)))
		frame_put(frame, 0, y, 1, style, scene->glyphs->fresh);
	if (selected)
		frame_put(frame, 0, y, 1, style, scene->glyphs->mark);
	for (int i = 0; i < layout->columns; i++) {
		const struct layout_column *column = &layout->column[i];

		if (column->column == COLUMN_HISTORY)
			draw_history(frame, scene, column, y, place,
				     cell_style(column, scene, &row, style));
		else
			draw_cell(frame, layout, scene, column, y, &row, style);
	}
	/* The share, as a bar behind the text. */
	if (!selected && layout->width >= TINT_FROM)
		frame_paint(frame, 0, y, (int)(share_of(scene, &row) * frame->width + 0.5),
			    STYLE_TINT);
}

/* Why existing rows are not in the table. */
static const char *hiding_text(const struct scene *scene)
{
	enum group_by by;

	if (*scene->prompt.text)
		return "no flow matches the filter";
	if (view_drilled(scene->view, &by))
		return "no packets of these flows in the last seconds";
	return "no packets except those of your own session in the last seconds";
}

static void draw_empty(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	char iface[FORMAT_TEXT_MAX];
	char text[FORMAT_TEXT_MAX + 40];

	ifaces_text(view_snapshot(scene->view)->ifaces, iface, sizeof(iface));
	if (view_snapshot(scene->view)->count)
		snprintf(text, sizeof(text), "%s", hiding_text(scene));
	else if (!view_snapshot(scene->view)->elapsed_ns)
		snprintf(text, sizeof(text), "started counting on %s", iface);
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
