/* SPDX-License-Identifier: MIT */
/*
 * Messages for the user: one line each on stderr. While the live view owns the screen they are held
 * back, and written after it has ended. Any thread.
 */
#ifndef PKTSTAT_LOG_H
#define PKTSTAT_LOG_H

/*
 * Writes "pktstat-bpf: MESSAGE" and a line end, with control bytes and invalid UTF-8 made
 * visible, truncated to about a thousand bytes. errno is preserved.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Holds back lines from now on: up to LOG_HELD_MAX bytes; further lines are counted and dropped. */
void log_hold(void);
/* Writes the held lines, and from now on each line at once. */
void log_release(void);

#endif
