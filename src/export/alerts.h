/* SPDX-License-Identifier: MIT */
/*
 * What became of the limits of --alert, for outputs that tell it. One thread judges the limits (watch.h),
 * by each interval of the collector, and adds what it found; so all outputs tell the same, however often
 * they write. Made by the main thread; any thread may read.
 */
#ifndef PKTSTAT_ALERTS_H
#define PKTSTAT_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"

/* News that are kept for readers who are late; older ones are forgotten. */
#define ALERTS_KEPT 256

struct alert_news {
	size_t limit;	 /* which one, as alerts_text() */
	bool on;	 /* exceeded from this interval on, or no longer */
	int64_t wall_ns; /* end of the interval */
	char values[LIMIT_VALUES_MAX];
};

struct alerts;

/* At most 32 limits by their texts, which are borrowed; none is exceeded. 0 or -ENOMEM. */
int alerts_new(const char *const *text, size_t count, struct alerts **ret_alerts);
/* NULL is allowed. */
void alerts_free(struct alerts *alerts);

size_t alerts_count(const struct alerts *alerts);
/* As it was typed: outside text. */
const char *alerts_text(const struct alerts *alerts, size_t limit);
/* Limits that are exceeded, a bit each. */
unsigned int alerts_on(const struct alerts *alerts);

void alerts_add(struct alerts *alerts, const struct alert_news *news);
/* The next news for a reader that has seen `*seen` of them (0 at first), oldest first; false: none. */
bool alerts_next(struct alerts *alerts, uint64_t *seen, struct alert_news *ret_news);

#endif
