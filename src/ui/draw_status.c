/* SPDX-License-Identifier: MIT */
/* The status line: views, what is held or filtered, the position. Pure; any thread. */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "format.h"
#include "utf8.h"

#define OWN_HIDDEN "  own session hidden"

static int hidden_width(const struct scene *scene)
{
	return scene->hides_own ? (int)strlen(OWN_HIDDEN) : 0;
}

/* Minutes and seconds: "2m15s". */
static void span_text(uint64_t ns, char *text, size_t size)
{
	unsigned long long s = ns / 1000000000;

	if (s < 60)
		snprintf(text, size, "%llus", s);
	else
		snprintf(text, size, "%llum%02llus", s / 60, s % 60);
}

/* How far back the shown snapshot is, and how far back one can go. */
static void held_times(const struct scene *scene, uint64_t *ret_behind_ns, uint64_t *ret_span_ns)
{
	const struct history *history = scene->history;
	uint64_t shown_ns = view_snapshot(scene->view)->mono_ns;
	uint64_t newest_ns = shown_ns;

	if (history && history->count)
		newest_ns = history_get(history, history->count - 1)->mono_ns;
	*ret_behind_ns = newest_ns > shown_ns ? newest_ns - shown_ns : 0;
	*ret_span_ns = history ? history_span_ns(history) : 0;
	if (*ret_span_ns < *ret_behind_ns)
		*ret_span_ns = *ret_behind_ns;
}

/* What is no longer known about the moment shown. */
static const char *held_limits(const struct scene *scene)
{
	if (view_snapshot(scene->view)->thin)
		return " top rows";
	return view_totals(scene->view)->partial ? " totals of recent flows" : "";
}

static int held_text(const struct scene *scene, char *text, size_t size)
{
	char wall[FORMAT_TEXT_MAX], behind[FORMAT_TEXT_MAX], span[FORMAT_TEXT_MAX];
	uint64_t behind_ns, span_ns;

	held_times(scene, &behind_ns, &span_ns);
	format_wall(view_snapshot(scene->view)->wall_ns, wall, sizeof(wall));
	span_text(behind_ns, behind, sizeof(behind));
	span_text(span_ns, span, sizeof(span));
	return snprintf(text, size, "%s %s (%s%s of %s)%s%s",
			scene->rewound ? "REWOUND to" : "PAUSED at",
			strlen(wall) > 11 ? wall + 11 : wall, behind_ns < 1000000000 ? "" : "-",
			behind, span, held_limits(scene), scene->rewound ? "" : "  Space resumes");
}

/* Where the shown moment lies between the oldest and the newest. */
static void draw_time_bar(struct frame *frame, const struct scene *scene, int x, int y, int width)
{
	uint64_t behind_ns, span_ns;
	int at = width - 2;

	if (width < 6 || scene->plain)
		return;
	held_times(scene, &behind_ns, &span_ns);
	if (span_ns)
		at -= (int)((double)behind_ns / (double)span_ns * (width - 3) + 0.5);
	for (int i = 0; i < width; i++) {
		int part = i == 0 ? 0 : i == width - 1 ? 1 : i == at ? 3 : 2;

		frame_put(frame, x + i, y, 1, STYLE_WARN, scene->glyphs->bar[part]);
	}
}

#define GROUP_WIDTH 21

/* The open group, where no other line names it; returns the columns used. */
static int put_group(struct frame *frame, const struct layout *layout, const struct scene *scene,
		     int x, int y)
{
	char text[DRAW_GROUP_MAX], fitting[DRAW_GROUP_MAX];
	int begin = x;

	if (layout->tabs_y >= 0 || !draw_group_text(scene, text, sizeof(text)))
		return 0;
	x += frame_put(frame, x, y, 3, STYLE_PLAIN, "of ");
	draw_shorten(text, GROUP_WIDTH, scene->glyphs->cut, fitting, sizeof(fitting));
	x += frame_put(frame, x, y, GROUP_WIDTH, STYLE_ACCENT | STYLE_BOLD, fitting);
	return x + 2 - begin;
}

