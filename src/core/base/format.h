/* SPDX-License-Identifier: MIT */
/*
 * Numbers, times and outside text as a person reads them. Pure; any thread. Every function writes
 * at most `size` bytes with the end and returns `text`. Widths are fixed where stated, so that
 * columns do not dance.
 */
#ifndef PKTSTAT_FORMAT_H
#define PKTSTAT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_TEXT_MAX 64

/*
 * A quantity with three significant digits and a decimal prefix, at most six columns wide:
 * "0", "7.2", "88", "312", "1.21 k", "88.1 k", "312 k", "8.42 M", "15.1 G", "3.40 T", ... Never
 * rounds up to "1000": 999,950 is "1.00 M". Values below 10 have one decimal unless whole; what is
 * not 0 but would look so is "<0.1". Negative values and NaN count as 0.
 */
char *format_scaled(double value, char *text, size_t size);
/* The same with a unit behind the prefix: "8.42 Gb/s", "312 b/s". */
char *format_rate(double value, const char *unit, char *text, size_t size);
/* Whole number with thousands separators: "1,204". Without room for all of it, only '#'. */
char *format_count(uint64_t value, char *text, size_t size);
/* What a noun beside the count ends with: "", "s". */
static inline const char *format_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* Running time "HH:MM:SS", from 100 hours "Nd HH:MM:SS". */
char *format_clock(uint64_t ns, char *text, size_t size);
/* Length as a person says it, rounded: "2d 00h 12m 31s", "1h 02m 03s", "12.3 s", "450 ms", "7 us". */
char *format_length(uint64_t ns, char *text, size_t size);
/* Local wall-clock time "2026-11-23 14:03:22". */
char *format_wall(int64_t wall_ns, char *text, size_t size);
/* RFC 3339, UTC, with milliseconds: "2026-11-23T14:03:22.123Z". */
char *format_rfc3339(int64_t wall_ns, char *text, size_t size);
/* Bytes of memory: "19.5 MB". */
char *format_memory(uint64_t bytes, char *text, size_t size);
/*
 * Untrusted text (interface, process or host name) made safe to print: control bytes, DEL, C1
 * controls, line and paragraph separators, invisible characters, those that change the direction of
 * text, and invalid UTF-8 become \xNN. Characters and escapes are written whole or not at all.
 */
char *format_outside(const char *from, char *text, size_t size);

/* Durations as people type them. Pure; any thread. */

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

/* Digits, and perhaps a point and digits: strtod() would also take 0x10, 1e3 and nan. False: not of that form. */
bool decimal_parse(const char *text, double *ret_number);

/* How far a mistyped word is from one that is known. Pure; any thread. */

/* Longest word that is compared. */
#define EDIT_DISTANCE_MAX 32

/*
 * Insertions, deletions, changes and swaps of neighbours that make `a` of `b`, in any case of
 * letters; EDIT_DISTANCE_MAX for words longer than that. (Optimal string alignment distance.)
 */
size_t edit_distance(const char *a, const char *b);

#endif
