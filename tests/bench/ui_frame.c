/* SPDX-License-Identifier: MIT */
/*
 * What CPU time a frame costs at 1,000, 10,000 and 100,000 rows: ordering and drawing after a new snapshot,
 * for each column sorted by, and after a key that scrolls. Smallest and median of some runs.
 *
 * usage: bench_ui_frame [ROWS [WORD]]
 * WORD: only lines that have it.
 */
#include <errno.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "draw.h"
#include "synthetic.h"

#define NAMES  10000 /* in the cache */
#define RUNS   15
#define WIDTH  132
#define HEIGHT 43

struct bench {
	struct scene scene;
	struct layout layout;
	struct frame frame;
	struct snapshot *snapshot[2];
	const char *word; /* or NULL */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	/* Of this thread alone: nothing else that runs meanwhile counts. */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

static int draw(struct bench *bench)
{
	int err = view_arrange(bench->scene.view);

	if (!err)
		draw_scene(&bench->frame, &bench->layout, &bench->scene);
	return err;
}

static void refresh(struct bench *bench, int run)
{
	view_set_snapshot(bench->scene.view, bench->snapshot[run & 1]);
}

static void scroll(struct bench *bench, int run)
{
	view_move(bench->scene.view, run & 1 ? 40 : 37);
}

/* Another hundred rows each time, and a name that has just come. */
static void scroll_names(struct bench *bench, int run)
{
	const struct snapshot *snapshot = bench->snapshot[0];
	char name[40];

	snprintf(name, sizeof(name), "new-%d.example.com", run);
	name_cache_put(bench->scene.hosts,
		       snapshot_key(snapshot, (size_t)run % snapshot->count)->src, name, NAME_DNS,
		       3600);
	scroll(bench, run);
}

static void set_filter(struct bench *bench, const char *text)
{
	struct filter *filter;
	char why[80];
	size_t column;

	if (!filter_parse(text, &filter, why, sizeof(why), &column))
		view_set_filter(bench->scene.view, filter);
}

/* A filter that must look at the text of every row. */
static void type_filter(struct bench *bench, int run)
{
	set_filter(bench, run & 1 ? "10.0.1" : "10.0.2");
}

/* A word letter by letter, and back. */
static void type_letters(struct bench *bench, int run)
{
	static const char *const typed[] = {"e", "ex", "exa", "exam", "examp", "exam", "exa", "ex"};
	set_filter(bench, typed[run % 8]);
}

/* Digits of an address, and back. */
static void type_digits(struct bench *bench, int run)
{
	static const char *const typed[] = {"1", "10", "10.", "10.9", "10.9.1", "10.9", "10.", "10"};
	set_filter(bench, typed[run % 8]);
}

static void freeze(struct bench *bench, int run)
{
	(void)run;
	view_set_frozen(bench->scene.view, true);
}

static void reset_totals(struct bench *bench, int run)
{
	(void)run;
	view_reset_totals(bench->scene.view);
}

static int measure(struct bench *bench, const char *what,
		   void (*change)(struct bench *bench, int run))
{
	uint64_t took[RUNS], *median = &took[RUNS / 2];
	int err = 0;

	if (bench->word && !strstr(what, bench->word))
		return 0;
	for (int run = 0; !err && run < RUNS; run++) {
		uint64_t begin = now_ns();

		change(bench, run);
		err = draw(bench);
		took[run] = now_ns() - begin;
	}
	if (err)
		return err;
	qsort(took, RUNS, sizeof(took[0]), by_value);
	printf("  %-40s %8.3f ms  %8.3f ms\n", what, (double)took[0] / 1e6, (double)*median / 1e6);
	return 0;
}

static int measure_orders(struct bench *bench)
{
	char what[64];
	int err = 0;

	for (int sort = 0; !err && sort < COLUMNS; sort++) {
		if (!column_info((enum column)sort)->sortable)
			continue;
		view_set_sort(bench->scene.view, (enum column)sort, false);
		view_move_first(bench->scene.view);
		snprintf(what, sizeof(what), "refresh by %s", column_info((enum column)sort)->name);
		err = measure(bench, what, refresh);
	}
	view_set_sort(bench->scene.view, COLUMN_BPS, false);
	if (!err)
		err = measure(bench, "scroll by bps", scroll);
	if (!err)
		err = measure(bench, "refresh with selection", refresh);
	return err;
}

/* Keys that concern all rows, in a view. */
static int measure_keys(struct bench *bench, enum group_by by)
{
	static const struct {
		const char *what;
		void (*change)(struct bench *bench, int run);
	} keys[] = {
		{"type a filter", type_filter},	   {"type letters", type_letters},
		{"type digits", type_digits},	   {"refresh with filter", refresh},
		{"totals from now", reset_totals}, {"refresh with such totals", refresh},
		{"freeze the order", freeze},	   {"refresh in frozen order", refresh},
	};
	char what[80];
	int err = 0;

	view_set_group(bench->scene.view, by);
	for (size_t i = 0; !err && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].change == reset_totals)
			view_set_filter(bench->scene.view, NULL);
		if (keys[i].change == freeze)
			view_unreset_totals(bench->scene.view);
		snprintf(what, sizeof(what), "%s: %s", group_plural(by), keys[i].what);
		err = measure(bench, what, keys[i].change);
	}
	view_set_frozen(bench->scene.view, false);
	return err;
}

