/* SPDX-License-Identifier: MIT */
/*
 * Golden frames: the picture of every state at several sizes, compared with tests/golden/NAME.txt.
 * GENERATE=1 writes the files instead; look at what changed before you commit it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "frame_dump.h"
#include "goldens.h"

void golden_select_third(struct scene *scene, struct snapshot *snapshot)
{
	view_move(scene->view, 3);
}

static void pause_in_ascii(struct scene *scene, struct snapshot *snapshot)
{
	scene->held = true;
	scene->glyphs = &glyphs_ascii;
}

static void open_help(struct scene *scene, struct snapshot *snapshot)
{
	scene->page = PAGE_HELP;
}

static void open_health(struct scene *scene, struct snapshot *snapshot)
{
	snapshot->health.map_full = (struct flow_counts){1204, 91000};
	snapshot->health.missed_deadlines = 3;
	snapshot->health.read_errors = 1;
	snapshot->health.last_error = -12;
	scene->page = PAGE_HEALTH;
}

static void open_detail(struct scene *scene, struct snapshot *snapshot)
{
	view_move(scene->view, 2);
	scene->page = PAGE_DETAIL;
}

/* A filter takes it away as its end would. */
static void open_detail_of_filtered(struct scene *scene, struct snapshot *snapshot)
{
	open_detail(scene, snapshot);
	assert_int_equal(view_arrange(scene->view), 0);
	view_set_waiting(scene->view, true);
	golden_set_filter(scene, "udp");
}

/* As if the flow had been idle long enough. */
static void open_detail_of_gone(struct scene *scene, struct snapshot *snapshot)
{
	const struct flow_key *key;
	size_t i = 0;

	open_detail_of_filtered(scene, snapshot);
	key = view_chosen(scene->view);
	while (!flow_key_equal(snapshot_key(snapshot, i), key))
		i++;
	snapshot->count--;
	memmove(&snapshot->row[i], &snapshot->row[i + 1],
		(snapshot->count - i) * sizeof(snapshot->row[0]));
	view_set_filter(scene->view, NULL);
}

static void sort_by_packets(struct scene *scene, struct snapshot *snapshot)
{
	view_set_sort(scene->view, COLUMN_PACKETS, true);
}

static void sort_by_tuple(struct scene *scene, struct snapshot *snapshot)
{
	view_set_sort(scene->view, COLUMN_TUPLE, false);
}

static void sort_by_direction(struct scene *scene, struct snapshot *snapshot)
{
	view_set_sort(scene->view, COLUMN_DIR, false);
}

static void lose_interface(struct scene *scene, struct snapshot *snapshot)
{
	snapshot->state = SNAPSHOT_LOST;
	memcpy(snapshot->ifaces->entry[0].name, "e\x1b[31mvil\xff", 10);
}

static void fill_map(struct scene *scene, struct snapshot *snapshot)
{
	snapshot->health.map_full = (struct flow_counts){1204, 91000};
}

static void empty(struct scene *scene, struct snapshot *snapshot)
{
	snapshot->count = 0;
}

void golden_group_conversations(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_CONVERSATION);
}

void golden_group_hosts(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_HOST);
	scene->unit = UNIT_PACKETS;
}

void golden_group_services(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_SERVICE);
	scene->unit = UNIT_BYTES;
}

static void group_protocols(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_PROTOCOL);
	view_set_frozen(scene->view, true);
}

static void drill(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_SERVICE);
	view_move(scene->view, 2);
	assert_int_equal(view_arrange(scene->view), 0);
	assert_true(view_drill(scene->view));
}

void golden_set_filter(struct scene *scene, const char *text)
{
	struct filter *filter = NULL;

	snprintf(scene->prompt.text, sizeof(scene->prompt.text), "%s", text);
	scene->prompt.wrong = filter_parse(text, &filter, scene->prompt.why,
					   sizeof(scene->prompt.why), &scene->prompt.column);
	scene->prompt.is_text = !scene->prompt.wrong && filter_is_text(filter);
	if (!scene->prompt.wrong)
		view_set_filter(scene->view, filter);
}

static void filter_in(struct scene *scene, struct snapshot *snapshot)
{
	golden_set_filter(scene, "udp and out");
}

static void filter_drilled(struct scene *scene, struct snapshot *snapshot)
{
	drill(scene, snapshot);
	golden_set_filter(scene, "bps > 1M");
}

static void hold_drilled(struct scene *scene, struct snapshot *snapshot)
{
	drill(scene, snapshot);
	scene->held = true;
}

