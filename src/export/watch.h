/* SPDX-License-Identifier: MIT */
/*
 * Limits that are watched: an output (publisher.h) that judges them by each interval of the collector, and
 * tells which are exceeded. One thread.
 */
#ifndef PKTSTAT_WATCH_H
#define PKTSTAT_WATCH_H

#include <stddef.h>

#include "change.h"
#include "limit.h"
#include "name_cache.h"
#include "owner.h"
#include "sight.h"

#define WATCH_LIMITS_MAX 16

struct watch {
	struct limit *limit[WATCH_LIMITS_MAX]; /* owned */
	size_t count;
	const struct owner_table *owners; /* NULL: not known */
	const struct sight_table *sights; /* NULL: not known */
	struct name_cache *names;	  /* NULL: not known */
	/* Called when limit `i` is exceeded, or no longer. */
	void (*news)(void *context, size_t i, const struct limit *limit, enum limit_news news,
		     const struct snapshot *now);
	void *context;
};

/* Adds a limit; 0, -ENOSPC, or an error of limit_parse(). */
int watch_add(struct watch *watch, const char *text);
void watch_done(struct watch *watch);
/* Judges all limits by what changed. */
void watch_take(struct watch *watch, const struct change *change);

/* For struct publisher_options; `watch` is a struct watch. */
int watch_publish(void *watch, const struct change *change);
int watch_finish(void *watch, const struct snapshot *last);

#endif
