/* SPDX-License-Identifier: MIT */
/*
 * Which description of terminfo(5) fits the terminal, and whether it is dark. Before curses is set up;
 * the same thread.
 */
#ifndef PKTSTAT_TERMINAL_H
#define PKTSTAT_TERMINAL_H

#include <stddef.h>

#include "theme.h"

/*
 * The type to open the terminal with: TERM where terminfo knows it, else the first that it knows of
 * xterm-256color, xterm and vt100, which newer terminals imitate. `fd` is the terminal's. 0 with
 * *ret_type (the environment's or static storage), or -EINVAL with a phrase in *ret_why (static
 * storage): TERM is not set, is "unknown", or names a type that cannot move the cursor; or there
 * is no description at all.
 */
int terminal_choose(int fd, const char **ret_type, const char **ret_why);

/*
 * Dark or light, as COLORFGBG says, or the terminal's answer to OSC 11 (XTerm Control Sequences), for
 * which it has a fifth of a second; dark where neither does. Keys that were typed meanwhile are in
 * `typed`, *ret_length of them.
 */
#define TERMINAL_TYPED_MAX 256
enum theme terminal_theme(const char *type, int input_fd, int output_fd,
			  char typed[TERMINAL_TYPED_MAX], size_t *ret_length);

#endif
