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
#include <termios.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "wait.h"

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

#define ANSWER_MS 200
/* OSC 11, and what every terminal answers that could know it: who it is. */
#define QUESTION "\033]11;?\033\\\033[c"

/* The consoles and old terminals have dark screens and know no such question. */
static bool may_answer(const char *type)
{
	static const char *const silent[] = {"linux", "vt", "dumb", "ansi", "cons", "cygwin"};

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		if (!strncmp(type, silent[i], strlen(silent[i])))
			return false;
	}
	return true;
}

/* End of the sequence at `text`: an answer to one of the two; NULL: it is not, or not yet whole. */
static const char *answer_end(const char *text)
{
	const char *end;

	if (!strncmp(text, "\033[?", 3)) {
		end = text + 3 + strspn(text + 3, "0123456789;");
		return *end == 'c' ? end + 1 : NULL;
	}
	if (strncmp(text, "\033]11;", 5) != 0)
		return NULL;
	end = text + 5 + strcspn(text + 5, "\a\033");
	if (*end == '\a')
		return end + 1;
	return !strncmp(end, "\033\\", 2) ? end + 2 : NULL;
}

/* Whether the last of the answers is there. */
static bool has_answered(const char *text)
{
	for (const char *at = strstr(text, "\033[?"); at; at = strstr(at + 1, "\033[?")) {
		if (answer_end(at))
			return true;
	}
	return false;
}

/* Reads what the terminal sends until it has answered; returns how much. */
static size_t listen_to(int fd, char text[TERMINAL_TYPED_MAX])
{
	const uint64_t end_ns = clock_mono_ns() + ANSWER_MS * 1000000ULL;
	size_t length = 0;
	uint64_t now_ns;

	*text = '\0';
	while (length + 1 < TERMINAL_TYPED_MAX && !has_answered(text) &&
	       (now_ns = clock_mono_ns()) < end_ns) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (wait_ready(&polled, 1, (int)((end_ns - now_ns) / 1000000) + 1) <= 0)
			break;
		got = read(fd, text + length, TERMINAL_TYPED_MAX - 1 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
		text[length] = '\0';
	}
	return length;
}

/* What is left of the text without the answers. */
static size_t remove_answers(char *text, size_t length)
{
	size_t kept = 0;

	for (size_t i = 0; i < length;) {
		const char *end = text[i] == '\033' ? answer_end(text + i) : NULL;

		if (end)
			i = (size_t)(end - text);
		else
			text[kept++] = text[i++];
	}
	return kept;
}

enum theme terminal_theme(const char *type, int input_fd, int output_fd,
			  char typed[TERMINAL_TYPED_MAX], size_t *ret_length)
{
	enum theme theme = theme_of_colorfgbg(getenv("COLORFGBG"));
	struct termios before, raw;

	*ret_length = 0;
	if (theme != THEME_AUTO)
		return theme;
	if (!may_answer(type) || tcgetattr(input_fd, &before))
		return THEME_DARK;
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(input_fd, TCSANOW, &raw))
		return THEME_DARK;
	if (write(output_fd, QUESTION, strlen(QUESTION)) > 0)
		*ret_length = listen_to(input_fd, typed);
	if (*ret_length)
		theme = theme_of_answer(typed);
	*ret_length = remove_answers(typed, *ret_length);
	tcsetattr(input_fd, TCSANOW, &before);
	return theme == THEME_LIGHT ? THEME_LIGHT : THEME_DARK;
}