static void draw_held(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	char text[4 * FORMAT_TEXT_MAX];
	int width;

	held_text(scene, text, sizeof(text));
	width = frame_put(frame, 1, layout->status_y, frame->width, STYLE_WARN | STYLE_BOLD, text);
	width += put_group(frame, layout, scene, width + 3, layout->status_y);
	if (*scene->prompt.text) {
		width += 3 +
			 frame_put(frame, width + 3, layout->status_y, 9, STYLE_BOLD, "filter: ");
		frame_put(frame, width, layout->status_y, frame->width - width, STYLE_ACCENT,
			  scene->prompt.text);
		return;
	}
	/* The right end belongs to "row 1,204/100,000". */
	draw_time_bar(frame, scene, width + 3, layout->status_y,
		      frame->width - width - 24 - hidden_width(scene));
}

/* "84.0 MB since start", including flows that are no longer in the table. */
static void filtered_total(const struct scene *scene, char *text, size_t size)
{
	const struct row_totals *totals = view_totals(scene->view);
	uint64_t bytes = totals->total[FLOW_IN].bytes + totals->total[FLOW_OUT].bytes;
	int64_t since_ns = view_totals_since(scene->view);
	char total[FORMAT_TEXT_MAX], wall[FORMAT_TEXT_MAX] = "";

	format_rate((double)bytes, "B", total, sizeof(total));
	if (since_ns)
		format_wall(since_ns, wall, sizeof(wall));
	snprintf(text, size, "%s%s since %s", totals->partial ? "at least " : "", total,
		 strlen(wall) > 11 ? wall + 11 : "start");
}

/*
 * "23 of 1,204 flows, 2.02 Mb/s of 8.42 Gb/s, 84.0 MB since start", or as many of its parts as fit:
 * a number is never cut. Returns its width.
 */
static int filtered_text(const struct scene *scene, int width, char *text, size_t size)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	const struct row_totals *totals = view_totals(scene->view);
	uint64_t passed = totals->delta[FLOW_IN].bytes + totals->delta[FLOW_OUT].bytes;
	uint64_t all = snapshot->dir[FLOW_IN].delta.bytes + snapshot->dir[FLOW_OUT].delta.bytes;
	char flows[FORMAT_TEXT_MAX], of[FORMAT_TEXT_MAX];
	char rate[FORMAT_TEXT_MAX], of_rate[FORMAT_TEXT_MAX], total[2 * FORMAT_TEXT_MAX];

	/* Of all flows that are counted, as far back as that is known. */
	format_count(totals->flows + (totals->partial ? 0 : totals->idle), flows, sizeof(flows));
	format_count(totals->partial ? snapshot->count : snapshot->flows_known, of, sizeof(of));
	format_rate(rate_bps(passed, snapshot->elapsed_ns), "b/s", rate, sizeof(rate));
	format_rate(rate_bps(all, snapshot->elapsed_ns), "b/s", of_rate, sizeof(of_rate));
	filtered_total(scene, total, sizeof(total));
	snprintf(text, size, "%s of %s flows, %s of %s, %s", flows, of, rate, of_rate, total);
	if (frame_text_width(text) > width)
		snprintf(text, size, "%s of %s flows, %s, %s", flows, of, rate, total);
	if (frame_text_width(text) > width)
		snprintf(text, size, "%s of %s flows, %s of %s", flows, of, rate, of_rate);
	if (frame_text_width(text) > width)
		snprintf(text, size, "%s of %s flows, %s", flows, of, rate);
	if (frame_text_width(text) > width)
		snprintf(text, size, "%s of %s flows", flows, of);
	if (frame_text_width(text) > width)
		*text = '\0';
	return frame_text_width(text);
}

#define SUMS_GAP     3
#define FILTER_LEAST 12

