/* SPDX-License-Identifier: MIT */
/*
 * Messages for the person at the terminal: one line each on stderr. While the live view owns the
 * screen they are held back, and written when it has given it back. Any thread.
 */
#ifndef PKTSTAT_LOG_H
#define PKTSTAT_LOG_H

/*
 * Writes "pktstat-bpf: MESSAGE" and a line end, control bytes and invalid UTF-8 made visible, cut
 * after about a thousand bytes. errno is kept.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Holds lines back from now on, some kilobytes of them; of more, only the number is kept. */
void log_hold(void);
/* Writes what was held back, and lines at once from now on. */
void log_release(void);

#endif