/* The flows of the group have left, which a filter that nobody typed does here. */
static void drill_ended(struct scene *scene, struct snapshot *snapshot)
{
	drill(scene, snapshot);
	golden_set_filter(scene, "tcp");
	scene->prompt.text[0] = '\0';
}

static void hide_all(struct scene *scene, struct snapshot *snapshot)
{
	golden_set_filter(scene, "port 9");
	scene->prompt.text[0] = '\0';
	scene->hides_own = true;
}

static void filter_long(struct scene *scene, struct snapshot *snapshot)
{
	golden_set_filter(scene, "bps > 1M and tcp and not port 22 and net 10.0.0.0/8 and in");
}

static void filter_wrong(struct scene *scene, struct snapshot *snapshot)
{
	golden_set_filter(scene, "port 80 or net 10.0.0.300");
	scene->prompt.open = true;
}

/* A word alone is taken as text, and the prompt says so. */
static void filter_text(struct scene *scene, struct snapshot *snapshot)
{
	golden_set_filter(scene, "198.51.100");
	scene->prompt.open = true;
}

/* Wide characters, longer than the line, with the cursor among them. */
static void filter_wide(struct scene *scene, struct snapshot *snapshot)
{
	golden_set_filter(scene, "comm 漢字漢字漢字漢字漢字漢字 or comm müllér and (漢字");
	scene->prompt.cursor = strlen("comm 漢字漢字漢字漢字漢字漢字 or comm mü");
	scene->prompt.open = true;
}

static void filter_none(struct scene *scene, struct snapshot *snapshot)
{
	golden_set_filter(scene, "host 192.0.2.99");
	scene->prompt.open = true;
}

static void step_back(struct scene *scene, struct snapshot *snapshot)
{
	scene->held = scene->rewound = true;
}

static const struct golden goldens[] = {
	{"table-40x10", 40, 10, 6, NULL, NOTHING},
	{"table-80x24", 80, 24, 6, golden_select_third, NOTHING},
	{"table-132x40", 132, 40, 6, golden_select_third, NOTHING},
	{"table-20x5", 20, 5, 6, NULL, NOTHING},
	{"table-8x2", 8, 2, 6, NULL, NOTHING},
	{"first-80x24", 80, 24, 1, NULL, NOTHING},
	{"start-80x24", 80, 24, 0, NULL, NOTHING},
	{"empty-80x24", 80, 24, 6, empty, NOTHING},
	{"paused-80x24", 80, 24, 6, pause_in_ascii, NOTHING},
	{"paused-40x10", 40, 10, 6, pause_in_ascii, NOTHING},
	{"rewound-80x24", 80, 24, 250, step_back, NOTHING},
	{"rewound-132x40", 132, 40, 250, step_back, NOTHING},
	{"packets-40x10", 40, 10, 6, sort_by_packets, NOTHING},
	{"packets-80x24", 80, 24, 6, sort_by_packets, NOTHING},
	{"tuple-80x24", 80, 24, 6, sort_by_tuple, NOTHING},
	{"direction-100x24", 100, 24, 6, sort_by_direction, NOTHING},
	{"lost-80x24", 80, 24, 6, lose_interface, NOTHING},
	{"full-132x40", 132, 40, 6, fill_map, NOTHING},
	{"help-80x24", 80, 24, 6, open_help, NOTHING},
	{"help-40x10", 40, 10, 6, open_help, NOTHING},
	{"help-120x34", 120, 34, 6, open_help, NOTHING}, /* one page */
	{"health-80x24", 80, 24, 6, open_health, NOTHING},
	{"detail-80x24", 80, 24, 6, open_detail, NOTHING},
	{"detail-gone-80x24", 80, 24, 6, open_detail_of_gone, NOTHING},
	{"detail-filtered-80x24", 80, 24, 6, open_detail_of_filtered, NOTHING},
	{"conversations-80x24", 80, 24, 6, golden_group_conversations, NOTHING},
	{"conversations-132x40", 132, 40, 6, golden_group_conversations, NOTHING},
	{"conversations-40x10", 40, 10, 6, golden_group_conversations, NOTHING},
	{"hosts-80x24", 80, 24, 6, golden_group_hosts, NOTHING},
	{"hosts-40x10", 40, 10, 6, golden_group_hosts, NOTHING},
	{"services-80x24", 80, 24, 6, golden_group_services, NOTHING},
	{"protocols-80x24", 80, 24, 6, group_protocols, NOTHING},
	{"drilled-80x24", 80, 24, 6, drill, NOTHING},
	{"drilled-ended-80x24", 80, 24, 6, drill_ended, NOTHING},
	{"own-hidden-only-80x24", 80, 24, 6, hide_all, NOTHING},
	{"drilled-filter-80x24", 80, 24, 6, filter_drilled, NOTHING},
	{"drilled-filter-40x10", 40, 10, 6, filter_drilled, NOTHING},
	{"drilled-paused-80x24", 80, 24, 6, hold_drilled, NOTHING},
	{"filter-80x24", 80, 24, 6, filter_in, NOTHING},
	{"filter-40x10", 40, 10, 6, filter_in, NOTHING},
	{"filter-132x40", 132, 40, 6, filter_in, NOTHING},
	{"filter-long-80x24", 80, 24, 6, filter_long, NOTHING},
	{"filter-wrong-80x24", 80, 24, 6, filter_wrong, NOTHING},
	{"filter-wrong-40x10", 40, 10, 6, filter_wrong, NOTHING},
	{"filter-text-80x24", 80, 24, 6, filter_text, NOTHING},
	{"filter-text-40x10", 40, 10, 6, filter_text, NOTHING},
	{"filter-wide-80x24", 80, 24, 6, filter_wide, NOTHING},
	{"filter-wide-40x10", 40, 10, 6, filter_wide, NOTHING},
	{"filter-none-80x24", 80, 24, 6, filter_none, NOTHING},
};

