/* SPDX-License-Identifier: MIT */
/* Keys put into effect; see ui_actions.h. Everything belongs to the caller's struct ui. */
#include "ui_actions.h"

#include <stdio.h>

#include "array.h"
#include "format.h"
#include "page.h"

#define MINUTE_NS 60000000000LL

static void sort_by(struct ui *ui, enum column column)
{
	view_set_sort(ui->view, column, false);
}

/* The next column of this view to the left or right that has a meaning as an order. */
static void sort_by_neighbour(struct ui *ui, int step)
{
	enum column column[LAYOUT_COLUMNS_MAX];
	size_t count = layout_columns_of(&ui->wish, column);
	enum column sort = view_sort(ui->view);
	size_t at = 0;

	if (sort == COLUMN_TUPLE)
		sort = COLUMN_SOURCE;
	while (at < count && column[at] != sort)
		at++;
	do /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): every view has columns */
		at = (at + count + (size_t)(long)step) % count;
	while (column_info(column[at])->kind == COLUMN_GRAPH || !layout_may_show(&ui->wish, column[at]));
	sort_by(ui, column[at]);
}

static void page(struct ui *ui, int pages)
{
	long lines = ui->layout.rows > 1 ? ui->layout.rows - 1 : 1;

	view_move(ui->view, lines * pages);
}

static void show_page(struct ui *ui, enum page page)
{
	ui->scene.page = ui->scene.page == page ? PAGE_TABLE : page;
	ui->scene.page_line = 0;
}

/* The end of the page is found when it is drawn. */
static void scroll_page(struct ui *ui, int lines)
{
	int line = ui->scene.page_line + lines;

	ui->scene.page_line = line < 0 ? 0 : line;
}

/* What a page shows or shows the effect of; anything else is done in sight of the table. */
static bool stays_in_page(enum action action)
{
	switch (action) {
	case ACTION_PAUSE:
	case ACTION_BACK:
	case ACTION_FORTH:
	case ACTION_BACK_MINUTE:
	case ACTION_FORTH_MINUTE:
	case ACTION_LIVE:
	case ACTION_HELP:
	case ACTION_HEALTH:
	case ACTION_UNITS:
	case ACTION_HOSTS:
	case ACTION_REDRAW:
	case ACTION_QUIT:
	case ACTION_NONE: return true;
	default: return false;
	}
}

/* While a page is open, keys that move move it; others that it has no use for close it. */
static bool press_in_page(struct ui *ui, enum action action)
{
	switch (action) {
	case ACTION_UP: scroll_page(ui, -1); return true;
	case ACTION_DOWN: scroll_page(ui, 1); return true;
	case ACTION_PAGE_UP: scroll_page(ui, -ui->layout.height / 2); return true;
	case ACTION_PAGE_DOWN: scroll_page(ui, ui->layout.height / 2); return true;
	case ACTION_FIRST: ui->scene.page_line = 0; return true;
	case ACTION_LAST: ui->scene.page_line = PAGE_LINE_LAST; return true;
	case ACTION_CLOSE:
	case ACTION_OPEN: ui->scene.page = PAGE_TABLE; return true;
	default: break;
	}
	if (!stays_in_page(action))
		ui->scene.page = PAGE_TABLE;
	return false;
}

static bool press_to_sort(struct ui *ui, enum action action)
{
	switch (action) {
	case ACTION_SORT_BPS: sort_by(ui, COLUMN_BPS); return true;
	case ACTION_SORT_PPS: sort_by(ui, COLUMN_PPS); return true;
	case ACTION_SORT_PACKETS: sort_by(ui, COLUMN_PACKETS); return true;
	case ACTION_SORT_BYTES: sort_by(ui, COLUMN_BYTES); return true;
	case ACTION_SORT_SOURCE: sort_by(ui, COLUMN_SOURCE); return true;
	case ACTION_SORT_DESTINATION: sort_by(ui, COLUMN_DESTINATION); return true;
	case ACTION_SORT_TUPLE: sort_by(ui, COLUMN_TUPLE); return true;
	case ACTION_COLUMN_LEFT: sort_by_neighbour(ui, -1); return true;
	case ACTION_COLUMN_RIGHT: sort_by_neighbour(ui, 1); return true;
	case ACTION_FREEZE: view_set_frozen(ui->view, !view_is_frozen(ui->view)); return true;
	case ACTION_REVERSE:
		view_set_sort(ui->view, view_sort(ui->view), !view_reversed(ui->view));
		return true;
	default: return false;
	}
}

