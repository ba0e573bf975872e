/* SPDX-License-Identifier: MIT */
/* Durations as people type them. Pure; any thread. */
#ifndef PKTSTAT_DURATION_H
#define PKTSTAT_DURATION_H

#include <stdint.h>

/* The longest duration there is, 292 years: what fits into a signed 64-bit number of ns. */
#define DURATION_MAX_NS INT64_MAX

/*
 * Reads a duration in the syntax of Go's time.ParseDuration: decimal numbers with a unit each,
 * "300ms", "1.5h", "1h30m", "+5s", units ns us µs ms s m h; "0" needs no unit. The result is whole
 * nanoseconds, what is less is cut off.
 * 0; -ERANGE when it is negative or above DURATION_MAX_NS, -EINVAL for anything else that is no
 * duration. On errors `ret_why` says what is wrong, as the end of a sentence ("it has no unit; write
 * for example 30s, 5m or 1h30m"); static storage.
 */
int duration_parse(const char *text, uint64_t *ret_ns, const char **ret_why);

#endif
