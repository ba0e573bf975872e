/* SPDX-License-Identifier: MIT */
/*
 * theme.h: the contrast of every style with the backgrounds that it may meet, in the palettes that common
 * terminals have when nobody changed them. 4.5 to 1, WCAG 2.1, 1.4.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "theme.h"

struct palette {
	const char *name;
	bool light;
	uint32_t ground, text; /* where nothing is said */
	uint32_t color[16];
};

/* From their sources: xterm's charproc.c, VTE's palette, Solarized's README, the kernel's vt.c. */
static const struct palette palettes[] = {
	{"xterm, black", false, 0x000000, 0xe5e5e5,
	 {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f,
	  0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff}},
	{"xterm, white", true, 0xffffff, 0x000000,
	 {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f,
	  0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff}},
	{"GNOME, dark", false, 0x171421, 0xd0cfcc,
	 {0x171421, 0xc01c28, 0x26a269, 0xa2734c, 0x12488b, 0xa347ba, 0x2aa1b3, 0xd0cfcc, 0x5e5c64,
	  0xf66151, 0x33da7a, 0xe9ad0c, 0x2a7bde, 0xc061cb, 0x33c7de, 0xffffff}},
	{"GNOME, light", true, 0xffffff, 0x171421,
	 {0x171421, 0xc01c28, 0x26a269, 0xa2734c, 0x12488b, 0xa347ba, 0x2aa1b3, 0xd0cfcc, 0x5e5c64,
	  0xf66151, 0x33da7a, 0xe9ad0c, 0x2a7bde, 0xc061cb, 0x33c7de, 0xffffff}},
	{"Solarized, dark", false, 0x002b36, 0x839496,
	 {0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5, 0x002b36,
	  0xcb4b16, 0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3}},
	{"Solarized, light", true, 0xfdf6e3, 0x657b83,
	 {0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5, 0x002b36,
	  0xcb4b16, 0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3}},
	{"Linux console", false, 0x000000, 0xaaaaaa,
	 {0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa, 0x555555,
	  0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff}},
};

/* The cube and the greys of the 256 colours, which are the same in all of them. */
static uint32_t color_of(const struct palette *palette, short number)
{
	static const uint32_t level[] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
	uint32_t grey, at;

	if (number < 16)
		return palette->color[number];
	if (number >= 232) {
		grey = 8 + 10 * ((uint32_t)number - 232);
		return grey << 16 | grey << 8 | grey;
	}
	at = (uint32_t)number - 16;
	return level[at / 36] << 16 | level[at / 6 % 6] << 8 | level[at % 6];
}

/* A part of sRGB as light, to the power of 2.4 by Newton's steps: no need for libm. */
static double light_of(uint32_t part)
{
	double value = part / 255.0, base, root = 1.0;

	if (value <= 0.04045)
		return value / 12.92;
	base = (value + 0.055) / 1.055;
	/* The fifth root of base^12. */
	for (int i = 0; i < 60; i++) {
		double fourth = root * root * root * root, power = 1.0;

		for (int j = 0; j < 12; j++)
			power *= base;
		root = (4.0 * root + power / fourth) / 5.0;
	}
	return root;
}

static double luminance(uint32_t color)
{
	return 0.2126 * light_of(color >> 16 & 0xff) + 0.7152 * light_of(color >> 8 & 0xff) +
	       0.0722 * light_of(color & 0xff);
}

static double contrast(uint32_t a, uint32_t b)
{
	double one = luminance(a) + 0.05, other = luminance(b) + 0.05;

	return one > other ? one / other : other / one;
}

static void check_style(const struct palette *palette, int colors, unsigned int style)
{
	enum theme theme = palette->light ? THEME_LIGHT : THEME_DARK;
	struct theme_look look = theme_look(theme, colors, style);
	uint32_t fg = look.fg < 0 ? palette->text : color_of(palette, look.fg);
	uint32_t bg = look.bg < 0 ? palette->ground : color_of(palette, look.bg);

	/* The console shows bold as bright, and what is not said is the user's own choice. */
	if (look.attributes & STYLE_BOLD && !strncmp(palette->name, "Linux", 5) && look.fg >= 0 &&
	    look.fg < 8)
		fg = color_of(palette, (short)(look.fg + 8));
	if (look.fg < 0 && look.bg < 0)
		return;
	if (contrast(fg, bg) < 4.5)
		fail_msg("%s, %d colours, style %#x: %d on %d has a contrast of %.2f", palette->name,
			 colors, style, look.fg, look.bg, contrast(fg, bg));
}