static bool press_to_move(struct ui *ui, enum action action)
{
	switch (action) {
	case ACTION_UP: view_move(ui->view, -1); return true;
	case ACTION_DOWN: view_move(ui->view, 1); return true;
	case ACTION_PAGE_UP: page(ui, -1); return true;
	case ACTION_PAGE_DOWN: page(ui, 1); return true;
	case ACTION_FIRST: view_move_first(ui->view); return true;
	case ACTION_LAST: view_move_last(ui->view); return true;
	case ACTION_FOLLOW: view_set_follow(ui->view, !view_follows(ui->view)); return true;
	default: return false;
	}
}

static bool press_to_rewind(struct ui *ui, enum action action)
{
	switch (action) {
	case ACTION_PAUSE: ui_toggle_pause(ui); return true;
	case ACTION_BACK: ui_step(ui, -1); return true;
	case ACTION_FORTH: ui_step(ui, 1); return true;
	case ACTION_BACK_MINUTE: ui_step_time(ui, -MINUTE_NS); return true;
	case ACTION_FORTH_MINUTE: ui_step_time(ui, MINUTE_NS); return true;
	case ACTION_LIVE: ui_go_live(ui); return true;
	default: return false;
	}
}

/* Sorts by a column that the view has. */
static void sort_in_view(struct ui *ui)
{
	struct layout_wish wish = ui->wish;

	wish.by = view_group(ui->view);
	if (!layout_may_show(&wish, view_sort(ui->view)) && view_sort(ui->view) != COLUMN_TUPLE)
		sort_by(ui, COLUMN_BPS);
}

static void next_view(struct ui *ui, int step)
{
	int views = ui->options->owners ? GROUPS : GROUP_PROCESS;

	view_set_group(ui->view,
		       (enum group_by)(((int)view_group(ui->view) + step + views) % views));
	ui->scene.page = PAGE_TABLE;
	sort_in_view(ui);
}

void ui_use_view(struct ui *ui, enum group_by by)
{
	if (ui->options->owners || !group_by_owner(by))
		view_set_group(ui->view, by);
}

void ui_use_hosts(struct ui *ui, bool use)
{
	if (!ui->options->names)
		return;
	ui->scene.host_names = use;
	name_cache_set_asking(ui->options->names, use);
}

static void toggle_hosts(struct ui *ui)
{
	ui_use_hosts(ui, !ui->scene.host_names);
	if (!ui->options->names)
		ui->scene.notice = "host names cannot be looked up here";
	else if (ui->scene.host_names)
		ui->scene.notice = "host names, as they become known";
	else
		ui->scene.notice = "addresses instead of host names";
}

/* Opens the flows of a group, or the details of a flow. */
static void open_row(struct ui *ui)
{
	/* The previous key may have moved the selection without a frame since. */
	if (view_arrange(ui->view) || !view_count(ui->view))
		return;
	if (view_drill(ui->view)) {
		sort_in_view(ui);
		return;
	}
	if (view_group(ui->view) != GROUP_FLOW)
		return;
	/* From now on the page shows that flow, whatever its row. */
	view_pin(ui->view);
	show_page(ui, PAGE_DETAIL);
}

/* Closes what was opened last. */
static void close_one(struct ui *ui)
{
	if (view_drill_back(ui->view))
		sort_in_view(ui);
	else if (*ui->scene.prompt.text)
		ui_prompt_clear(ui);
	else if (ui->scene.held)
		ui_go_live(ui);
	else
		view_move_first(ui->view);
}

