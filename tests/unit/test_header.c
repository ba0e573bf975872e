/* SPDX-License-Identifier: MIT */
/*
 * The header of random snapshots: its numbers are the snapshot's, and no value is above the scale of
 * the graph that it stands in, nor above the one that it stands beside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "fit.h"
#include "format.h"
#include "graph.h"
#include "synthetic.h"

#define ROUNDS 300

/* A snapshot on screen, with what came before it. */
struct bed {
	uint64_t seed;
	struct synthetic synthetic;
	struct snapshot *snapshot;
	struct history history;
	struct scene scene;
	struct frame frame;
	struct layout layout;
};

static uint64_t bed_random(struct bed *bed)
{
	/* xorshift64: Marsaglia, "Xorshift RNGs", 2003. */
	bed->seed ^= bed->seed << 13;
	bed->seed ^= bed->seed >> 7;
	bed->seed ^= bed->seed << 17;
	return bed->seed;
}

/* Of every size alike, 0 too: a random number of random length. */
static uint64_t any_size(struct bed *bed, unsigned int bits)
{
	uint64_t length = bed_random(bed) % (bits + 1);

	return length ? bed_random(bed) >> (64 - length) : 0;
}

static void begin(struct bed *bed, uint64_t seed)
{
	memset(bed, 0, sizeof(*bed));
	bed->seed = seed;
	assert_int_equal(synthetic_init(&bed->synthetic, SYNTHETIC_CAST), 0);
	bed->scene = (struct scene){.attach = "tcx", .history = &bed->history};
	assert_int_equal(view_new(COLUMN_BPS, &bed->scene.view), 0);
	/* The first one has no rates. */
	assert_int_equal(synthetic_next(&bed->synthetic, &bed->snapshot), 0);
}

static void end(struct bed *bed)
{
	view_free(bed->scene.view);
	snapshot_unref(bed->snapshot);
	synthetic_done(&bed->synthetic);
}

/* Points up to the snapshot shown; some intervals have no rate, maybe the last one. */
static void make_points(struct bed *bed)
{
	struct history *history = &bed->history;

	history->first = bed_random(bed) % RING_SNAPSHOTS_MAX;
	history->count = 1 + bed_random(bed) % 250;
	for (size_t i = 0; i < history->count; i++) {
		size_t place = (history->first + i) % RING_SNAPSHOTS_MAX;
		uint64_t ago = history->count - 1 - i;
		bool known = bed_random(bed) % 8;

		history->point[place] = (struct history_point){
			.seq = bed->snapshot->seq - ago,
			.mono_ns = bed->snapshot->mono_ns - ago * 1000000000,
			.elapsed_ns = known ? 1000000000 : 0,
		};
		for (int dir = 0; dir < FLOW_DIRS; dir++) {
			history->point[place].bps[dir] = known ? (double)any_size(bed, 38) : -1.0;
			history->point[place].pps[dir] = known ? (double)any_size(bed, 28) : -1.0;
		}
	}
}

static void make_snapshot(struct bed *bed)
{
	struct snapshot *snapshot;

	snapshot_unref(bed->snapshot);
	bed->synthetic.seq = 1000;
	assert_int_equal(synthetic_next(&bed->synthetic, &snapshot), 0);
	bed->snapshot = snapshot;
	/* Also those cut short. */
	snapshot->elapsed_ns = 1000000 + bed_random(bed) % 2000000000;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		struct snapshot_totals *totals = &snapshot->dir[dir];

		totals->delta = (struct flow_counts){any_size(bed, 24), any_size(bed, 34)};
		totals->total = (struct flow_counts){any_size(bed, 50), any_size(bed, 60)};
		totals->peak_bps = 1.0 + (double)any_size(bed, 38);
		totals->peak_pps = 1.0 + (double)any_size(bed, 28);
	}
	make_points(bed);
	view_set_snapshot(bed->scene.view, snapshot);
}

