/* SPDX-License-Identifier: MIT */
/*
 * The graph of the header: received above an axis, sent below it. Live, one column is one snapshot;
 * rewound, the width is all that the ring remembers, with the moment shown marked. Pure; any thread.
 */
#include "draw.h"

#include <stdio.h>

#include "clock.h"
#include "graph.h"
#include "past.h"

#define GRAPH_LEAST 8 /* cells */
#define GRAPH_MOST  300
#define LABEL_WIDTH 5
#define VALUES_MAX  (GRAPH_MOST * GRAPH_VALUES_PER_CELL)
#define TICK_LEAST  12 /* cells from one time to the next */

/* What the columns of a graph stand for. */
struct span {
	double value[FLOW_DIRS][VALUES_MAX];
	double most
		[FLOW_DIRS]; /* also of what has just scrolled out, so that scales change rarely */
	int values;
	int marked;	    /* the column of the moment shown; -1: none */
	uint64_t length_ns; /* of a column; 0: not known */
};

static double point_rate(const struct scene *scene, const struct history_point *point,
			 enum flow_dir dir)
{
	if (scene->unit == UNIT_PACKETS)
		return point->pps[dir];
	return point->bps[dir] / (scene->unit == UNIT_BYTES ? 8.0 : 1.0);
}

static void take_point(struct span *span, const struct scene *scene,
		       const struct history_point *point, int at)
{
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		double rate = point_rate(scene, point, (enum flow_dir)dir);

		if (at >= 0 && rate > span->value[dir][at])
			span->value[dir][at] = rate;
		if (rate > span->most[dir])
			span->most[dir] = rate;
	}
}

/* The newest at the end, up to the one shown, one a column. */
static void take_live(struct span *span, const struct scene *scene)
{
	const struct history *history = scene->history;
	uint64_t shown = view_snapshot(scene->view)->seq;
	uint64_t time_ns = 0;
	int at = span->values - 1, taken = 0;

	for (size_t i = history->count; i-- > 0 && at >= -span->values;) {
		const struct history_point *point = history_get(history, i);

		/* One that was cut short is part of the next. */
		if (point->seq > shown || point->bps[FLOW_IN] < 0.0)
			continue;
		take_point(span, scene, point, at--);
		time_ns += point->elapsed_ns;
		taken++;
	}
	span->length_ns = taken ? time_ns / (uint64_t)taken : 0;
}

/* All there is; where several snapshots share a column it shows the largest. */
static void take_ring(struct span *span, const struct scene *scene)
{
	const struct history *history = scene->history;
	uint64_t oldest = history_get(history, 0)->seq;
	uint64_t range = history_get(history, history->count - 1)->seq - oldest + 1;
	uint64_t shown = view_snapshot(scene->view)->seq;

	for (size_t i = 0; i < history->count; i++) {
		const struct history_point *point = history_get(history, i);
		uint64_t at = (point->seq - oldest) * (uint64_t)span->values / range;

		take_point(span, scene, point, (int)at);
		/* Fewer snapshots than columns: each is as wide as its share. */
		for (uint64_t more = at + 1;
		     more < (point->seq - oldest + 1) * (uint64_t)span->values / range; more++)
			take_point(span, scene, point, (int)more);
	}
	if (shown >= oldest)
		span->marked = (int)((shown - oldest) * (uint64_t)span->values / range);
	span->length_ns = history_span_ns(history) / (uint64_t)span->values;
}

/*
 * The rates that stand beside the graph. Of an interval that was cut short they are no point of it, and
 * may be higher than all of them; a scale below them would look like an error.
 */
static void take_shown(struct span *span, const struct scene *scene)
{
	const struct snapshot *shown = view_snapshot(scene->view);
	struct history_point point = {0};

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		const struct flow_counts *delta = &shown->dir[dir].delta;

		point.bps[dir] = rate_bps(delta->bytes, shown->elapsed_ns);
		point.pps[dir] = rate_pps(delta->packets, shown->elapsed_ns);
	}
	take_point(span, scene, &point, -1);
}

static void put_scale(struct frame *frame, const struct scene *scene, int x, int y, double scale)
{
	char text[16];

	frame_put_right(frame, x, y, LABEL_WIDTH - 1, STYLE_DIM,
			graph_scale_text(scale, text, sizeof(text)));
	frame_put(frame, x + LABEL_WIDTH - 1, y, 1, STYLE_DIM, scene->glyphs->axis[AXIS_SCALE]);
}

