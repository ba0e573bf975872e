/* SPDX-License-Identifier: MIT */
/* Keys put into effect; see ui_actions.h. Everything belongs to the caller's struct ui. */
#include "ui_actions.h"

#include <stdio.h>

#include "array.h"
#include "cell.h"
#include "format.h"
#include "page.h"
#include "views.h"

#define MINUTE_NS 60000000000LL

void ui_say(struct ui *ui, const char *what, const char *detail)
{
	snprintf(ui->scene.notice_text, sizeof(ui->scene.notice_text), "%s%s", what, detail);
	ui->scene.notice = ui->scene.notice_text;
}

bool ui_can_sort_by(const struct ui *ui, enum column column)
{
	struct layout_wish wish = ui->wish;

	wish.by = view_group(ui->view);
	wish.content = NULL;
	return layout_may_order(&wish, column);
}

static void sort_by(struct ui *ui, enum column column)
{
	if (ui_can_sort_by(ui, column)) {
		if (view_sort(ui->view) == column && !view_reversed(ui->view))
			ui->scene.notice = "already in this order; R reverses it";
		view_set_sort(ui->view, column, false);
		return;
	}
	snprintf(ui->scene.notice_text, sizeof(ui->scene.notice_text),
		 "%s have no column %s to sort by", group_plural(view_group(ui->view)),
		 column_title(column, GROUP_FLOW));
	ui->scene.notice = ui->scene.notice_text;
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
	while (column_info(column[at])->kind == COLUMN_GRAPH || !ui_can_sort_by(ui, column[at]));
	sort_by(ui, column[at]);
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
	case ACTION_LEAVE:
	case ACTION_COPY:
	case ACTION_COPY_ENDS:
	case ACTION_WRITE:
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
	case ACTION_PAGE_UP: scroll_page(ui, 1 - page_room(&ui->layout)); return true;
	case ACTION_PAGE_DOWN: scroll_page(ui, page_room(&ui->layout) - 1); return true;
	case ACTION_FIRST: ui->scene.page_line = 0; return true;
	case ACTION_LAST: ui->scene.page_line = PAGE_LINE_LAST; return true;
	case ACTION_CLOSE:
	case ACTION_QUIT:
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
	case ACTION_SORT_IN: sort_by(ui, COLUMN_IN); return true;
	case ACTION_SORT_OUT: sort_by(ui, COLUMN_OUT); return true;
	case ACTION_COLUMN_LEFT: sort_by_neighbour(ui, -1); return true;
	case ACTION_COLUMN_RIGHT: sort_by_neighbour(ui, 1); return true;
	case ACTION_FREEZE:
		view_set_frozen(ui->view, !view_is_frozen(ui->view));
		ui_say(ui,
		       view_is_frozen(ui->view) ? "rows keep their places; o releases them"
						: "rows are in order again",
		       "");
		return true;
	case ACTION_REVERSE:
		view_set_sort(ui->view, view_sort(ui->view), !view_reversed(ui->view));
		return true;
	default: return false;
	}
}

static void toggle_follow(struct ui *ui)
{
	view_set_follow(ui->view, !view_follows(ui->view));
	ui_say(ui,
	       view_follows(ui->view) ? "scrolling with the selected row" : "no longer scrolling",
	       "");
}

/* Says so when a step leads nowhere. */
static void move(struct ui *ui, long lines)
{
	size_t before = view_selected(ui->view);
	bool selected = view_has_selection(ui->view);

	view_move(ui->view, lines);
	if (selected && view_selected(ui->view) == before)
		ui->scene.notice = lines < 0 ? "this is the first row" : "this is the last row";
}

static void move_page(struct ui *ui, int pages)
{
	long lines = ui->layout.rows > 1 ? ui->layout.rows - 1 : 1;

	move(ui, lines * pages);
}

static void move_first(struct ui *ui)
{
	if (!view_has_selection(ui->view) && !view_top(ui->view))
		ui->scene.notice = "this is the first row";
	view_move_first(ui->view);
}