/* A long filter is shortened first: how much it hides matters more. */
static void draw_filter(struct frame *frame, const struct layout *layout, const struct scene *scene,
			int x, int y, int width)
{
	int end = x + width, room, sums = 0;
	char filter[FILTER_TEXT_MAX + FORMAT_TEXT_MAX], text[7 * FORMAT_TEXT_MAX] = "";

	x += put_group(frame, layout, scene, x, y);
	x += frame_put(frame, x, y, end - x, STYLE_BOLD, "filter: ");
	room = end - x - frame_text_width(scene->prompt.text) - SUMS_GAP;
	if (view_snapshot(scene->view)) {
		sums = filtered_text(scene, room, text, sizeof(text));
		if (!sums)
			sums = filtered_text(scene, end - x - FILTER_LEAST - SUMS_GAP, text,
					     sizeof(text));
	}
	draw_shorten(scene->prompt.text, end - x - (sums ? sums + SUMS_GAP : 0), scene->glyphs->cut,
		     filter, sizeof(filter));
	x += frame_put(frame, x, y, end - x, STYLE_ACCENT, filter);
	frame_put(frame, x + SUMS_GAP, y, end - x - SUMS_GAP, STYLE_PLAIN, text);
}

static void clear_line(struct frame *frame, int y)
{
	for (int i = 0; i < frame->width; i++)
		frame_put(frame, i, y, 1, STYLE_PLAIN, " ");
}

/* As many whole words as fit, but half of the text at least. */
static void put_words(struct frame *frame, int x, int y, unsigned int style, const char *text)
{
	size_t fits = frame_text_fit(text, frame->width - x), length = fits;
	char part[256];

	while (text[length] && text[length] != ' ' && length > fits / 2)
		length--;
	if (text[length] && text[length] != ' ')
		length = fits;
	snprintf(part, sizeof(part), "%.*s", (int)length, text);
	frame_put(frame, x, y, frame->width, style, part);
}

/* Columns of the text between two of its bytes. */
static int width_between(const char *text, size_t begin, size_t end)
{
	char part[FILTER_TEXT_MAX];

	if (end <= begin)
		return 0;
	snprintf(part, sizeof(part), "%.*s", (int)(end - begin), text + begin);
	return frame_text_width(part);
}

#define PROMPT_EDGES 3 /* the sign, the cursor behind the text, and a blank */

/* The first byte of the text that is shown: the cursor stays visible. */
static size_t prompt_begin(const struct prompt *prompt, int width)
{
	size_t begin = 0;

	while (begin < prompt->cursor &&
	       width_between(prompt->text, begin, prompt->cursor) + PROMPT_EDGES > width)
		begin += utf8_step(prompt->text + begin);
	return begin;
}

/* Another style for the character at a byte of the text, or for the blank behind it. */
static void paint_character(struct frame *frame, int y, const struct prompt *prompt, size_t begin,
			    size_t at, unsigned int style)
{
	int width = width_between(prompt->text, at, at + utf8_step(prompt->text + at));

	frame_paint(frame, 1 + width_between(prompt->text, begin, at), y, width ?: 1, style);
}

/* The line the filter is typed in, with its error. */
static void draw_prompt(struct frame *frame, const struct scene *scene, int y)
{
	const struct prompt *prompt = &scene->prompt;
	size_t begin = prompt_begin(prompt, frame->width);
	char sums[7 * FORMAT_TEXT_MAX] = "";
	int x = 1 + frame_text_width(prompt->text + begin);

	clear_line(frame, y);
	frame_put(frame, 0, y, 1, STYLE_BOLD, "/");
	frame_put(frame, 1, y, frame->width, STYLE_BOLD, prompt->text + begin);
	paint_character(frame, y, prompt, begin, prompt->cursor, STYLE_REVERSE);
	if (!prompt->wrong) {
		x += 4;
		if (prompt->is_text)
			x += 2 + frame_put(frame, x, y, frame->width - x - 1, STYLE_ACCENT, "text");
		if (view_snapshot(scene->view))
			filtered_text(scene, frame->width - x - 1, sums, sizeof(sums));
		frame_put(frame, x, y, frame->width - x - 1, STYLE_PLAIN, sums);
		return;
	}
	if (prompt->column >= begin)
		paint_character(frame, y, prompt, begin, prompt->column,
				STYLE_WARN | STYLE_UNDERLINE | STYLE_BOLD);
	x += 2;
	x += frame_put(frame, x, y, 2, STYLE_WARN, scene->glyphs->utf8 ? "← " : "< ");
	put_words(frame, x, y, STYLE_WARN, prompt->why);
}

/* What rows are, where there is room to say it. */
static const char *rows_name(const struct scene *scene, int width, size_t count)
{
	enum group_by by = view_group(scene->view);

	if (width < 100)
		return count == 1 ? "row" : "rows";
	return count == 1 ? group_name(by) : group_plural(by);
}

