/* SPDX-License-Identifier: MIT */
/* The keys, from their table: the bottom line and the help page. Pure; any thread. */
#include <string.h>

#include "array.h"
#include "draw.h"
#include "keys.h"
#include "page.h"
#include "views.h"

/* Width of the labels up to a rank, with their gaps. */
static int labels_width(const struct key_binding *key, size_t count, int rank)
{
	int width = 1;

	for (size_t i = 0; i < count; i++) {
		if (key[i].label && key[i].rank <= rank)
			width += frame_text_width(key[i].label) + 2;
	}
	return width;
}

/* "key word": the key stands out, the word explains it. */
static int put_label(struct frame *frame, int x, int y, const char *label)
{
	const char *blank = strrchr(label, ' ');
	int key = blank ? (int)(blank - label) : 0;

	frame_put(frame, x, y, key, STYLE_BOLD | STYLE_ACCENT, label);
	frame_put(frame, x + key, y, frame->width, STYLE_PLAIN, label + key);
	return frame_text_width(label) + 2;
}

static enum keys_where where_of(const struct scene *scene)
{
	if (scene->prompt.open)
		return KEYS_IN_PROMPT;
	if (scene->menu != MENU_NONE)
		return KEYS_IN_MENU;
	if (scene->page != PAGE_TABLE)
		return KEYS_IN_PAGE;
	return scene->held ? KEYS_WHILE_HELD : KEYS_IN_TABLE;
}

void draw_keys(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	size_t count;
	const struct key_binding *key = keys_at(where_of(scene), &count);
	int rank = 9;
	int x = 1;

	while (rank > 1 && labels_width(key, count, rank) > frame->width + 1)
		rank--;
	for (size_t i = 0; i < count; i++) {
		if (key[i].label && key[i].rank <= rank)
			x += put_label(frame, x, layout->keys_y, key[i].label);
	}
}

/* A line of the help page. */
struct help_line {
	const char *label, *text;
	unsigned int style; /* of the label */
};

#define HELP_LINES_MAX 96
#define HELP_LABEL     15
#define HELP_COLUMN    41 /* of several */
#define HELP_COLUMNS_MAX 3

static const struct help_line filter_help[] = {
	{"word \"two words\"", "text in any column", STYLE_ACCENT},
	{"in out tcp udp arp", "direction, protocol", STYLE_ACCENT},
	{"proto ip ip6 other", "number, family, rest", STYLE_ACCENT},
	{"host 10.0.0.1", "address, name; src dst", STYLE_ACCENT},
	{"net 10.0.0.0/8", "also net 10.77", STYLE_ACCENT},
	{"port 443 or 80", "portrange 8000-8999", STYLE_ACCENT},
	{"comm user uid pid", "process; exe", STYLE_ACCENT},
	{"container cgroup", "name or path", STYLE_ACCENT},
	{"name iface", "host name, interface", STYLE_ACCENT},
	{"app site sni", "what packets said", STYLE_ACCENT},
	{"bps > 1M", "pps packets bytes >= =", STYLE_ACCENT},
	{"and or not ( )", "adjacent terms: and", STYLE_ACCENT},
};

static size_t add_line(struct help_line *lines, size_t count, const char *label, const char *text,
		       unsigned int style)
{
	if (count < HELP_LINES_MAX)
		lines[count++] = (struct help_line){label, text, style};
	return count;
}

static size_t help_lines(struct help_line lines[HELP_LINES_MAX])
{
	size_t keys, count = 0;
	const struct key_binding *key = keys_table(&keys);

	for (size_t i = 0; i < keys; i++) {
		if (key[i].group && i)
			count = add_line(lines, count, "", "", STYLE_PLAIN);
		if (key[i].group)
			count = add_line(lines, count, key[i].group, "", STYLE_PLAIN);
		if (key[i].keys)
			count = add_line(lines, count, key[i].keys, key[i].help, STYLE_ACCENT);
	}
	count = add_line(lines, count, "", "", STYLE_PLAIN);
	count = add_line(lines, count, "Filter", "", STYLE_PLAIN);
	for (size_t i = 0; i < ARRAY_SIZE(filter_help); i++)
		count = add_line(lines, count, filter_help[i].label, filter_help[i].text,
				 filter_help[i].style);
	return count;
}

/* The end of a column of about so many lines from `begin` on: before the group nearest to there. */
static size_t help_column_end(const struct help_line *lines, size_t count, size_t begin, size_t most)
{
	for (size_t i = 0; i < most; i++) {
		size_t after = begin + most + i, before = begin + most - i;

		if (after >= count)
			return count;
		if (!*lines[after].label)
			return after + 1;
		if (!*lines[before].label)
			return before + 1;
	}
	return count;
}

static void put_help(struct page_writer *page, const struct help_line *lines, size_t count)
{
	/* Blanks and headings are the same lines in another style. */
	for (size_t i = 0; i < count; i++) {
		page->label_width =
			lines[i].style == STYLE_ACCENT && strlen(lines[i].label) > HELP_LABEL
				? 18
				: HELP_LABEL;
		page->label_style = lines[i].style == STYLE_ACCENT ? STYLE_BOLD | STYLE_ACCENT
								   : STYLE_BOLD | STYLE_UNDERLINE;
		page_line(page, STYLE_PLAIN, lines[i].label, lines[i].text);
	}
}

