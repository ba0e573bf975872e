/* SPDX-License-Identifier: MIT */
/* The table of keys; see keys.h. Constant data; any thread. */
#include "keys.h"

#include <curses.h>

#include "array.h"
#include "screen.h"

#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE	     KEYS_ESCAPE

static const struct key_binding bindings[] = {
	{.action = ACTION_HELP, .code = {'?', 'h', KEY_F(1)}, .keys = "? h F1",
	 .help = "show all keys", .label = "? help", .rank = 1, .group = "Screen"},
	{.action = ACTION_FILTER, .code = {'/'}, .keys = "/",
	 .help = "filter (Up: earlier)", .label = "/ filter", .rank = 2},
	{.action = ACTION_VIEWS, .code = {'v'}, .keys = "v", .help = "choose a view",
	 .label = "v view", .rank = 4},
	{.action = ACTION_NONE, .keys = "Alt-1 ... 0", .help = "first to tenth view"},
	{.action = ACTION_NEXT_VIEW, .code = {'\t'}, .keys = "Tab Shift-Tab",
	 .help = "next, previous view"},
	{.action = ACTION_PREVIOUS_VIEW, .code = {KEY_BTAB}},
	{.action = ACTION_OPEN, .code = {'\n', '\r', KEY_ENTER}, .keys = "Enter",
	 .help = "details, or its rows", .label = "Enter open", .rank = 5},
	{.action = ACTION_CLOSE, .code = {ESCAPE}, .keys = "Esc", .help = "close, back, no filter"},
	{.action = ACTION_HEALTH, .code = {'H'}, .keys = "H", .help = "how exact counts are"},
	{.action = ACTION_SORT_BPS, .code = {'b', '0'}, .keys = "b 0",
	 .help = "bits per second", .group = "Sort"},
	{.action = ACTION_SORT_PPS, .code = {'s'}, .keys = "s", .help = "packets per second"},
	{.action = ACTION_SORT_PACKETS, .code = {'p', '1'}, .keys = "p 1",
	 .help = "packets since start"},
	{.action = ACTION_SORT_BYTES, .code = {'2'}, .keys = "2", .help = "bytes since start"},
	{.action = ACTION_SORT_SOURCE, .code = {'3'}, .keys = "3 4", .help = "source, destination"},
	{.action = ACTION_SORT_DESTINATION, .code = {'4'}},
	{.action = ACTION_SORT_IN, .code = {'5'}, .keys = "5 6", .help = "received, sent"},
	{.action = ACTION_SORT_OUT, .code = {'6'}},
	{.action = ACTION_SORT_TUPLE, .code = {'t'}, .keys = "t", .help = "both ends"},
	{.action = ACTION_COLUMN_LEFT, .code = {'<'}, .keys = "< >",
	 .help = "column left, right", .label = "<> sort", .rank = 3},
	{.action = ACTION_COLUMN_RIGHT, .code = {'>'}},
	{.action = ACTION_REVERSE, .code = {'R'}, .keys = "R", .help = "reverse the order",
	 .label = "R reverse", .rank = 8},
	{.action = ACTION_FREEZE, .code = {'o'}, .keys = "o", .help = "freeze, free the order"},
	{.action = ACTION_UP, .code = {KEY_UP, 'k'}, .keys = "Up Down k j",
	 .help = "select a row", .group = "Move"},
	{.action = ACTION_DOWN, .code = {KEY_DOWN, 'j'}},
	{.action = ACTION_PAGE_UP, .code = {KEY_PPAGE, CTRL('B')},
	 .keys = "PgUp PgDn ^B ^F", .help = "one page up, down"},
	{.action = ACTION_PAGE_DOWN, .code = {KEY_NPAGE, CTRL('F')}},
	{.action = ACTION_FIRST, .code = {KEY_HOME, 'g'}, .keys = "Home End g G",
	 .help = "first, last row"},
	{.action = ACTION_LAST, .code = {KEY_END, 'G'}},
	{.action = ACTION_FOLLOW, .code = {'F'}, .keys = "F", .help = "keep the row in view"},
	{.action = ACTION_NONE, .keys = "Mouse", .help = "Shift-drag: mark text"},
	{.action = ACTION_PAUSE, .code = {' ', 'P'}, .keys = "Space P",
	 .help = "pause; still counts", .label = "Space pause", .rank = 4,
	 .group = "Time"},
	{.action = ACTION_BACK, .code = {'[', KEY_LEFT}, .keys = "[ ] Left Right",
	 .help = "a snapshot back, on", .label = "[] rewind", .rank = 4},
	{.action = ACTION_FORTH, .code = {']', KEY_RIGHT}},
	{.action = ACTION_BACK_MINUTE, .code = {'{'}, .keys = "{ }", .help = "one minute back, on"},
	{.action = ACTION_FORTH_MINUTE, .code = {'}'}},
	{.action = ACTION_LIVE, .code = {'L'}, .keys = "L", .help = "return to live"},
	{.action = ACTION_FASTER, .code = {'-'}, .keys = "- +", .help = "faster, slower updates"},
	{.action = ACTION_SLOWER, .code = {'+', '='}},
	{.action = ACTION_RESET, .code = {'z'}, .keys = "z Z", .help = "totals from now, start"},
	{.action = ACTION_UNRESET, .code = {'Z'}},
	{.action = ACTION_UNITS, .code = {'u'}, .keys = "u",
	 .help = "bits, bytes or packets", .group = "Show"},
	{.action = ACTION_TOTALS, .code = {'T'}, .keys = "T", .help = "totals, or not"},
	{.action = ACTION_NAMES, .code = {'n'}, .keys = "n", .help = "service names or ports"},
	{.action = ACTION_HOSTS, .code = {'N'}, .keys = "N", .help = "host names, or not"},
	{.action = ACTION_SITES, .code = {'A'}, .keys = "A", .help = "sites, or addresses"},
	{.action = ACTION_WRITE, .code = {'w'}, .keys = "w", .help = "write rows to a file",
	 .label = "w write", .rank = 7, .group = "Keep"},
	{.action = ACTION_COPY, .code = {'y'}, .keys = "y Y",
	 .help = "copy row, or addresses", .label = "y copy", .rank = 9},
	{.action = ACTION_COPY_ENDS, .code = {'Y'}},
	{.action = ACTION_SAVE, .code = {'W'}, .keys = "W", .help = "save these settings"},
	{.action = ACTION_REDRAW, .code = {CTRL('L')}, .keys = "^L",
	 .help = "redraw the screen", .group = "Program"},
	{.action = ACTION_NONE, .keys = "^Z", .help = "suspend; still counts"},
	{.action = ACTION_QUIT, .code = {'q'}, .keys = "q",
	 .help = "close a page, or quit", .label = "q quit", .rank = 3},
	{.action = ACTION_LEAVE, .code = {'Q', CTRL('C')}, .keys = "Q ^C",
	 .help = "quit, print the report"},
};

