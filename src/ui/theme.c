/* SPDX-License-Identifier: MIT */
/* The table of colours; see theme.h. Constant data; any thread. */
#include "theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "frame.h"

/* Numbers of the 256-colour palette of xterm, those above 15, which themes of terminals leave alone. */
struct palette {
	short fg[THEME_ROLES]; /* THEME_DEFAULT: the terminal's own */
	short bg[THEME_ROLES];
	short dim, plain_on_tint, tint;
};

static const struct palette dark = {
	.fg = {[STYLE_IN] = 114, [STYLE_OUT] = 183, [STYLE_WARN] = 221, [STYLE_ACCENT] = 117,
	       [STYLE_HEAD] = 255, [STYLE_SELECT] = 16, [STYLE_TAB] = 16},
	.bg = {[STYLE_HEAD] = 24, [STYLE_SELECT] = 180, [STYLE_TAB] = 117},
	.dim = 250,
	.plain_on_tint = 255,
	.tint = 238,
};

static const struct palette light = {
	.fg = {[STYLE_IN] = 22, [STYLE_OUT] = 90, [STYLE_WARN] = 124, [STYLE_ACCENT] = 19,
	       [STYLE_HEAD] = 255, [STYLE_SELECT] = 231, [STYLE_TAB] = 231},
	.bg = {[STYLE_HEAD] = 24, [STYLE_SELECT] = 240, [STYLE_TAB] = 19},
	.dim = 240,
	.plain_on_tint = 16,
	.tint = 252,
};

/*
 * With 8 or 16 colours these are what the user's palette makes of them: on dark, green and cyan are
 * legible in all that are common. On light none is, so that attributes do without.
 */
static const short few[THEME_ROLES] = {
	[STYLE_IN] = 2, [STYLE_OUT] = 6, [STYLE_WARN] = THEME_DEFAULT, [STYLE_ACCENT] = THEME_DEFAULT};

static bool has_ground(unsigned int role)
{
	return role == STYLE_HEAD || role == STYLE_SELECT || role == STYLE_TAB;
}

static struct theme_look look_of_many(const struct palette *palette, unsigned int style)
{
	unsigned int role = style & STYLE_ROLE;
	struct theme_look look = {palette->fg[role] ?: THEME_DEFAULT,
				  palette->bg[role] ?: THEME_DEFAULT,
				  style & (STYLE_BOLD | STYLE_REVERSE | STYLE_UNDERLINE)};

	if (has_ground(role))
		return look;
	if (style & STYLE_TINT)
		look.bg = palette->tint;
	if (role == STYLE_PLAIN && style & STYLE_DIM)
		look.fg = palette->dim;
	else if (role == STYLE_PLAIN && style & STYLE_TINT)
		look.fg = palette->plain_on_tint;
	return look;
}

/* What a ground says, as attributes; a bar only where there are colours, as a bar and not a style. */
static struct theme_look look_of_few(unsigned int style, bool colors)
{
	unsigned int role = style & STYLE_ROLE;
	struct theme_look look = {THEME_DEFAULT, THEME_DEFAULT,
				  style & (STYLE_BOLD | STYLE_DIM | STYLE_REVERSE | STYLE_UNDERLINE)};

	if (role == STYLE_HEAD)
		look.attributes ^= STYLE_REVERSE;
	else if (role == STYLE_SELECT)
		look.attributes |= STYLE_REVERSE | STYLE_BOLD;
	else if (role == STYLE_TAB)
		look.attributes |= STYLE_BOLD | STYLE_UNDERLINE;
	else if (role == STYLE_WARN)
		look.attributes |= STYLE_UNDERLINE;
	else if (role == STYLE_ACCENT)
		look.attributes |= STYLE_BOLD;
	if (colors && style & STYLE_TINT)
		look.attributes ^= STYLE_REVERSE;
	if (colors && !has_ground(role) && role != STYLE_PLAIN)
		look.fg = few[role];
	return look;
}

struct theme_look theme_look(enum theme theme, int colors, unsigned int style)
{
	if (theme == THEME_MONO)
		return look_of_few(style, false);
	if (colors >= 256)
		return look_of_many(theme == THEME_LIGHT ? &light : &dark, style);
	if (theme == THEME_LIGHT && colors >= 8) {
		struct theme_look look = look_of_few(style, true);

		look.fg = THEME_DEFAULT;
		return look;
	}
	return look_of_few(style, colors >= 8);
}

static const char *const theme_names[THEMES] = {"auto", "dark", "light", "mono"};

const char *theme_name(enum theme theme)
{
	return theme_names[theme];
}

int theme_of_name(const char *name)
{
	for (int i = 0; i < THEMES; i++) {
		if (strcasecmp(name, theme_names[i]) == 0)
			return i;
	}
	return -1;
}

enum theme theme_of_colorfgbg(const char *value)
{
	const char *last = value ? strrchr(value, ';') : NULL;
	char *end;
	long background;

	if (!last || !last[1])
		return THEME_AUTO;
	background = strtol(last + 1, &end, 10);
	if (*end || background < 0 || background > 15)
		return THEME_AUTO;
	/* As vim reads it: 7 and 9 to 15 are light. */
	return background == 7 || background > 8 ? THEME_LIGHT : THEME_DARK;
}

/* A part of two digits or four, as the first two. */
static unsigned int eight_bits(unsigned int part)
{
	return part > 0xff ? part >> 8 : part;
}

enum theme theme_of_answer(const char *text)
{
	const char *rgb = strstr(text, "rgb:");
	unsigned int red, green, blue;

	if (!rgb || sscanf(rgb, "rgb:%4x/%4x/%4x", &red, &green, &blue) != 3)
		return THEME_AUTO;
	red = eight_bits(red);
	green = eight_bits(green);
	blue = eight_bits(blue);
	/* Weights of ITU-R BT.601. */
	return 299 * red + 587 * green + 114 * blue > 127500 ? THEME_LIGHT : THEME_DARK;
}
