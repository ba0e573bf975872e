/* SPDX-License-Identifier: MIT */
/* The graphs of the header, one a direction, over all that the ring remembers. Pure; any thread. */
#include "draw.h"

#include <stdio.h>

#include "format.h"
#include "graph.h"
#include "past.h"

#define GRAPH_LEAST 8 /* cells */
#define GRAPH_MOST  120
#define LABEL_WIDTH 7
#define VALUES_MAX  (GRAPH_MOST * GRAPH_VALUES_PER_CELL)

/*
 * Snapshots that share a value: a power of two, and counted from number 0 on, so that a graph moves
 * by whole values only and what it showed keeps its form.
 */
static uint64_t snapshots_per_value(const struct history *history, int values)
{
	uint64_t oldest = history_get(history, 0)->seq;
	uint64_t newest = history_get(history, history->count - 1)->seq;
	uint64_t per = 1;

	while (newest / per - oldest / per >= (uint64_t)values)
		per *= 2;
	return per;
}

static double point_rate(const struct scene *scene, const struct history_point *point,
			 enum flow_dir dir)
{
	if (scene->unit == UNIT_PACKETS)
		return point->pps[dir];
	return point->bps[dir] / (scene->unit == UNIT_BYTES ? 8.0 : 1.0);
}

/*
 * The mean of each group of snapshots over its time, the newest at the end; returns the largest. The
 * largest of a group would soon be the same in all: what comes in bursts has one in each.
 */
static double collect_rates(const struct scene *scene, enum flow_dir dir, int values, double *value)
{
	const struct history *history = scene->history;
	uint64_t per = snapshots_per_value(history, values);
	uint64_t last = history_get(history, history->count - 1)->seq / per;
	double sum[VALUES_MAX] = {0}, time[VALUES_MAX] = {0};
	double most = 0.0;

	for (size_t i = 0; i < history->count; i++) {
		const struct history_point *point = history_get(history, i);
		double rate = point_rate(scene, point, dir), length = (double)point->elapsed_ns;
		int at = values - 1 - (int)(last - point->seq / per);

		if (rate < 0.0)
			continue;
		sum[at] += rate * length;
		time[at] += length;
	}
	for (int i = 0; i < values; i++) {
		value[i] = time[i] > 0.0 ? sum[i] / time[i] : -1.0;
		if (value[i] > most)
			most = value[i];
	}
	return most;
}

/* The cell of the moment that is shown stands out. */
static void mark_moment(struct frame *frame, int x, int y, int width, const struct scene *scene)
{
	const struct history *history = scene->history;
	uint64_t per = snapshots_per_value(history, width * GRAPH_VALUES_PER_CELL);
	uint64_t last = history_get(history, history->count - 1)->seq / per;
	uint64_t back = (last - view_snapshot(scene->view)->seq / per) / GRAPH_VALUES_PER_CELL;

	if (back < (uint64_t)width)
		frame_paint(frame, x + width - 1 - (int)back, y, 1, STYLE_WARN | STYLE_REVERSE);
}

void draw_graph(struct frame *frame, const struct scene *scene, int x, int y, enum flow_dir dir)
{
	int width = frame->width - x - LABEL_WIDTH - 1;
	unsigned int style = dir == FLOW_IN ? STYLE_IN : STYLE_OUT;
	double value[VALUES_MAX];
	char label[FORMAT_TEXT_MAX];
	double most;

	if (width > GRAPH_MOST)
		width = GRAPH_MOST;
	if (width < GRAPH_LEAST || !scene->history || !scene->history->count)
		return;
	most = collect_rates(scene, dir, width * GRAPH_VALUES_PER_CELL, value);
	graph_draw(frame, x, y, width, style, value, most, scene->glyphs->braille);
	if (scene->held)
		mark_moment(frame, x, y, width, scene);
	if (most <= 0.0)
		return;
	format_scaled(most, label, sizeof(label));
	frame_put_right(frame, x + width, y, LABEL_WIDTH, STYLE_DIM, label);
}
