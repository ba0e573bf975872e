/* SPDX-License-Identifier: MIT */
/* The whole picture, put together from its parts, and the signs it uses. Pure; any thread. */
#include "draw.h"

const struct glyphs glyphs_utf8 = {
	.utf8 = true,
	.braille = true,
	.mark = "▸",
	.ascending = "▲",
	.descending = "▼",
	.arrow = {"↓", "↑"},
	.cut = "…",
	.bar = {"├", "┤", "─", "●"},
	.axis = {"┤", "│", "┼", "─"},
	.fresh = "+",
};

const struct glyphs glyphs_ascii = {
	.mark = ">",
	.ascending = "^",
	.descending = "v",
	.arrow = {"<", ">"},
	.cut = "~",
	.bar = {"[", "]", "-", "#"},
	.axis = {"|", "|", "+", "-"},
	.fresh = "+",
};

const struct glyphs glyphs_console = {
	.utf8 = true,
	.mark = ">",
	.ascending = "▲",
	.descending = "▼",
	.arrow = {"↓", "↑"},
	.cut = "~",
	.bar = {"├", "┤", "─", "█"},
	.axis = {"┤", "│", "┼", "─"},
	.fresh = "+",
};

int draw_scene(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	int lines = 0;

	frame_clear(frame);
	switch (scene->page) {
	case PAGE_HELP: lines = draw_help(frame, layout, scene); break;
	case PAGE_HEALTH: lines = draw_health(frame, layout, scene); break;
	case PAGE_DETAIL: lines = draw_detail(frame, layout, scene); break;
	case PAGE_TABLE:
		draw_header(frame, layout, scene);
		draw_table(frame, layout, scene);
		break;
	}
	if (layout->keys_y >= 0)
		draw_keys(frame, layout, scene);
	if (scene->page == PAGE_TABLE)
		draw_status(frame, layout, scene);
	if (scene->menu != MENU_NONE)
		draw_menu(frame, layout, scene);
	return lines;
}
