/* SPDX-License-Identifier: MIT */
/* The table of keys; see keys.h. Constant data; any thread. */
#include "keys.h"

#include <curses.h>

#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE	     KEYS_ESCAPE

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct key_binding bindings[] = {
	{ACTION_HELP, {'?', 'h', KEY_F(1)}, "? h F1", "show all keys", "? help", 1},
	{ACTION_FILTER, {'/'}, "/", "type a filter; Esc clears it", "/ filter", 3},
	{ACTION_NEXT_VIEW, {'\t'}, "Tab", "next view (flows, hosts, and so on)", "Tab view", 5},
	{ACTION_PREVIOUS_VIEW, {KEY_BTAB}, "Shift-Tab", "previous view", NULL, 0},
	{ACTION_OPEN,
	 {'\n', '\r', KEY_ENTER},
	 "Enter",
	 "show details",
	 "Enter detail",
	 6},
	{ACTION_CLOSE, {ESCAPE}, "Esc", "close, go back, clear the filter", NULL, 0},
	{ACTION_SORT_BPS, {'b', '0'}, "b 0", "sort by bits per second", NULL, 0},
	{ACTION_SORT_PPS, {'s'}, "s", "sort by packets per second", NULL, 0},
	{ACTION_SORT_PACKETS, {'p', '1'}, "p 1", "sort by packets since start", NULL, 0},
	{ACTION_SORT_BYTES, {'2'}, "2", "sort by bytes since start", NULL, 0},
	{ACTION_SORT_SOURCE, {'3'}, "3", "sort by source", NULL, 0},
	{ACTION_SORT_DESTINATION, {'4'}, "4", "sort by destination", NULL, 0},
	{ACTION_SORT_TUPLE, {'t'}, "t", "sort by source and destination", NULL, 0},
	{ACTION_COLUMN_LEFT, {'<'}, "<", "sort by the column to the left", "<> sort", 2},
	{ACTION_COLUMN_RIGHT, {'>'}, ">", "sort by the column to the right", NULL, 0},
	{ACTION_REVERSE, {'R'}, "R", "reverse the order", "R reverse", 8},
	{ACTION_FREEZE, {'o'}, "o", "freeze the order, or release it", NULL, 0},
	{ACTION_UP, {KEY_UP, 'k'}, "Up k", "select the row above", NULL, 0},
	{ACTION_DOWN, {KEY_DOWN, 'j'}, "Down j", "select the row below", NULL, 0},
	{ACTION_PAGE_UP, {KEY_PPAGE, CTRL('B')}, "PgUp ^B", "one page up", NULL, 0},
	{ACTION_PAGE_DOWN, {KEY_NPAGE, CTRL('F')}, "PgDn ^F", "one page down", NULL, 0},
	{ACTION_FIRST, {KEY_HOME, 'g'}, "Home g", "go to the first row", NULL, 0},
	{ACTION_LAST, {KEY_END, 'G'}, "End G", "go to the last row", NULL, 0},
	{ACTION_FOLLOW, {'F'}, "F", "keep the selected row in view", NULL, 0},
	{ACTION_PAUSE, {' ', 'P'}, "Space P", "pause; counting continues", "Space pause", 4},
	{ACTION_BACK, {'[', KEY_LEFT}, "[ Left", "one snapshot back", "[] rewind", 7},
	{ACTION_FORTH, {']', KEY_RIGHT}, "] Right", "one snapshot forward", NULL, 0},
	{ACTION_BACK_MINUTE, {'{'}, "{", "one minute back", NULL, 0},
	{ACTION_FORTH_MINUTE, {'}'}, "}", "one minute forward", NULL, 0},
	{ACTION_LIVE, {'L'}, "L", "return to live", NULL, 0},
	{ACTION_UNITS, {'u'}, "u", "show bits, bytes or packets first", NULL, 0},
	{ACTION_TOTALS, {'T'}, "T", "show totals, or hide them", NULL, 0},
	{ACTION_NAMES, {'n'}, "n", "show service names / port numbers", NULL, 0},
	{ACTION_HOSTS, {'N'}, "N", "show host names / addresses", NULL, 0},
	{ACTION_HEALTH, {'H'}, "H", "show how exact the counts are", NULL, 0},
	{ACTION_FASTER, {'-'}, "-", "shorter interval", NULL, 0},
	{ACTION_SLOWER, {'+', '='}, "+", "longer interval", NULL, 0},
	{ACTION_RESET, {'z'}, "z", "count totals and peaks from now on", NULL, 0},
	{ACTION_UNRESET, {'Z'}, "Z", "count them from the start again", NULL, 0},
	{ACTION_SAVE, {'W'}, "W", "save order, view, units and names", NULL, 0},
	{ACTION_NONE, {0}, "Mouse", "wheel scrolls, click selects or sorts", NULL, 0},
	{ACTION_REDRAW, {CTRL('L')}, "^L", "redraw the screen", NULL, 0},
	{ACTION_NONE, {0}, "^Z", "suspend; counting continues", NULL, 0},
	{ACTION_QUIT, {'q', CTRL('C')}, "q ^C", "quit and print the report", "q quit", 1},
};

/* Only labels and ranks count here. */
static const struct key_binding held_bindings[] = {
	{ACTION_BACK, {0}, NULL, NULL, "[ ] step", 1},
	{ACTION_BACK_MINUTE, {0}, NULL, NULL, "{ } minute", 2},
	{ACTION_LIVE, {0}, NULL, NULL, "L live", 1},
	{ACTION_HELP, {0}, NULL, NULL, "? help", 3},
	{ACTION_QUIT, {0}, NULL, NULL, "q quit", 2},
};

static const struct key_binding page_bindings[] = {
	{ACTION_CLOSE, {0}, NULL, NULL, "Esc close", 1},
	{ACTION_DOWN, {0}, NULL, NULL, "Up Down scroll", 2},
	{ACTION_PAGE_DOWN, {0}, NULL, NULL, "PgUp PgDn page", 3},
	{ACTION_QUIT, {0}, NULL, NULL, "q quit", 1},
};

static const struct key_binding prompt_bindings[] = {
	{ACTION_OPEN, {0}, NULL, NULL, "Enter keep", 1},
	{ACTION_CLOSE, {0}, NULL, NULL, "Esc clear", 1},
	{ACTION_NONE, {0}, NULL, NULL, "^U empty", 3},
	{ACTION_QUIT, {0}, NULL, NULL, "^C quit", 2},
};

const struct key_binding *keys_table(size_t *ret_count)
{
	*ret_count = COUNT_OF(bindings);
	return bindings;
}

const struct key_binding *keys_at(enum keys_where where, size_t *ret_count)
{
	static const struct {
		const struct key_binding *binding;
		size_t count;
	} at[] = {
		[KEYS_IN_TABLE] = {bindings, COUNT_OF(bindings)},
		[KEYS_WHILE_HELD] = {held_bindings, COUNT_OF(held_bindings)},
		[KEYS_IN_PAGE] = {page_bindings, COUNT_OF(page_bindings)},
		[KEYS_IN_PROMPT] = {prompt_bindings, COUNT_OF(prompt_bindings)},
	};

	*ret_count = at[where].count;
	return at[where].binding;
}

enum action keys_action(int code)
{
	for (size_t i = 0; i < COUNT_OF(bindings); i++) {
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
	case '\n':
	case '\r':
	case KEY_ENTER: return EDIT_ACCEPT;
	case KEYS_ESCAPE: return EDIT_CANCEL;
	default: return code >= ' ' && code < 127 ? EDIT_CHARACTER : EDIT_NONE;
	}
}
