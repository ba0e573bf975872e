/* SPDX-License-Identifier: MIT */
/*
 * The keys: one table from which the loop takes its actions, the help page its lines, the bottom line
 * its labels, and the man page and the README their lists (tests/lint/generated.sh). Constant; any
 * thread.
 */
#ifndef PKTSTAT_KEYS_H
#define PKTSTAT_KEYS_H

#include <stddef.h>

enum action {
	ACTION_NONE,
	ACTION_QUIT,
	ACTION_HELP,
	ACTION_CLOSE, /* what was opened last */
	ACTION_PAUSE,
	ACTION_BACK,
	ACTION_FORTH,
	ACTION_BACK_MINUTE,
	ACTION_FORTH_MINUTE,
	ACTION_LIVE,
	ACTION_REVERSE,
	ACTION_SORT_BPS,
	ACTION_SORT_PPS,
	ACTION_SORT_PACKETS,
	ACTION_SORT_BYTES,
	ACTION_SORT_SOURCE,
	ACTION_SORT_DESTINATION,
	ACTION_SORT_TUPLE,
	ACTION_SORT_IN,
	ACTION_SORT_OUT,
	ACTION_COLUMN_LEFT,
	ACTION_COLUMN_RIGHT,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_FILTER,
	ACTION_NEXT_VIEW,
	ACTION_PREVIOUS_VIEW,
	ACTION_OPEN,
	ACTION_UNITS,
	ACTION_TOTALS,
	ACTION_NAMES,
	ACTION_HOSTS,
	ACTION_SITES,
	ACTION_FREEZE,
	ACTION_FOLLOW,
	ACTION_HEALTH,
	ACTION_FASTER,
	ACTION_SLOWER,
	ACTION_RESET,
	ACTION_UNRESET,
	ACTION_SAVE,
	ACTION_REDRAW,
	ACTION_LEAVE, /* quit from anywhere */
	ACTION_VIEWS, /* the menu of them */
	ACTION_WRITE, /* a menu too */
	ACTION_COPY,
	ACTION_COPY_ENDS,
	ACTION_VIEW, /* the first view; the next numbers are the next views */
	ACTION_VIEW_LAST = ACTION_VIEW + 9,
};

#define KEYS_CODES_MAX 4
#define KEYS_ESCAPE    27

struct key_binding {
	enum action action;
	int code[KEYS_CODES_MAX]; /* as the terminal library gives them; 0: none */
	/* As the help page names them, with blanks between; ^C: Ctrl-C. NULL: named one entry before. */
	const char *keys;
	const char *help;
	const char *label; /* on the bottom line, "key word"; NULL: not there */
	int rank;	   /* on the bottom line: 1 stays longest */
	const char *group; /* of the help page, where one begins; or NULL */
};

/* All bindings in the order of the help page, and their number. */
const struct key_binding *keys_table(size_t *ret_count);

/* What the keys act on. */
enum keys_where {
	KEYS_IN_TABLE,
	KEYS_WHILE_HELD, /* the view does not follow what is live */
	KEYS_IN_PAGE,
	KEYS_IN_PROMPT,
	KEYS_IN_MENU,
};

/* The bindings shown on the bottom line there, and their number. */
const struct key_binding *keys_at(enum keys_where where, size_t *ret_count);
/* What a key does, ACTION_NONE when nothing. */
enum action keys_action(int code);

/* Keys of the line a filter is typed in. */
enum edit {
	EDIT_NONE,
	EDIT_CHARACTER, /* the key itself */
	EDIT_ERASE,
	EDIT_ERASE_WORD,
	EDIT_ERASE_ALL,
	EDIT_LEFT,
	EDIT_RIGHT,
	EDIT_BEGIN,
	EDIT_END,
	EDIT_DELETE, /* what the cursor is on */
	EDIT_OLDER,  /* of the filters that were kept */
	EDIT_NEWER,
	EDIT_ACCEPT,
	EDIT_CANCEL,
};

enum edit keys_edit(int code);

#endif