static int measure_all(struct bench *bench)
{
	int err = measure_orders(bench);

	if (!err)
		err = measure_keys(bench, GROUP_FLOW);
	/* What the live view opens on. */
	if (!err)
		err = measure_keys(bench, GROUP_CONVERSATION);
	for (int by = GROUP_CONVERSATION; !err && by < GROUPS; by++) {
		view_set_group(bench->scene.view, (enum group_by)by);
		err = measure(bench, group_plural((enum group_by)by), refresh);
	}
	view_set_group(bench->scene.view, GROUP_FLOW);
	bench->scene.host_names = true;
	if (!err)
		err = measure(bench, "refresh with names", refresh);
	if (!err)
		err = measure(bench, "scroll with names", scroll_names);
	bench->scene.host_names = false;
	return err;
}

/* An owner for every flow, a name for the source of the first ten thousand. */
static void know_all(struct bench *bench, struct synthetic *synthetic)
{
	const struct snapshot *snapshot = bench->snapshot[0];
	char name[80];

	for (size_t i = SYNTHETIC_CAST; i < snapshot->count; i++)
		synthetic_set_owner(synthetic, i, OWNER_FIRST + (uint32_t)(i % 7));
	for (size_t i = 0; i < snapshot->count && i < NAMES; i++) {
		snprintf(name, sizeof(name), "host-%zu.rack-7.datacenter-3.example.com", i);
		name_cache_put(synthetic->names, snapshot_key(snapshot, i)->src, name, NAME_DNS,
			       3600);
	}
	bench->scene.owners = synthetic->owners;
	bench->scene.hosts = synthetic->names;
	view_set_owners(bench->scene.view, synthetic->owners);
	view_set_names(bench->scene.view, synthetic->names);
	name_cache_set_asking(synthetic->names, true);
}

static int bench_rows(size_t rows, const char *word)
{
	struct bench bench = {.scene = {.attach = "tcx", .glyphs = &glyphs_utf8}, .word = word};
	struct layout_wish wish = {.by = GROUP_FLOW, .sort = COLUMN_BPS, .owners = true};
	struct synthetic synthetic;
	const struct synthetic_wish all = {.owners = true, .names = true};
	int err = synthetic_init_with(&synthetic, rows, &all);

	for (int i = 0; !err && i < 2; i++)
		err = synthetic_next(&synthetic, &bench.snapshot[i]);
	if (!err)
		err = view_new(COLUMN_BPS, &bench.scene.view);
	if (!err)
		err = frame_init(&bench.frame, WIDTH, HEIGHT);
	layout_fit(WIDTH, HEIGHT, &wish, &bench.layout);
	if (!err) {
		know_all(&bench, &synthetic);
		view_set_height(bench.scene.view, (size_t)bench.layout.rows);
		view_set_snapshot(bench.scene.view, bench.snapshot[0]);
		printf("%zu rows                                 smallest      median\n", rows);
		err = measure_all(&bench);
	}
	frame_done(&bench.frame);
	view_free(bench.scene.view);
	snapshot_unref(bench.snapshot[0]);
	snapshot_unref(bench.snapshot[1]);
	synthetic_done(&synthetic);
	return err;
}

int main(int argc, char **argv)
{
	static const size_t rows[] = {1000, 10000, 100000};
	int err = 0;

	setlocale(LC_ALL, "C.UTF-8");
	if (argc > 1)
		err = bench_rows(strtoul(argv[1], NULL, 10), argc > 2 ? argv[2] : NULL);
	for (size_t i = 0; !err && argc < 2 && i < sizeof(rows) / sizeof(rows[0]); i++)
		err = bench_rows(rows[i], NULL);
	return err ? 1 : 0;
}