static bool press_to_move(struct ui *ui, enum action action)
{
	switch (action) {
	case ACTION_UP: move(ui, -1); return true;
	case ACTION_DOWN: move(ui, 1); return true;
	case ACTION_PAGE_UP: move_page(ui, -1); return true;
	case ACTION_PAGE_DOWN: move_page(ui, 1); return true;
	case ACTION_FIRST: move_first(ui); return true;
	case ACTION_LAST: view_move_last(ui->view); return true;
	case ACTION_FOLLOW: toggle_follow(ui); return true;
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
	if (!ui_can_sort_by(ui, view_sort(ui->view)))
		sort_by(ui, COLUMN_BPS);
}

static void show_view(struct ui *ui, enum group_by by)
{
	view_set_group(ui->view, by);
	ui->scene.page = PAGE_TABLE;
	sort_in_view(ui);
}

/* The views there are; returns how many. */
static size_t views_here(const struct ui *ui, const struct view_entry *ret_view[VIEWS_MAX])
{
	const struct about_tables tables = scene_tables(&ui->scene);

	return views_list(&tables, ret_view);
}

static int place_of_view(const struct ui *ui, enum group_by by)
{
	const struct about_tables tables = scene_tables(&ui->scene);

	return views_find(&tables, by);
}

/* The view at that place of the list, counted from 0. */
static void show_view_at(struct ui *ui, int place)
{
	const struct view_entry *view[VIEWS_MAX];
	size_t count = views_here(ui, view);

	if ((size_t)place < count)
		show_view(ui, view[place]->by);
	else
		ui->scene.notice = "there is no view of that number";
}

static void next_view(struct ui *ui, int step)
{
	const struct view_entry *view[VIEWS_MAX];
	int count = (int)views_here(ui, view);
	int here = place_of_view(ui, view_group(ui->view));

	show_view(ui, view[(here + step + count) % count]->by);
}

void ui_use_view(struct ui *ui, enum group_by by)
{
	if (place_of_view(ui, by) >= 0)
		view_set_group(ui->view, by);
}

void ui_use_hosts(struct ui *ui, bool use)
{
	if (!ui->options->names)
		return;
	ui->scene.host_names = use;
	name_cache_set_asking(ui->options->names, use);
}

static void toggle_sites(struct ui *ui)
{
	ui->scene.site_names = !ui->scene.site_names;
	if (!ui->scene.sights)
		ui->scene.notice = "packets are not inspected: there are no names from them";
	else if (ui->scene.site_names)
		ui->scene.notice = "names of servers, as packets and DNS (~) say";
	else
		ui->scene.notice = "addresses instead of names of servers";
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

/* Opens the rows of a group, or the details of a flow or conversation. */
static void open_row(struct ui *ui)
{
	/* The previous key may have moved the selection without a frame since. */
	if (view_arrange(ui->view) || !view_count(ui->view)) {
		ui->scene.notice = "there is no row to open";
		return;
	}
	if (view_drill(ui->view)) {
		sort_in_view(ui);
		return;
	}
	/* From now on the page shows that one, whatever its place. */
	view_pin(ui->view);
	show_page(ui, PAGE_DETAIL);
}

/* The text of each cell of the selected row, or of its ends alone. */
static void copy_row(struct ui *ui, bool ends)
{
	char text[4096] = "", cell[CELL_TEXT_MAX];
	struct layout wide = ui->layout;
	size_t used = 0;
	struct row row;

	if (view_arrange(ui->view) || !view_get_selected(ui->view, &row)) {
		ui->scene.notice = "there is no row to copy";
		return;
	}
	for (int i = 0; i < wide.columns && used < sizeof(text); i++) {
		struct layout_column *column = &wide.column[i];

		if (column->column == COLUMN_HISTORY || (ends && column->column != COLUMN_SOURCE &&
							 column->column != COLUMN_DESTINATION))
			continue;
		/* Whole, whatever its width on the screen. */
		if (!column_info(column->column)->number)
			column->width = CELL_TEXT_MAX;
		cell_text(&wide, column, &ui->scene, &row, cell, sizeof(cell));
		if (*cell)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? "  " : "", cell);
	}
	if (!*text)
		ui->scene.notice = "this row has no addresses to copy";
	else if (!screen_copy(ui->screen, text))
		ui->scene.notice = "this terminal has no clipboard; w writes to a file";
	else
		ui_say(ui, "to the terminal's clipboard: ", text);
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
	else if (view_has_selection(ui->view))
		view_move_first(ui->view);
	else
		ui->scene.notice = "nothing to close; q quits";
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
	if ((step < 0 && !at) || (step > 0 && at + 1 == count)) {
		ui->scene.notice = step < 0 ? "100 ms is the shortest interval"
					    : "1 min is the longest interval";
		return;
	}
	at = step < 0 ? at - 1 : at + 1;
	if (ui->options->set_interval(ui->options->context, ms[at] * 1000000))
		return;
	ui->scene.interval_ns = ms[at] * 1000000;
	format_length(ui->scene.interval_ns, length, sizeof(length));
	snprintf(ui->scene.notice_text, sizeof(ui->scene.notice_text), "interval %s", length);
	ui->scene.notice = ui->scene.notice_text;
}

static void reset_totals(struct ui *ui)
{
	const struct snapshot *snapshot = view_snapshot(ui->view);

	if (view_reset_totals(ui->view)) {
		ui->scene.notice = "cannot allocate memory for the totals";
		return;
	}
	for (int dir = 0; snapshot && dir < FLOW_DIRS; dir++)
		ui->scene.base[dir] = snapshot->dir[dir].total;
	ui->scene.notice = "totals and peaks count from now on; Z undoes that";
}

static void toggle_totals(struct ui *ui)
{
	int shown = 0;

	for (int i = 0; i < ui->layout.columns; i++)
		shown += ui->layout.column[i].column == COLUMN_PACKETS ||
			 ui->layout.column[i].column == COLUMN_BYTES;
	ui->wish.totals = !ui->wish.totals;
	if (!ui->wish.totals)
		ui->scene.notice = "totals as they fit";
	else
		ui->scene.notice = shown == 2 ? "totals hidden; T shows them again"
					      : "totals shown, where they have room";
}

static void next_unit(struct ui *ui)
{
	static const char *const say[UNITS] = {"bits per second", "bytes per second",
					       "packets per second first"};

	ui->scene.unit = (ui->scene.unit + 1) % UNITS;
	ui->scene.notice = say[ui->scene.unit];
}

/* On the view that is shown, or the first line. */
static void open_menu(struct ui *ui, enum menu menu)
{
	int place = place_of_view(ui, view_group(ui->view));

	ui->scene.menu = menu;
	ui->scene.menu_at = menu == MENU_VIEWS && place >= 0 ? place : 0;
}

static void press_other(struct ui *ui, enum action action)
{
	if (action >= ACTION_VIEW && action <= ACTION_VIEW_LAST) {
		show_view_at(ui, (int)action - ACTION_VIEW);
		return;
	}
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
	case ACTION_VIEWS: open_menu(ui, MENU_VIEWS); break;
	case ACTION_WRITE: open_menu(ui, MENU_WRITE); break;
	case ACTION_COPY: copy_row(ui, false); break;
	case ACTION_COPY_ENDS: copy_row(ui, true); break;
	case ACTION_UNITS: next_unit(ui); break;
	case ACTION_TOTALS: toggle_totals(ui); break;
	case ACTION_NAMES:
		ui->scene.names = !ui->scene.names;
		ui->scene.notice = ui->scene.names ? "service names" : "port numbers";
		break;
	case ACTION_HOSTS: toggle_hosts(ui); break;
	case ACTION_SITES: toggle_sites(ui); break;
	case ACTION_FASTER: change_interval(ui, -1); break;
	case ACTION_SLOWER: change_interval(ui, 1); break;
	case ACTION_RESET: reset_totals(ui); break;
	case ACTION_UNRESET:
		view_unreset_totals(ui->view);
		ui->scene.notice = "totals and peaks count from the start";
		break;
	case ACTION_SAVE: ui_save_settings(ui); break;
	case ACTION_REDRAW: screen_forget(ui->screen); break;
	default: break;
	}
}