static void draw_at(struct bed *bed, int width, int height)
{
	struct layout_wish wish = {.by = view_group(bed->scene.view),
				   .sort = view_sort(bed->scene.view),
				   .ifaces = bed->synthetic.ifaces->count > 1,
				   .packets = bed->scene.unit == UNIT_PACKETS};
	struct widths widths = {0};

	frame_done(&bed->frame);
	bed->frame = (struct frame){0};
	bed->layout = (struct layout){0};
	assert_int_equal(fit_scene(&bed->scene, &wish, &widths, width, height, &bed->layout), 0);
	assert_int_equal(frame_init(&bed->frame, width, height), 0);
	draw_scene(&bed->frame, &bed->layout, &bed->scene);
}

static char *line_text(const struct bed *bed, int y, char *text, size_t size)
{
	size_t used = 0;

	for (int x = 0; x < bed->frame.width; x++) {
		const char *cell = frame_at(&bed->frame, x, y)->text;

		used += (size_t)snprintf(text + used, size - used, "%s", *cell ? cell : " ");
		assert_true(used < size);
	}
	return text;
}

static void expect_in_line(const struct bed *bed, int y, const char *number)
{
	char text[4096], wanted[FORMAT_TEXT_MAX + 2];

	line_text(bed, y, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), " %s ", number);
	if (!strstr(text, wanted))
		fail_msg("no \"%s\" in \"%s\"", number, text);
}

/* The rate of the interval in the unit of the screen: from the counts, not by the code under test. */
static double rate_shown(const struct bed *bed, int dir, bool packets)
{
	const struct flow_counts *delta = &bed->snapshot->dir[dir].delta;
	double seconds = (double)bed->snapshot->elapsed_ns / 1e9;

	if (packets)
		return (double)delta->packets / seconds;
	return (double)delta->bytes / seconds * (bed->scene.unit == UNIT_BYTES ? 1.0 : 8.0);
}

static void expect_numbers(const struct bed *bed, int dir)
{
	const struct snapshot_totals *totals = &bed->snapshot->dir[dir];
	bool block = bed->layout.block > 2, packets = bed->scene.unit == UNIT_PACKETS;
	const char *unit = bed->scene.unit == UNIT_BYTES ? "B/s" : "b/s";
	double peak = bed->scene.unit == UNIT_BYTES ? totals->peak_bps / 8.0 : totals->peak_bps;
	int y = bed->layout.in_y + (block ? 1 + 2 * dir : dir);
	char text[FORMAT_TEXT_MAX];

	expect_in_line(bed, y + (block && packets),
		       format_rate(rate_shown(bed, dir, false), unit, text, sizeof(text)));
	expect_in_line(bed, y + (block && !packets),
		       format_rate(rate_shown(bed, dir, true), "p/s", text, sizeof(text)));
	expect_in_line(bed, y, format_rate((double)totals->total.bytes, "B", text, sizeof(text)));
	if (block)
		expect_in_line(bed, y + 1,
			       format_rate((double)totals->total.packets, "p", text, sizeof(text)));
	else if (packets)
		expect_in_line(bed, y, format_scaled(totals->peak_pps, text, sizeof(text)));
	else
		expect_in_line(bed, y, format_scaled(peak, text, sizeof(text)));
}

static double scale_value(const char *text)
{
	static const char prefix[] = "kMGTPE";
	char *rest;
	double value = strtod(text, &rest);
	const char *at = *rest ? strchr(prefix, *rest) : NULL;

	for (; at && at >= prefix; at--)
		value *= 1000.0;
	return value;
}

/* The number before the sign for a scale; 0: the graph had no room. */
static double scale_in_line(const struct bed *bed, int y)
{
	for (int x = 5; x < bed->frame.width; x++) {
		char text[32];
		size_t used = 0;

		if (strcmp(frame_at(&bed->frame, x, y)->text, glyphs_utf8.axis[AXIS_SCALE]) != 0)
			continue;
		for (int i = x - 4; i < x; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
						 frame_at(&bed->frame, i, y)->text);
		return scale_value(text);
	}
	return 0.0;
}

