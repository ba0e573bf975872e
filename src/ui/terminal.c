/* SPDX-License-Identifier: MIT */
/*
 * Descriptions of terminals; see terminal.h. A new terminal's own description is often missing on
 * the machine that one logs in to, and after sudo, which drops TERMINFO.
 */
#include "terminal.h"

#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>

#include "array.h"

/* What a program that knows nothing of its terminal calls it; terminfo may not list it. */
#define NOTHING_KNOWN "unknown"

enum description {
	DESCRIPTION_GOOD,
	DESCRIPTION_POOR, /* it lacks what curses cannot do without */
	DESCRIPTION_MISSING,
};

static bool has_string(const char *capability)
{
	const char *text = tigetstr(capability);

	return text && text != (char *)-1;
}

/* Looked at here, since curses would end the program, or draw all over the screen. */
static enum description look_up(const char *type, int fd)
{
	TERMINAL *before = set_curterm(NULL);
	int found = 0;
	bool good;

	if (setupterm(type, fd, &found) != OK || found != 1) {
		set_curterm(before);
		return DESCRIPTION_MISSING;
	}
	good = has_string("cup") && has_string("clear");
	del_curterm(set_curterm(before));
	return good ? DESCRIPTION_GOOD : DESCRIPTION_POOR;
}

static int choose_another(int fd, const char **ret_type, const char **ret_why)
{
	static const char *const types[] = {"xterm-256color", "xterm", "vt100"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (look_up(types[i], fd) != DESCRIPTION_GOOD)
			continue;
		*ret_type = types[i];
		return 0;
	}
	*ret_why = "the terminal database (terminfo) has neither this type nor xterm-256color, "
		   "xterm or vt100 (Debian's package ncurses-base has them)";
	return -EINVAL;
}

int terminal_choose(int fd, const char **ret_type, const char **ret_why)
{
	const char *type = getenv("TERM");

	if (!type || !*type) {
		*ret_why = "TERM is not set";
		return -EINVAL;
	}
	if (!strcmp(type, NOTHING_KNOWN)) {
		*ret_why = "this type describes no particular terminal";
		return -EINVAL;
	}
	switch (look_up(type, fd)) {
	case DESCRIPTION_GOOD: *ret_type = type; return 0;
	case DESCRIPTION_POOR: *ret_why = "it cannot move the cursor"; return -EINVAL;
	default: return choose_another(fd, ret_type, ret_why);
	}
}

/* The consoles and old terminals have dark screens and know no such question. */
bool terminal_may_answer(const char *type)
{
	static const char *const silent[] = {"linux", "vt", "dumb", "ansi", "cons", "cygwin"};

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		if (!strncmp(type, silent[i], strlen(silent[i])))
			return false;
	}
	return true;
}

bool terminal_mouse_is_short(void)
{
	const char *mode = tigetstr("XM");

	if (mode && mode != (char *)-1 && strstr(mode, "1006"))
		return false;
	return has_string("kmous");
}
