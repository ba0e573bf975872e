/* SPDX-License-Identifier: MIT */
/*
 * Restores the terminal when the program crashes: handlers for the signals of a fault, which use
 * only what is safe in a handler and then let the signal have its effect. State of the process,
 * like the signals themselves; used by screen.c only.
 */
#ifndef PKTSTAT_RESTORE_H
#define PKTSTAT_RESTORE_H

/* Remembers the mode of the terminal and installs the handlers; before curses changes it. */
void restore_arm(int fd);
/* Takes what the handlers write from the terminal's description; after curses has read it. */
void restore_learn_strings(void);
/* Removes the handlers. */
void restore_disarm(void);

#endif