/* The text at the right end: what is hidden, and the position in the table. */
static void position_text(const struct scene *scene, int width, char *text, size_t size)
{
	size_t idle = view_totals(scene->view)->idle_hidden, count = view_count(scene->view);
	char at[FORMAT_TEXT_MAX], shown[FORMAT_TEXT_MAX], all[FORMAT_TEXT_MAX];
	const char *name = rows_name(scene, width, count + idle);
	char row[5 * FORMAT_TEXT_MAX] = "", more[2 * FORMAT_TEXT_MAX] = "";

	format_count(count, shown, sizeof(shown));
	format_count(count + idle, all, sizeof(all));
	if (idle)
		snprintf(more, sizeof(more), " of %s %s", all, name);
	if (count && view_has_selection(scene->view))
		snprintf(row, sizeof(row), "  %srow %s/%s%s",
			 view_follows(scene->view) ? "following " : "",
			 format_count(view_selected(scene->view) + 1, at, sizeof(at)), shown, more);
	else if (count && view_top(scene->view))
		snprintf(row, sizeof(row), "  from row %s/%s%s",
			 format_count(view_top(scene->view) + 1, at, sizeof(at)), shown, more);
	else if (count && idle)
		snprintf(row, sizeof(row), "  %s%s", shown, more);
	else if (count)
		snprintf(row, sizeof(row), "  %s %s", shown, name);
	snprintf(text, size, "%s%s", scene->hides_own ? OWN_HIDDEN : "", row);
}

/* What the status line says; where it is nothing, tabs may stand there. */
enum status {
	STATUS_NOTICE,
	STATUS_HELD,
	STATUS_LOST,
	STATUS_ENDED,
	STATUS_FILTER,
	STATUS_TROUBLE,
	STATUS_NOTHING,
};

static enum status status_of(const struct scene *scene, char *trouble, size_t size)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);

	if (scene->notice)
		return STATUS_NOTICE;
	if (scene->held)
		return STATUS_HELD;
	if (snapshot->state == SNAPSHOT_LOST)
		return STATUS_LOST;
	if (*scene->prompt.text)
		return STATUS_FILTER;
	if (snapshot->state == SNAPSHOT_ENDED)
		return STATUS_ENDED;
	if (*ifaces_notice(snapshot->ifaces, trouble, size))
		return STATUS_TROUBLE;
	snprintf(trouble, size, "%s", scene->inspect_trouble ?: "");
	return *trouble ? STATUS_TROUBLE : STATUS_NOTHING;
}

#define TROUBLE_MAX 240
#define TABS_LEAST  20 /* columns of the tabs beside a problem */

/* Whether a problem leaves room for them on the same line. */
static bool tabs_beside(const struct layout *layout, const char *trouble, int width)
{
	return layout->tabs_y < 0 && frame_text_width(trouble) + TABS_LEAST < width;
}

/* Interface problems stay visible; the tabs are shortened for them. */
static void draw_trouble(struct frame *frame, const struct layout *layout,
			 const struct scene *scene, const char *trouble, int width)
{
	int y = layout->status_y, x = 1;

	if (tabs_beside(layout, trouble, width)) {
		draw_tabs(frame, scene, y, TABS_LEAST);
		x += TABS_LEAST;
	}
	frame_put(frame, x, y, width - x, STYLE_WARN | STYLE_BOLD, trouble);
}

static void draw_state(struct frame *frame, const struct layout *layout, const struct scene *scene,
		       int width)
{
	int y = layout->status_y;
	int filter_width = frame->width - 1 - hidden_width(scene);
	char trouble[TROUBLE_MAX];

	switch (status_of(scene, trouble, sizeof(trouble))) {
	case STATUS_NOTICE: frame_put(frame, 1, y, width - 1, STYLE_BOLD, scene->notice); break;
	case STATUS_HELD: draw_held(frame, layout, scene); break;
	case STATUS_LOST:
		frame_put(frame, 1, y, frame->width, STYLE_WARN | STYLE_BOLD,
			  "the interface was removed, showing its last rows");
		break;
	case STATUS_ENDED:
		frame_put(frame, 1, y, frame->width, STYLE_BOLD,
			  "end of the capture, showing its last rows");
		break;
	case STATUS_FILTER: draw_filter(frame, layout, scene, 1, y, filter_width); break;
	case STATUS_TROUBLE: draw_trouble(frame, layout, scene, trouble, width); break;
	case STATUS_NOTHING:
		if (layout->tabs_y < 0)
			draw_tabs(frame, scene, y, width);
		break;
	}
}