/* The styles that are drawn: a role, with a bar behind it or not, dim where nothing else is said. */
static void check_palette(const struct palette *palette, int colors)
{
	for (unsigned int role = STYLE_PLAIN; role < THEME_ROLES; role++) {
		unsigned int bold = role == STYLE_WARN ? STYLE_BOLD : 0;

		check_style(palette, colors, role | bold);
		if (role < STYLE_HEAD)
			check_style(palette, colors, role | bold | STYLE_TINT);
	}
	check_style(palette, colors, STYLE_DIM);
	check_style(palette, colors, STYLE_DIM | STYLE_TINT);
}

static void test_contrast(void **state)
{
	static const int colors[] = {0, 8, 16, 256};

	for (size_t i = 0; i < sizeof(palettes) / sizeof(palettes[0]); i++) {
		for (size_t j = 0; j < sizeof(colors) / sizeof(colors[0]); j++)
			check_palette(&palettes[i], colors[j]);
	}
}

/* Titles, the selected row and the open tab differ from each other and from text, also without colours. */
static void test_told_apart(void **state)
{
	static const unsigned int styles[] = {STYLE_PLAIN, STYLE_HEAD, STYLE_SELECT, STYLE_TAB};

	for (int colors = 0; colors <= 256; colors += 128) {
		for (size_t i = 0; i < 4; i++) {
			for (size_t j = 0; j < i; j++) {
				struct theme_look a = theme_look(THEME_DARK, colors, styles[i]);
				struct theme_look b = theme_look(THEME_DARK, colors, styles[j]);

				assert_true(a.fg != b.fg || a.bg != b.bg ||
					    a.attributes != b.attributes);
			}
		}
	}
}

static void test_no_color(void **state)
{
	for (unsigned int role = 0; role < THEME_ROLES; role++) {
		struct theme_look look = theme_look(THEME_MONO, 256, role | STYLE_TINT);

		assert_int_equal(look.fg, THEME_DEFAULT);
		assert_int_equal(look.bg, THEME_DEFAULT);
	}
	/* A bar without colours would be a style of its own. */
	assert_int_equal(theme_look(THEME_MONO, 256, STYLE_TINT).attributes, 0);
}

static void test_answers(void **state)
{
	assert_int_equal(theme_of_answer("\033]11;rgb:0000/0000/0000\033\\"), THEME_DARK);
	assert_int_equal(theme_of_answer("\033]11;rgb:fdfd/f6f6/e3e3\a\033[?6c"), THEME_LIGHT);
	assert_int_equal(theme_of_answer("\033]11;rgb:ff/ff/ff\a"), THEME_LIGHT);
	assert_int_equal(theme_of_answer("\033]11;rgb:00/2b/36\a"), THEME_DARK);
	assert_int_equal(theme_of_answer("\033[?6c"), THEME_AUTO);
	assert_int_equal(theme_of_answer("rgb:zz"), THEME_AUTO);
	assert_int_equal(theme_of_colorfgbg("15;0"), THEME_DARK);
	assert_int_equal(theme_of_colorfgbg("0;default;15"), THEME_LIGHT);
	assert_int_equal(theme_of_colorfgbg("0;7"), THEME_LIGHT);
	assert_int_equal(theme_of_colorfgbg("7;8"), THEME_DARK);
	assert_int_equal(theme_of_colorfgbg("15;default"), THEME_AUTO);
	assert_int_equal(theme_of_colorfgbg("15"), THEME_AUTO);
	assert_int_equal(theme_of_colorfgbg(NULL), THEME_AUTO);
}

static void test_names(void **state)
{
	for (enum theme theme = THEME_AUTO; theme < THEMES; theme++)
		assert_int_equal(theme_of_name(theme_name(theme)), theme);
	assert_int_equal(theme_of_name("Light"), THEME_LIGHT);
	assert_int_equal(theme_of_name("blue"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contrast),   cmocka_unit_test(test_told_apart),
		cmocka_unit_test(test_no_color),   cmocka_unit_test(test_answers),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