/* Steps through common intervals. */
static void change_interval(struct ui *ui, int step)
{
	static const uint64_t ms[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};
	const size_t count = ARRAY_SIZE(ms);
	char length[FORMAT_TEXT_MAX];
	size_t at = 0;

	if (!ui->options->set_interval) {
		ui->scene.notice = "the interval cannot be changed here";
		return;
	}
	while (at + 1 < count && ms[at] * 1000000 < ui->scene.interval_ns)
		at++;
	if ((step < 0 && !at) || (step > 0 && at + 1 == count))
		return;
	at = step < 0 ? at - 1 : at + 1;
	if (ui->options->set_interval(ui->options->context, ms[at] * 1000000))
		return;
	ui->scene.interval_ns = ms[at] * 1000000;
	format_length(ui->scene.interval_ns, length, sizeof(length));
	snprintf(ui->scene.notice_text, sizeof(ui->scene.notice_text), "interval %s", length);
	ui->scene.notice = ui->scene.notice_text;
}

static void press_other(struct ui *ui, enum action action)
{
	switch (action) {
	case ACTION_HELP: show_page(ui, PAGE_HELP); break;
	case ACTION_HEALTH: show_page(ui, PAGE_HEALTH); break;
	case ACTION_FILTER:
		ui->scene.page = PAGE_TABLE;
		ui_prompt_open(ui);
		break;
	case ACTION_NEXT_VIEW: next_view(ui, 1); break;
	case ACTION_PREVIOUS_VIEW: next_view(ui, -1); break;
	case ACTION_OPEN: open_row(ui); break;
	case ACTION_CLOSE: close_one(ui); break;
	case ACTION_UNITS: ui->scene.unit = (ui->scene.unit + 1) % UNITS; break;
	case ACTION_TOTALS: ui->wish.totals = !ui->wish.totals; break;
	case ACTION_NAMES: ui->scene.names = !ui->scene.names; break;
	case ACTION_HOSTS: toggle_hosts(ui); break;
	case ACTION_FASTER: change_interval(ui, -1); break;
	case ACTION_SLOWER: change_interval(ui, 1); break;
	case ACTION_RESET:
		if (view_reset_totals(ui->view))
			ui->scene.notice = "cannot allocate memory for the totals";
		break;
	case ACTION_UNRESET: view_unreset_totals(ui->view); break;
	case ACTION_SAVE: ui_save_settings(ui); break;
	case ACTION_REDRAW: screen_forget(ui->screen); break;
	default: break;
	}
}

#define WHEEL_LINES 3

/* A click on a title sorts by it, a second one reverses the order; on a row it selects the row. */
static void click(struct ui *ui, int x, int y)
{
	const struct layout_column *column = layout_column_at(&ui->layout, x);

	if (ui->scene.page != PAGE_TABLE) {
		ui->scene.page = PAGE_TABLE;
	} else if (y == ui->layout.head_y && column && column->column != COLUMN_HISTORY) {
		bool again = view_sort(ui->view) == column->column;

		view_set_sort(ui->view, column->column, again && !view_reversed(ui->view));
	} else if (y >= ui->layout.rows_y && y < ui->layout.rows_y + ui->layout.rows) {
		view_select_line(ui->view, (size_t)(y - ui->layout.rows_y));
	}
}

static bool press_mouse(struct ui *ui, int key)
{
	int x = 0, y = 0, lines = 0;

	switch (screen_mouse(ui->screen, key, &x, &y)) {
	case MOUSE_CLICK: click(ui, x, y); return true;
	case MOUSE_WHEEL_UP: lines = -WHEEL_LINES; break;
	case MOUSE_WHEEL_DOWN: lines = WHEEL_LINES; break;
	case MOUSE_NONE: return false;
	}
	if (ui->scene.page != PAGE_TABLE)
		scroll_page(ui, lines);
	else
		view_move(ui->view, lines);
	return true;
}

enum action ui_press(struct ui *ui, int key)
{
	enum action action = keys_action(key);

	ui->stale = true;
	ui->scene.notice = NULL;
	if (press_mouse(ui, key))
		return ACTION_NONE;
	if (ui->scene.prompt.open) {
		ui_prompt_press(ui, key);
		return ACTION_NONE;
	}
	if (ui->scene.page != PAGE_TABLE && press_in_page(ui, action))
		return action;
	if (!press_to_sort(ui, action) && !press_to_move(ui, action) &&
	    !press_to_rewind(ui, action))
		press_other(ui, action);
	return action;
}
