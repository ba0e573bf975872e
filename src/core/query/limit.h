/* SPDX-License-Identifier: MIT */
/*
 * Limits: 'EXPR for DURATION' in the language of filters, said of a sum. What EXPR says of flows
 * selects them ("in", "port 53", "cgroup web"); what it compares ("bps > 800M") is asked of all selected
 * flows together: bps and pps of an interval, packets and bytes since start. A limit is exceeded when
 * that holds for so long, and over when it is well below again, or far enough above for "<". Belongs
 * to who made it; one thread.
 */
#ifndef PKTSTAT_LIMIT_H
#define PKTSTAT_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"

/* Longest text of a limit, its end included. */
#define LIMIT_TEXT_MAX (FILTER_TEXT_MAX + 32)
/* Room for limit_values(). */
#define LIMIT_VALUES_MAX 160

struct limit;

/* What changed when a limit was judged. */
enum limit_news {
	LIMIT_SAME,
	LIMIT_EXCEEDED, /* from now on */
	LIMIT_OVER,	/* no longer exceeded */
};

/* Which interval of a run is judged: the first and the last one may be too short to have rates. */
enum limit_interval {
	LIMIT_INTERVAL_FIRST, /* what came before the first one of full length */
	LIMIT_INTERVAL_WHOLE,
	LIMIT_INTERVAL_LAST, /* ended before its time */
};

/* Errors as filter_parse(), of the whole text; borrows services as that. */
int limit_parse(const char *text, struct limit **ret_limit, char *why, size_t size,
		size_t *ret_column);
void limit_free(struct limit *limit);

/* Begins an interval; says of a flow with `delta` in it that it is one of the sum, if it is. */
void limit_begin(struct limit *limit);
void limit_add(struct limit *limit, const struct filter_subject *subject,
	       const struct flow_counts *delta);
/*
 * Ends the interval, which took so long and ended then. The first one is not judged but is part of the
 * next; the last one, if it is less than half of the previous one, is judged as a part of that.
 */
enum limit_news limit_judge(struct limit *limit, enum limit_interval interval, uint64_t elapsed_ns,
			    int64_t wall_ns);

/* Whether a flow is one of the sum. */
bool limit_selects(const struct limit *limit, const struct filter_subject *subject);
/* Whether what is compared may only not be larger: no "<", no "=". */
bool limit_is_ceiling(const struct limit *limit);
/* Whether a part of the sum exceeds the limit by itself, however long: in `elapsed_ns`, and since start. */
bool limit_is_exceeded_by(const struct limit *limit, const struct flow_counts *delta,
			  const struct flow_counts *total, uint64_t elapsed_ns);

/* The text as it was typed: from outside. */
const char *limit_text(const struct limit *limit);
bool limit_is_exceeded(const struct limit *limit);
/* How often it was exceeded, and when last (CLOCK_REALTIME, 0: never). */
unsigned int limit_times(const struct limit *limit);
int64_t limit_since_wall_ns(const struct limit *limit);
/* The sum as of the last interval: "912 Mb/s, 80.1 kp/s, 120,123 packets, ...". Returns `text`. */
char *limit_values(const struct limit *limit, char *text, size_t size);

#endif
