/* SPDX-License-Identifier: MIT */
/*
 * Colours: what a style of frame.h looks like on a dark or a light terminal, by how many colours it has.
 * Text has a contrast of 4.5 to 1 at least with the usual backgrounds (WCAG 2.1, 1.4.3); test_theme
 * computes it. Where colours cannot promise that, attributes alone say it. Pure; any thread.
 */
#ifndef PKTSTAT_THEME_H
#define PKTSTAT_THEME_H

#include <stdbool.h>

enum theme {
	THEME_AUTO, /* as the terminal says, else dark */
	THEME_DARK,
	THEME_LIGHT,
	THEME_MONO, /* no colours */
	THEMES,
};

/* Of the terminal. */
#define THEME_DEFAULT (-1)

struct theme_look {
	short fg, bg;		 /* colour numbers, or THEME_DEFAULT */
	unsigned int attributes; /* STYLE_BOLD, _DIM, _REVERSE and _UNDERLINE */
};

/* The look of a style, of a role below THEME_ROLES, on a terminal with so many colours; 0: none. */
#define THEME_ROLES 8
struct theme_look theme_look(enum theme theme, int colors, unsigned int style);

/* "auto", "dark", "light", "mono"; and the reverse, or -1. */
const char *theme_name(enum theme theme);
int theme_of_name(const char *name);

/* Dark or light, by the value of COLORFGBG ("15;0"), or THEME_AUTO: it does not say. */
enum theme theme_of_colorfgbg(const char *value);
/* The same by the answer to OSC 11, "rgb:RRRR/GGGG/BBBB" somewhere in the text. */
enum theme theme_of_answer(const char *text);

#endif
