/* SPDX-License-Identifier: MIT */
/* Signs for both kinds of terminal; see glyphs.h. Constant data; any thread. */
#include "glyphs.h"

const struct glyphs glyphs_utf8 = {
	.utf8 = true,
	.braille = true,
	.mark = "▸",
	.ascending = "▲",
	.descending = "▼",
	.arrow = {"↓", "↑"},
	.cut = "…",
	.bar = {"├", "┤", "─", "●"},
};

const struct glyphs glyphs_ascii = {
	.mark = ">",
	.ascending = "^",
	.descending = "v",
	.arrow = {"<", ">"},
	.cut = "~",
	.bar = {"[", "]", "-", "#"},
};

const struct glyphs glyphs_console = {
	.utf8 = true,
	.mark = ">",
	.ascending = "▲",
	.descending = "▼",
	.arrow = {"↓", "↑"},
	.cut = "~",
	.bar = {"├", "┤", "─", "█"},
};