#define WHEEL_LINES 3

/* Does what a letter of the open menu stands for, and closes it; false: it stands for nothing. */
static bool choose_in_menu(struct ui *ui, int letter)
{
	const struct view_entry *view[VIEWS_MAX];
	size_t count = views_here(ui, view);
	enum menu menu = ui->scene.menu;

	if (menu == MENU_WRITE && (letter == 'r' || letter == 'j' || letter == 'c')) {
		ui->scene.menu = MENU_NONE;
		ui_write(ui, (char)letter);
		return true;
	}
	for (size_t i = 0; menu == MENU_VIEWS && i < count; i++) {
		if (letter != view[i]->letter && (!views_digit(i) || letter != views_digit(i)))
			continue;
		ui->scene.menu = MENU_NONE;
		show_view(ui, view[i]->by);
		return true;
	}
	return false;
}

/* To another line of the menu, round its ends; false: the action is none of these. */
static bool move_in_menu(struct ui *ui, enum action action)
{
	int lines = draw_menu_lines(&ui->scene), at = ui->scene.menu_at;

	switch (action) {
	case ACTION_UP: at = (at + lines - 1) % lines; break;
	case ACTION_DOWN: at = (at + 1) % lines; break;
	case ACTION_FIRST:
	case ACTION_PAGE_UP: at = 0; break;
	case ACTION_LAST:
	case ACTION_PAGE_DOWN: at = lines - 1; break;
	default: return false;
	}
	ui->scene.menu_at = at;
	return true;
}