/* The shortest round time of which two do not meet. */
static uint64_t tick_length(const struct span *span)
{
	static const unsigned int seconds[] = {5,   10,	 15,  30,   60,	  120,
					       300, 600, 900, 1800, 3600, 7200};
	uint64_t cell_ns = span->length_ns * GRAPH_VALUES_PER_CELL;
	size_t i = 0;

	while (i + 1 < sizeof(seconds) / sizeof(seconds[0]) &&
	       seconds[i] * 1000000000ULL < TICK_LEAST * cell_ns)
		i++;
	return seconds[i] * 1000000000ULL;
}

static void put_axis_times(struct frame *frame, const struct span *span, int x, int y, int width)
{
	uint64_t tick_ns = span->length_ns ? tick_length(span) : 0;
	char text[32];

	frame_put_right(frame, x, y, width, STYLE_DIM, "now");
	for (uint64_t i = 1; tick_ns; i++) {
		uint64_t s = i * tick_ns / 1000000000;
		int cell =
			width - 1 - (int)(i * tick_ns / (span->length_ns * GRAPH_VALUES_PER_CELL));

		if (cell < 1)
			break;
		if (s < 120)
			snprintf(text, sizeof(text), "-%llu s", (unsigned long long)s);
		else if (tick_ns % 60000000000ULL)
			snprintf(text, sizeof(text), "-%llum%02llus", (unsigned long long)s / 60,
				 (unsigned long long)s % 60);
		else
			snprintf(text, sizeof(text), "-%llu min", (unsigned long long)(s / 60));
		frame_put(frame, x + cell, y, width - cell, STYLE_DIM, text);
	}
}

static void put_axis(struct frame *frame, const struct scene *scene, const struct span *span, int x,
		     int y, int width)
{
	const char *const *axis = scene->glyphs->axis;

	frame_put_right(frame, x - LABEL_WIDTH, y, LABEL_WIDTH - 1, STYLE_DIM, "0");
	frame_put(frame, x - 1, y, 1, STYLE_DIM, axis[AXIS_ORIGIN]);
	for (int i = 0; i < width; i++)
		frame_put(frame, x + i, y, 1, STYLE_DIM, axis[AXIS_LINE]);
	put_axis_times(frame, span, x, y, width);
}

static void put_side(struct frame *frame, const struct layout *layout, const struct scene *scene,
		     const struct span *span, int x, int width, enum flow_dir dir)
{
	int lines = layout->block / 2;
	bool below = dir == FLOW_OUT, axis = layout->block > 2;
	struct graph graph = {
		.x = x,
		.y = layout->in_y + (below ? lines + axis : 0),
		.width = width,
		.lines = lines,
		.hanging = below,
		.ground = !axis,
		.style = below ? STYLE_OUT : STYLE_IN,
		.most = graph_scale(span->most[dir]),
	};

	graph_draw(frame, &graph, span->value[dir], scene->glyphs);
	for (int i = 0; axis && i < lines; i++)
		frame_put(frame, x - 1, graph.y + i, 1, STYLE_DIM, scene->glyphs->axis[AXIS_SIDE]);
	put_scale(frame, scene, x - LABEL_WIDTH, below ? graph.y + lines - 1 : graph.y, graph.most);
}

void draw_graph(struct frame *frame, const struct layout *layout, const struct scene *scene, int x)
{
	int width = frame->width - x - LABEL_WIDTH - 1;
	struct span span = {.marked = -1};

	if (width > GRAPH_MOST)
		width = GRAPH_MOST;
	if (scene->plain || width < GRAPH_LEAST || !scene->history || !scene->history->count)
		return;
	x = frame->width - 1 - width;
	span.values = width * GRAPH_VALUES_PER_CELL;
	for (int i = 0; i < span.values; i++)
		span.value[FLOW_IN][i] = span.value[FLOW_OUT][i] = -1.0;
	if (scene->rewound)
		take_ring(&span, scene);
	else
		take_live(&span, scene);
	take_shown(&span, scene);
	put_side(frame, layout, scene, &span, x, width, FLOW_IN);
	if (layout->block > 2)
		put_axis(frame, scene, &span, x, layout->in_y + layout->block / 2, width);
	put_side(frame, layout, scene, &span, x, width, FLOW_OUT);
	/* The moment that is shown. */
	for (int i = 0; span.marked >= 0 && i < layout->block; i++)
		frame_paint(frame, x + span.marked / GRAPH_VALUES_PER_CELL, layout->in_y + i, 1,
			    STYLE_WARN | STYLE_REVERSE);
}