/* Only labels and ranks count here. */
static const struct key_binding held_bindings[] = {
	{.action = ACTION_BACK, .label = "[ ] step", .rank = 1},
	{.action = ACTION_BACK_MINUTE, .label = "{ } minute", .rank = 2},
	{.action = ACTION_LIVE, .label = "L live", .rank = 1},
	{.action = ACTION_HELP, .label = "? help", .rank = 3},
	{.action = ACTION_QUIT, .label = "q quit", .rank = 2},
};

static const struct key_binding page_bindings[] = {
	{.action = ACTION_CLOSE, .label = "q close", .rank = 1},
	{.action = ACTION_DOWN, .label = "Up Down scroll", .rank = 2},
	{.action = ACTION_PAGE_DOWN, .label = "PgUp PgDn page", .rank = 3},
	{.action = ACTION_LEAVE, .label = "Q quit", .rank = 1},
};

static const struct key_binding prompt_bindings[] = {
	{.action = ACTION_OPEN, .label = "Enter keep", .rank = 1},
	{.action = ACTION_CLOSE, .label = "Esc as before", .rank = 1},
	{.action = ACTION_UP, .label = "Up earlier", .rank = 2},
	{.action = ACTION_NONE, .label = "^W word", .rank = 4},
	{.action = ACTION_NONE, .label = "^U empty", .rank = 3},
};

static const struct key_binding menu_bindings[] = {
	{.action = ACTION_NONE, .label = "letter choose", .rank = 1},
	{.action = ACTION_DOWN, .label = "Up Down select", .rank = 3},
	{.action = ACTION_OPEN, .label = "Enter choose", .rank = 2},
	{.action = ACTION_CLOSE, .label = "q close", .rank = 1},
};

const struct key_binding *keys_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(bindings);
	return bindings;
}

const struct key_binding *keys_at(enum keys_where where, size_t *ret_count)
{
	static const struct {
		const struct key_binding *binding;
		size_t count;
	} at[] = {
		[KEYS_IN_TABLE] = {bindings, ARRAY_SIZE(bindings)},
		[KEYS_WHILE_HELD] = {held_bindings, ARRAY_SIZE(held_bindings)},
		[KEYS_IN_PAGE] = {page_bindings, ARRAY_SIZE(page_bindings)},
		[KEYS_IN_PROMPT] = {prompt_bindings, ARRAY_SIZE(prompt_bindings)},
		[KEYS_IN_MENU] = {menu_bindings, ARRAY_SIZE(menu_bindings)},
	};

	*ret_count = at[where].count;
	return at[where].binding;
}

enum action keys_action(int code)
{
	if (code == SCREEN_ALT('0'))
		return ACTION_VIEW_LAST;
	if (code >= SCREEN_ALT('1') && code <= SCREEN_ALT('9'))
		return (enum action)(ACTION_VIEW + code - SCREEN_ALT('1'));
	for (size_t i = 0; i < ARRAY_SIZE(bindings); i++) {
		for (int j = 0; j < KEYS_CODES_MAX && bindings[i].code[j]; j++) {
			if (bindings[i].code[j] == code)
				return bindings[i].action;
		}
	}
	return ACTION_NONE;
}

enum edit keys_edit(int code)
{
	switch (code) {
	case KEY_BACKSPACE:
	case CTRL('H'):
	case 127: return EDIT_ERASE;
	case CTRL('W'): return EDIT_ERASE_WORD;
	case CTRL('U'): return EDIT_ERASE_ALL;
	case KEY_LEFT:
	case CTRL('B'): return EDIT_LEFT;
	case KEY_RIGHT:
	case CTRL('F'): return EDIT_RIGHT;
	case KEY_HOME:
	case CTRL('A'): return EDIT_BEGIN;
	case KEY_END:
	case CTRL('E'): return EDIT_END;
	case KEY_DC:
	case CTRL('D'): return EDIT_DELETE;
	case KEY_UP:
	case CTRL('P'): return EDIT_OLDER;
	case KEY_DOWN:
	case CTRL('N'): return EDIT_NEWER;
	case '\n':
	case '\r':
	case KEY_ENTER: return EDIT_ACCEPT;
	case CTRL('C'):
	case KEYS_ESCAPE: return EDIT_CANCEL;
	default: break;
	}
	return (code >= ' ' && code < 127) || SCREEN_IS_CHARACTER(code) ? EDIT_CHARACTER : EDIT_NONE;
}
