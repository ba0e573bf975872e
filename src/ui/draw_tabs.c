/* SPDX-License-Identifier: MIT */
/* The names of the views, as many as fit, or the open group. Pure; any thread. */
#include "draw.h"

#include <stdio.h>

#include "flow.h"
#include "views.h"

/* From all names in full, with the digits that open them, to the current one only. */
enum tabs {
	TABS_NUMBERED,
	TABS_NUMBERED_SHORT,
	TABS_SHORT,
	TABS_SHORT_CLOSE, /* a blank between them instead of two */
	TABS_ONE,
};

/* Title of the open group: "UDP 4500", "10.0.0.1", "TCP 10.0.0.4:22 - 10.0.0.1:40000". */
static void group_text(const struct scene *scene, enum group_by by, const struct flow_key *key,
		       char *text, size_t size)
{
	char source[FLOW_TEXT_MAX], destination[FLOW_TEXT_MAX];
	const struct about_tables tables = scene_tables(scene);
	bool bare = by == GROUP_HOST || ((group_by_owner(by) || group_by_sight(by)) &&
					 flow_key_sum(key) == FLOW_SUM_NONE);
	const char *proto = bare ? "" : flow_proto_name(key);

	group_source(by, key, &tables, view_context(scene->view).ifaces, source, sizeof(source));
	group_destination(by, key, destination, sizeof(destination));
	snprintf(text, size, "%s%s%s%s%s", proto, *proto && *source ? " " : "", source,
		 *destination ? " - " : "", destination);
}

bool draw_group_text(const struct scene *scene, char *text, size_t size)
{
	enum group_by by;
	const struct flow_key *group = view_drilled(scene->view, &by);

	if (group)
		group_text(scene, by, group, text, size);
	return group != NULL;
}

static void draw_open(struct frame *frame, const struct scene *scene, int y, int width)
{
	char text[DRAW_GROUP_MAX] = "";
	int x = 1;

	snprintf(text, sizeof(text), "[%s]", group_plural(view_group(scene->view)));
	x += frame_put(frame, x, y, width - x, STYLE_TAB, text);
	x += frame_put(frame, x, y, width - x, STYLE_PLAIN, " of ");
	draw_group_text(scene, text, sizeof(text));
	x += frame_put(frame, x, y, width - x, STYLE_ACCENT | STYLE_BOLD, text);
	frame_put(frame, x, y, width - x, STYLE_DIM, "  Esc returns");
}

static void tab_text(const struct view_entry *view, enum tabs how, size_t place, bool here,
		     char *text, size_t size)
{
	bool is_brief = how > TABS_NUMBERED && how < TABS_ONE;
	const char *name = is_brief ? view->brief : group_plural(view->by);
	char number[8] = "";

	if (how <= TABS_NUMBERED_SHORT && views_digit(place))
		snprintf(number, sizeof(number), "%c ", views_digit(place));
	if (here)
		snprintf(text, size, "[%s%s]", number, name);
	else if (how == TABS_ONE)
		*text = '\0';
	else
		snprintf(text, size, " %s%s ", number, name);
}

/* Writes the tabs, or only measures them without a frame; finds the one at `find`, if it is one. */
static int put_tabs(struct frame *frame, const struct scene *scene, enum tabs how, int y, int width,
		    int find, const struct view_entry **ret_found)
{
	const struct about_tables tables = scene_tables(scene);
	const struct view_entry *view[VIEWS_MAX];
	size_t count = views_list(&tables, view);
	size_t here = (size_t)views_find(&tables, view_group(scene->view));
	char text[40], current[40] = "";
	int x = 1, end = 1, current_x = 1;

	for (size_t i = 0; i < count; i++) {
		tab_text(view[i], how, i, i == here, text, sizeof(text));
		end = x + frame_text_width(text);
		if (i == here) {
			current_x = x;
			snprintf(current, sizeof(current), "%s", text);
		}
		if (frame)
			frame_put(frame, x, y, width - x, STYLE_DIM, text);
		if (find >= x && find < end)
			*ret_found = view[i];
		x = how == TABS_SHORT_CLOSE && *text ? end - 1 : end;
	}
	/* The current tab's brackets lie over the blanks of its neighbours. */
	if (frame)
		frame_put(frame, current_x, y, width - current_x, STYLE_TAB, current);
	return end;
}

static enum tabs tabs_that_fit(const struct scene *scene, int width)
{
	enum tabs how = TABS_NUMBERED;

	while (how < TABS_ONE && put_tabs(NULL, scene, how, 0, 0, -1, NULL) > width)
		how++;
	return how;
}

void draw_tabs(struct frame *frame, const struct scene *scene, int y, int width)
{
	const struct about_tables tables = scene_tables(scene);
	enum tabs how = tabs_that_fit(scene, width);
	const struct view_entry *view[VIEWS_MAX];
	enum group_by by;
	char text[40];
	int x;

	if (view_drilled(scene->view, &by)) {
		draw_open(frame, scene, y, width);
		return;
	}
	x = put_tabs(frame, scene, how, y, width, -1, NULL);
	if (how != TABS_ONE)
		return;
	snprintf(text, sizeof(text), " %d/%zu",
		 views_find(&tables, view_group(scene->view)) + 1, views_list(&tables, view));
	frame_put(frame, x, y, width - x, STYLE_DIM, text);
}

bool draw_tab_at(const struct scene *scene, int width, int x, enum group_by *ret_by)
{
	const struct view_entry *found = NULL;
	enum group_by by;

	if (view_drilled(scene->view, &by))
		return false;
	put_tabs(NULL, scene, tabs_that_fit(scene, width), 0, 0, x, &found);
	if (found)
		*ret_by = found->by;
	return found != NULL;
}
