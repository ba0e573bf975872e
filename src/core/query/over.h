/* SPDX-License-Identifier: MIT */
/*
 * Rows over a limit: of the rows of a view, those that exceed a limit (limit.h) by themselves, or, where
 * none does, the one that has most of what exceeds it. Looks at all flows, but only where a limit is
 * exceeded. Belongs to who made it; one thread.
 */
#ifndef PKTSTAT_OVER_H
#define PKTSTAT_OVER_H

#include <stdbool.h>
#include <stddef.h>

#include "group.h"
#include "limit.h"
#include "name_cache.h"
#include "owner.h"
#include "sight.h"
#include "snapshot.h"

#define OVER_LIMITS_MAX 32

struct over;

/* What is shown. All is borrowed; owners, sights and names may be NULL: not known. */
struct over_shown {
	const struct snapshot *snapshot;
	const struct owner_table *owners;
	const struct sight_table *sights;
	struct name_cache *names;
	enum group_by by;
	unsigned int limits; /* those to look at, a bit each */
};

/* For these limits, OVER_LIMITS_MAX at most: 0, -ENOMEM, -E2BIG, or an error of limit_parse(). */
int over_new(const char *const *limit, size_t count, struct over **ret_over);
void over_free(struct over *over);
/* Finds the rows over the limits in what is shown; cheap when that is as before. 0 or -ENOMEM. */
int over_take(struct over *over, const struct over_shown *shown);
/* Whether the row with that key is one of them. NULL: none is. */
bool over_has(const struct over *over, const struct flow_key *key);

#endif