/* In as many columns as the screen has room for. */
int draw_help(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	struct page_writer page =
		page_begin(frame, layout, "Keys and filter", scene->page_line, HELP_LABEL);
	struct help_line lines[HELP_LINES_MAX];
	size_t count = help_lines(lines), begin = 0;
	int columns = (frame->width + 3) / HELP_COLUMN, most = 0;

	columns = columns < 1 ? 1 : columns > HELP_COLUMNS_MAX ? HELP_COLUMNS_MAX : columns;
	for (int i = 0; i < columns; i++) {
		bool last = i + 1 == columns;
		size_t share = (count - begin) / (size_t)(columns - i);
		size_t end = last ? count : help_column_end(lines, count, begin, share);

		page.line = 0;
		page.x = columns == 1 ? 0 : i ? i * HELP_COLUMN - 3 : -1;
		page.width = last ? frame->width : (i + 1) * HELP_COLUMN - 2;
		put_help(&page, lines + begin, end - begin);
		most = page.line > most ? page.line : most;
		begin = end;
	}
	page.line = most;
	return page_finish(&page);
}

#define MENU_WIDTH 58

/* One line of a menu, which covers what is below it. */
static void put_menu_line(struct frame *frame, int y, int width, unsigned int style, char letter,
			  const char *name, const char *help)
{
	char key[2] = {letter, '\0'};

	/* Not the mark of the row below it either, nor a letter left over at the edge. */
	frame_put(frame, 0, y, 1, STYLE_PLAIN, " ");
	if (width + 2 >= frame->width)
		frame_put(frame, width + 1, y, 1, STYLE_PLAIN, " ");
	for (int i = 0; i < width; i++)
		frame_put(frame, 1 + i, y, 1, style, " ");
	frame_put(frame, 3, y, 1, style | STYLE_BOLD, key);
	frame_put(frame, 6, y, width - 6, style, name);
	frame_put(frame, 22, y, width - 22, style, help);
}

/* A line of a menu. */
struct menu_line {
	char letter;
	const char *name, *help;
};

#define MENU_LINES_MAX (VIEWS_MAX > 3 ? VIEWS_MAX : 3)

static size_t menu_lines(const struct scene *scene, struct menu_line line[MENU_LINES_MAX])
{
	static const struct menu_line writes[] = {{'r', "rows", "text, as they are shown"},
						  {'j', "JSON", "one object a row"},
						  {'c', "CSV", "for a spreadsheet"}};
	const struct view_entry *view[VIEWS_MAX];
	const struct about_tables tables = scene_tables(scene);
	size_t count = views_list(&tables, view);

	if (scene->menu == MENU_WRITE) {
		memcpy(line, writes, sizeof(writes));
		return ARRAY_SIZE(writes);
	}
	for (size_t i = 0; i < count; i++)
		line[i] = (struct menu_line){view[i]->letter, group_plural(view[i]->by),
					     view[i]->help};
	return count;
}

/* Where the title of a menu with so many lines stands. */
static int menu_y(const struct layout *layout, int count)
{
	if (layout->rows_y + count + 1 <= layout->height)
		return layout->rows_y;
	return layout->height > count ? layout->height - count - 1 : 0;
}

/* The first line that is shown of a menu that is higher than the screen: the selected one is in sight. */
static int menu_first(const struct layout *layout, const struct scene *scene, int count)
{
	int shown = layout->height - 1 < count ? layout->height - 1 : count;

	return scene->menu_at >= shown ? scene->menu_at - shown + 1 : 0;
}

static int menu_width(const struct layout *layout)
{
	return layout->width - 2 < MENU_WIDTH ? layout->width - 2 : MENU_WIDTH;
}

void draw_menu(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	struct menu_line line[MENU_LINES_MAX];
	size_t count = menu_lines(scene, line);
	int width = menu_width(layout), y = menu_y(layout, (int)count);

	put_menu_line(frame, y, width, STYLE_HEAD, ' ',
		      scene->menu == MENU_VIEWS ? "View" : "Write what is shown", "");
	for (int i = menu_first(layout, scene, (int)count); i < (int)count; i++) {
		bool at = i == scene->menu_at;

		put_menu_line(frame, ++y, width, at ? STYLE_SELECT : STYLE_PLAIN, line[i].letter,
			      line[i].name, line[i].help);
		if (at)
			frame_put(frame, 1, y, width, STYLE_SELECT, scene->glyphs->mark);
	}
}

int draw_menu_lines(const struct scene *scene)
{
	struct menu_line line[MENU_LINES_MAX];

	return (int)menu_lines(scene, line);
}

int draw_menu_letter(const struct scene *scene, int at)
{
	struct menu_line line[MENU_LINES_MAX];
	int count = (int)menu_lines(scene, line);

	return at >= 0 && at < count ? line[at].letter : 0;
}

int draw_menu_at(const struct layout *layout, const struct scene *scene, int x, int y)
{
	struct menu_line line[MENU_LINES_MAX];
	int count = (int)menu_lines(scene, line);
	int i = y - menu_y(layout, count) - 1;

	if (i >= 0)
		i += menu_first(layout, scene, count);
	return x >= 1 && x <= menu_width(layout) && i >= 0 && i < count ? line[i].letter : 0;
}