/* A letter chooses, and Enter what is selected; Esc and q close, and any other key does nothing. */
static void press_in_menu(struct ui *ui, int key)
{
	enum action action = keys_action(key);

	if (choose_in_menu(ui, key) || move_in_menu(ui, action))
		return;
	if (action == ACTION_OPEN &&
	    choose_in_menu(ui, draw_menu_letter(&ui->scene, ui->scene.menu_at)))
		return;
	if (action == ACTION_CLOSE || action == ACTION_QUIT || action == ACTION_VIEWS ||
	    action == ACTION_WRITE)
		ui->scene.menu = MENU_NONE;
	else
		ui->scene.notice = "press a letter, arrow keys and Enter, or q to close";
}

/* A click on a title sorts by it, a second one reverses the order; on a row it selects the row. */
static void click(struct ui *ui, int x, int y)
{
	const struct layout_column *column = layout_column_at(&ui->layout, x);
	int tabs_y = ui->layout.tabs_y >= 0 ? ui->layout.tabs_y : ui->layout.status_y;
	enum group_by by;

	if (ui->scene.menu != MENU_NONE) {
		/* Beside the menu it closes it. */
		if (!choose_in_menu(ui, draw_menu_at(&ui->layout, &ui->scene, x, y)))
			ui->scene.menu = MENU_NONE;
	} else if (ui->scene.page != PAGE_TABLE) {
		ui->scene.page = PAGE_TABLE;
	} else if (y == ui->layout.head_y && column && column->column != COLUMN_HISTORY) {
		bool again = view_sort(ui->view) == column->column;

		view_set_sort(ui->view, column->column, again && !view_reversed(ui->view));
	} else if (y >= ui->layout.rows_y && y < ui->layout.rows_y + ui->layout.rows) {
		view_select_line(ui->view, (size_t)(y - ui->layout.rows_y));
	} else if (y == tabs_y && ui->tabs_width &&
		   draw_tab_at(&ui->scene, ui->tabs_width, x, &by)) {
		show_view(ui, by);
	}
}

static bool press_mouse(struct ui *ui, int key)
{
	int x = 0, y = 0, lines = 0;

	switch (screen_mouse(ui->screen, key, &x, &y)) {
	case MOUSE_CLICK: click(ui, x, y); return true;
	case MOUSE_WHEEL_UP: lines = -WHEEL_LINES; break;
	case MOUSE_WHEEL_DOWN: lines = WHEEL_LINES; break;
	case MOUSE_OTHER: return true;
	case MOUSE_NONE: return false;
	}
	if (ui->scene.page != PAGE_TABLE)
		scroll_page(ui, lines);
	else
		view_scroll(ui->view, lines);
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
	if (ui->scene.menu != MENU_NONE && action != ACTION_LEAVE) {
		press_in_menu(ui, key);
		return ACTION_NONE;
	}
	if (ui->scene.page != PAGE_TABLE && press_in_page(ui, action))
		return action == ACTION_QUIT ? ACTION_NONE : action;
	if (action == ACTION_NONE)
		ui->scene.notice = "this key does nothing; ? shows those that do";
	if (!press_to_sort(ui, action) && !press_to_move(ui, action) &&
	    !press_to_rewind(ui, action))
		press_other(ui, action);
	return action;
}