static struct snapshot *last_of(struct synthetic *synthetic, unsigned int snapshots)
{
	struct snapshot *snapshot = NULL;

	while (snapshots--) {
		snapshot_unref(snapshot);
		assert_int_equal(synthetic_next(synthetic, &snapshot), 0);
	}
	return snapshot;
}

/* Rates that rise, fall and stop, ending with the snapshot shown. */
static void make_history(struct history *history, const struct snapshot *snapshot)
{
	memset(history, 0, sizeof(*history));
	if (!snapshot || snapshot->seq < 200)
		return;
	history->count = 200;
	for (unsigned int i = 0; i < 200; i++) {
		struct history_point *point = &history->point[i];

		point->seq = snapshot->seq + 30 - 199 + i;
		point->elapsed_ns = 1000000000;
		point->mono_ns = snapshot->mono_ns + 30000000000ULL - (199 - i) * 1000000000ULL;
		for (int dir = 0; dir < FLOW_DIRS; dir++) {
			point->bps[dir] = i < 5 ? -1.0 : 1e7 * ((i * (dir + 1U)) % 90);
			point->pps[dir] = point->bps[dir] / 8000;
		}
	}
}

/* Rates of both directions, as if ten snapshots before them had not been. */
static void make_past(struct view_pair *pair)
{
	pair->pasts = 100;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		pair->past_of[dir] = 100;
		for (int i = 0; i < 100; i++)
			pair->past[dir][i] = i < 10 ? -1.0 : 1e6 * (i * (dir + 1) % 37);
	}
}

static void draw_scene_at(const struct golden *golden, const struct scene *drawn, FILE *out)
{
	struct scene scene_of = *drawn, *scene = &scene_of;
	struct layout_wish wish = {
		.by = view_group(scene->view),
		.sort = view_sort(scene->view),
		.owners = scene->owners,
		.sights = scene->sights,
		.ifaces = golden->wish.ifaces > 1,
		.packets = scene->unit == UNIT_PACKETS,
	};
	struct frame frame = {0};
	struct widths widths = {0};
	struct iface_sums sums = {0};
	struct view_pair pair;
	struct layout layout;

	if (view_snapshot(scene->view))
		iface_sums_take(&sums, view_snapshot(scene->view));
	scene->iface_sums = &sums;
	assert_int_equal(fit_scene(scene, &wish, &widths, golden->width, golden->height, &layout), 0);
	assert_int_equal(frame_init(&frame, golden->width, golden->height), 0);
	if (scene->page == PAGE_DETAIL && view_get_pair(scene->view, &pair)) {
		make_past(&pair);
		scene->pair = &pair;
	}
	draw_scene(&frame, &layout, scene);
	assert_int_equal(frame_dump(&frame, out), 0);
	frame_done(&frame);
}

static void use_more(struct scene *scene, const struct synthetic *synthetic)
{
	scene->owners = synthetic->owners;
	scene->hosts = synthetic->names;
	scene->sights = synthetic->sights;
	scene->site_names = true;
	view_set_owners(scene->view, synthetic->owners);
	view_set_names(scene->view, synthetic->names);
	view_set_sights(scene->view, synthetic->sights);
}