/* Every value that the columns show: as many as the frame is wide, and no fewer than it may have. */
static void expect_scale(const struct bed *bed, int dir, int columns)
{
	const struct layout *layout = &bed->layout;
	int lines = layout->block > 2 ? 2 * (layout->block / 2) + 1 : 2;
	double scale = scale_in_line(bed, layout->in_y + (dir == FLOW_OUT ? lines - 1 : 0));
	bool packets = bed->scene.unit == UNIT_PACKETS;
	size_t count = bed->history.count;

	assert_true(scale >= 1000.0);
	assert_true(scale >= rate_shown(bed, dir, packets));
	for (size_t i = 0; i < count && (bed->scene.rewound || i < (size_t)columns); i++) {
		const struct history_point *point = history_get(&bed->history, count - 1 - i);
		double value = packets ? point->pps[dir] : point->bps[dir];

		assert_true(scale >= (bed->scene.unit == UNIT_BYTES ? value / 8.0 : value));
	}
}

static void test_header_is_snapshot(void **state)
{
	static const int size[][2] = {{80, 24}, {100, 30}, {120, 40}, {200, 50}};
	struct bed *bed = malloc(sizeof(*bed));

	assert_non_null(bed);
	begin(bed, 42);
	bed->scene.glyphs = &glyphs_utf8;
	for (int i = 0; i < ROUNDS; i++) {
		make_snapshot(bed);
		bed->scene.unit = (enum unit)(i % UNITS);
		bed->scene.rewound = bed->scene.held = i % 5 == 0;
		draw_at(bed, size[i % 4][0], size[i % 4][1]);
		for (int dir = 0; dir < FLOW_DIRS; dir++) {
			expect_numbers(bed, dir);
			/* Half the width of the frame has the graph at least at 200 columns. */
			expect_scale(bed, dir, size[i % 4][0] == 200 ? 200 : 20);
		}
	}
	frame_done(&bed->frame);
	end(bed);
	free(bed);
}

static int line_of(const struct bed *bed, const char *begin)
{
	char text[4096];

	for (int y = 0; y < bed->layout.head_y; y++) {
		if (!strncmp(line_text(bed, y, text, sizeof(text)), begin, strlen(begin)))
			return y;
	}
	return -1;
}

/* Those with most, where there is no room for all, but in the same order whatever each of them has. */
static void test_interfaces_keep_their_order(void **state)
{
	static const char *const line[][2] = {
		{" eth0       in  8.00 kb/s out     0 b/s  br-lan     in  16.0 kb/s out    80 b/s", NULL},
		{" eth0        ", " br-lan      "}};
	static const int size[][2] = {{80, 24}, {132, 40}};
	const struct synthetic_wish four = {.ifaces = 4};
	struct iface_sums sums = {.count = 3,
				  .sum = {{3, {{2, 2000}, {1, 10}}}, {0, {{1, 1000}}}, {2, {{1, 1}}}}};
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	begin(bed, 42);
	synthetic_done(&bed->synthetic);
	assert_int_equal(synthetic_init_with(&bed->synthetic, SYNTHETIC_CAST, &four), 0);
	make_snapshot(bed);
	bed->snapshot->elapsed_ns = 1000000000;
	bed->scene.glyphs = &glyphs_utf8;
	bed->scene.iface_sums = &sums;
	for (int i = 0; i < 2; i++) {
		draw_at(bed, size[i][0], size[i][1]);
		assert_true(line_of(bed, line[i][0]) > 0);
		if (line[i][1])
			assert_true(line_of(bed, line[i][1]) > line_of(bed, line[i][0]));
		assert_int_equal(line_of(bed, " veth"), -1);
	}
	draw_at(bed, 80, 23);
	assert_int_equal(line_of(bed, " eth0  "), -1);
	frame_done(&bed->frame);
	end(bed);
	free(bed);
}

/* 1, 2 or 5 times a power of ten, never below, and at most 2.5 times too large; as its text says. */
static void test_scale_holds_value(void **state)
{
	struct bed bed = {.seed = 7};
	char text[16];

	for (int i = 0; i < 100000; i++) {
		double value = (double)any_size(&bed, 59);
		double scale = graph_scale(value);

		assert_true(scale >= value);
		assert_true(scale <= 1000.0 || scale <= 2.5001 * value);
		assert_true(scale_value(graph_scale_text(scale, text, sizeof(text))) >= value);
		assert_true(strlen(text) <= 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_is_snapshot),
		cmocka_unit_test(test_interfaces_keep_their_order),
		cmocka_unit_test(test_scale_holds_value),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
