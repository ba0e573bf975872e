/* SPDX-License-Identifier: MIT */
/*
 * Which description of terminfo(5) fits the terminal, and what it can be asked. Before curses is set
 * up; the same thread.
 */
#ifndef PKTSTAT_TERMINAL_H
#define PKTSTAT_TERMINAL_H

#include <stdbool.h>

/*
 * The type to open the terminal with: TERM where terminfo knows it, else the first that it knows of
 * xterm-256color, xterm and vt100, which newer terminals imitate. `fd` is the terminal's. 0 with
 * *ret_type (the environment's or static storage), or -EINVAL with a phrase in *ret_why (static
 * storage): TERM is not set, is "unknown", or names a type that cannot move the cursor; or there
 * is no description at all.
 */
int terminal_choose(int fd, const char **ret_type, const char **ret_why);

/* Whether a terminal of that type may know the question for its background: the consoles do not. */
bool terminal_may_answer(const char *type);


/*
 * Whether the terminal has a mouse, but is described with the old form of reports only, which ends at column
 * 223 (screen and tmux are). After curses is set up.
 */
bool terminal_mouse_is_short(void);

#endif