/* `by`: this grouping, or -1: as it is prepared. */
static void draw_golden(const struct golden *golden, int by, FILE *out)
{
	struct scene scene = {.attach = "tcx", .glyphs = &glyphs_utf8};
	struct history *history = calloc(1, sizeof(*history));
	struct synthetic synthetic;
	struct snapshot *snapshot;

	assert_non_null(history);
	assert_int_equal(synthetic_init_with(&synthetic, 0, &golden->wish), 0);
	assert_int_equal(view_new(COLUMN_BPS, &scene.view), 0);
	use_more(&scene, &synthetic);
	snapshot = last_of(&synthetic, golden->snapshots);
	make_history(history, snapshot);
	scene.history = history;
	view_set_snapshot(scene.view, snapshot);
	view_set_height(scene.view, (size_t)golden->height);
	assert_int_equal(view_arrange(scene.view), 0);
	if (golden->prepare)
		golden->prepare(&scene, snapshot);
	if (by >= 0)
		view_set_group(scene.view, (enum group_by)by);
	draw_scene_at(golden, &scene, out);
	view_free(scene.view);
	snapshot_unref(snapshot);
	synthetic_done(&synthetic);
	free(history);
}

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "re");

	if (!in)
		return NULL;
	if (getdelim(&text, &size, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void check_golden(const struct golden *golden, int by)
{
	const char *source = getenv("PKTSTAT_SOURCE_DIR");
	char path[4096];
	char *drawn = NULL, *expected;
	size_t size = 0;
	FILE *out = open_memstream(&drawn, &size);

	assert_non_null(out);
	draw_golden(golden, by, out);
	fclose(out);
	snprintf(path, sizeof(path), "%s/tests/golden/%s.txt", source ? source : ".", golden->name);
	if (getenv("GENERATE"))
		write_file(path, drawn);
	expected = read_file(path);
	if (!expected || strcmp(drawn, expected) != 0) {
		print_error("%s (GENERATE=1 accepts it):\n%s", path, drawn);
		fail();
	}
	free(expected);
	free(drawn);
}

static void test_goldens(void **state)
{
	size_t count;
	const struct golden *more = goldens_more(&count);

	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++)
		check_golden(&goldens[i], -1);
	for (size_t i = 0; i < count; i++)
		check_golden(&more[i], -1);
}

/* Every view at every size that matters, with all there is to show. */
static void test_views(void **state)
{
	static const int sizes[][2] = {{40, 10}, {80, 24}, {120, 34}, {200, 50}};
	char name[64];

	for (int by = 0; by < GROUPS; by++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			const struct golden golden = {.name = name,
						      .width = sizes[i][0],
						      .height = sizes[i][1],
						      .snapshots = 240,
						      .wish = ALL};

			snprintf(name, sizeof(name), "view-%s-%dx%d", group_name((enum group_by)by),
				 sizes[i][0], sizes[i][1]);
			check_golden(&golden, by);
		}
	}
}

static void draw_size(struct scene *scene, int width, int height)
{
	struct layout_wish wish = {
		.by = view_group(scene->view),
		.sort = view_sort(scene->view),
		.owners = scene->owners,
		.sights = scene->sights,
		.ifaces = width & 4,
		.totals = width & 2,
		.packets = height & 1,
	};
	struct frame frame = {0};
	struct layout layout;

	layout_fit(width, height, &wish, &layout);
	view_set_height(scene->view, (size_t)layout.rows);
	assert_int_equal(view_arrange(scene->view), 0);
	assert_int_equal(frame_init(&frame, width, height), 0);
	draw_scene(&frame, &layout, scene);
	frame_done(&frame);
}

/* Every small size, and some large ones, in both alphabets and pages: for the sanitizers to see. */
static void test_every_size(void **state)
{
	struct synthetic synthetic;
	struct scene scene = {.attach = "tcx", .host_names = true};
	const struct synthetic_wish all = ALL;
	struct snapshot *snapshot;

	assert_int_equal(synthetic_init_with(&synthetic, 40, &all), 0);
	assert_int_equal(view_new(COLUMN_BPS, &scene.view), 0);
	use_more(&scene, &synthetic);
	snapshot = last_of(&synthetic, 6);
	view_set_snapshot(scene.view, snapshot);
	for (int width = 1; width < 200; width += width < 45 ? 1 : 7) {
		for (int height = 1; height < 60; height += height < 17 ? 1 : 8) {
			scene.glyphs = width & 1 ? &glyphs_utf8 : &glyphs_ascii;
			scene.page = (enum page)((scene.page + 1) % 4);
			scene.held = height & 1;
			if (scene.page == PAGE_TABLE)
				view_set_group(
					scene.view,
					(enum group_by)((view_group(scene.view) + 1) % GROUPS));
			draw_size(&scene, width, height);
		}
	}
	view_free(scene.view);
	snapshot_unref(snapshot);
	synthetic_done(&synthetic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goldens),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_every_size),
	};

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 77;
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
