/* SPDX-License-Identifier: MIT */
/* The names of the views, as many as fit, or the open group. Pure; any thread. */
#include "draw.h"

#include <stdio.h>

#include "flow.h"

/* From all names in full to the current one only. */
enum tabs {
	TABS_FULL,
	TABS_SHORT, /* the others by their first letters */
	TABS_ONE,
};

#define SHORT_NAME 4

/* Title of the open group: "UDP 4500", "10.0.0.1", "TCP 10.0.0.4:22 - 10.0.0.1:40000". */
static void group_text(const struct scene *scene, enum group_by by, const struct flow_key *key,
		       char *text, size_t size)
{
	char source[FLOW_TEXT_MAX], destination[FLOW_TEXT_MAX];
	bool bare = by == GROUP_HOST || (group_by_owner(by) && flow_key_sum(key) == FLOW_SUM_NONE);
	const char *proto = bare ? "" : flow_proto_name(key);

	group_source(by, key, scene->owners, view_context(scene->view).ifaces, source,
		     sizeof(source));
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

	x += frame_put(frame, x, y, width - x, STYLE_BOLD, "[flows] of ");
	draw_group_text(scene, text, sizeof(text));
	x += frame_put(frame, x, y, width - x, STYLE_ACCENT | STYLE_BOLD, text);
	frame_put(frame, x, y, width - x, STYLE_DIM, "  Esc returns");
}

static void tab_text(const struct scene *scene, enum tabs how, int by, char *text, size_t size)
{
	const char *name = group_plural((enum group_by)by);
	int shown = (int)view_group(scene->view);

	if (by == shown)
		snprintf(text, size, "[%s]", name);
	else if (how == TABS_ONE)
		*text = '\0';
	else
		/* Two more letters say as much as the dots that would stand for them. */
		snprintf(text, size, " %.*s ",
			 how == TABS_FULL || frame_text_width(name) == SHORT_NAME + 1
				 ? FRAME_SIDE_MAX
				 : SHORT_NAME,
			 name);
}

/* Views there are: those of owners only where these are looked up. */
static int views_of(const struct scene *scene)
{
	return scene->owners ? GROUPS : GROUP_PROCESS;
}

static int tabs_width(const struct scene *scene, enum tabs how)
{
	char text[40];
	int width = 0;

	for (int i = 0; i < views_of(scene); i++) {
		tab_text(scene, how, i, text, sizeof(text));
		width += frame_text_width(text);
	}
	return width;
}

void draw_tabs(struct frame *frame, const struct scene *scene, int y, int width)
{
	enum tabs how = TABS_FULL;
	enum group_by by;
	char text[40];
	int x = 1;

	if (view_drilled(scene->view, &by)) {
		draw_open(frame, scene, y, width);
		return;
	}
	/* The blank behind the last one may go. */
	while (how < TABS_ONE && tabs_width(scene, how) > width)
		how++;
	for (int i = 0; i < views_of(scene); i++) {
		bool here = (int)view_group(scene->view) == i;

		tab_text(scene, how, i, text, sizeof(text));
		x += frame_put(frame, x, y, width - x, here ? STYLE_BOLD : STYLE_DIM, text);
	}
	if (how != TABS_ONE)
		return;
	snprintf(text, sizeof(text), " %d/%d", view_group(scene->view) + 1, views_of(scene));
	frame_put(frame, x, y, width - x, STYLE_DIM, text);
}