/* The open group, where only the line of the keys is left to name it. */
static void draw_small_group(struct frame *frame, const struct layout *layout,
			     const struct scene *scene)
{
	char text[DRAW_GROUP_MAX];

	if (layout->tabs_y >= 0 || !draw_group_text(scene, text, sizeof(text)))
		return;
	clear_line(frame, layout->keys_y);
	put_group(frame, layout, scene, 1, layout->keys_y);
	frame_put_right(frame, 0, layout->keys_y, frame->width - 1, STYLE_DIM, "Esc returns");
}

/* Columns of the status line beside the position. */
static int status_width(const struct scene *scene, int width)
{
	char position[7 * FORMAT_TEXT_MAX];
	int room;

	position_text(scene, width, position, sizeof(position));
	room = width - 1 - frame_text_width(position);
	/* Leave room for the position to grow, so that nothing else moves. */
	return room < width - 18 ? room : width - 18;
}

int draw_tabs_width(const struct layout *layout, const struct scene *scene)
{
	int width = layout->width;
	char trouble[TROUBLE_MAX];

	if (scene->page != PAGE_TABLE || !view_snapshot(scene->view))
		return 0;
	if (layout->tabs_y >= 0)
		return width;
	if (layout->status_y < 0 || scene->prompt.open)
		return 0;
	width = status_width(scene, width);
	switch (status_of(scene, trouble, sizeof(trouble))) {
	case STATUS_NOTHING: return width;
	case STATUS_TROUBLE: return tabs_beside(layout, trouble, width) ? TABS_LEAST : 0;
	default: return 0;
	}
}

/*
 * Whether what is said takes the place of the position too: a notice like the path of a file is not said
 * again, and a warning cut within a sentence warns of nothing.
 */
static bool needs_line(const struct scene *scene, int width)
{
	char trouble[TROUBLE_MAX];
	const char *text = scene->notice;

	if (status_of(scene, trouble, sizeof(trouble)) == STATUS_TROUBLE)
		text = trouble;
	return text && frame_text_width(text) >= width;
}

void draw_status(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	int y = layout->status_y;
	char position[7 * FORMAT_TEXT_MAX];

	if (scene->prompt.open) {
		draw_prompt(frame, scene, y >= 0 ? y : frame->height - 1);
		return;
	}
	/* Without a status line, what is said replaces the keys, and so does the filter. */
	if (y < 0 && layout->keys_y >= 0 && scene->notice) {
		clear_line(frame, layout->keys_y);
		frame_put(frame, 1, layout->keys_y, frame->width - 1, STYLE_BOLD, scene->notice);
		return;
	}
	if (y < 0 && layout->keys_y >= 0 && !*scene->prompt.text && !scene->held)
		draw_small_group(frame, layout, scene);
	if (y < 0 && layout->keys_y >= 0 && *scene->prompt.text && !scene->held) {
		clear_line(frame, layout->keys_y);
		draw_filter(frame, layout, scene, 1, layout->keys_y, frame->width - 1);
	}
	if (y < 0 || !view_snapshot(scene->view))
		return;
	if (needs_line(scene, status_width(scene, frame->width))) {
		draw_state(frame, layout, scene, frame->width);
		return;
	}
	position_text(scene, frame->width, position, sizeof(position));
	draw_state(frame, layout, scene, status_width(scene, frame->width));
	/* The sums of a filter need the space. */
	if (*scene->prompt.text && frame->width < 100)
		snprintf(position, sizeof(position), "%s", scene->hides_own ? OWN_HIDDEN : "");
	if (!scene->held || !*scene->prompt.text || frame->width >= 100)
		frame_put_right(frame, 0, y, frame->width - 1, STYLE_DIM, position);
}
