/* SPDX-License-Identifier: MIT */
/* One family of counters with a bounded number of labels; see metrics.h. Belongs to its metrics. */
#ifndef PKTSTAT_METRICS_FAMILY_H
#define PKTSTAT_METRICS_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "hash_index.h"

#define METRICS_LABEL_MAX 160

struct metrics_series {
	char label[METRICS_LABEL_MAX]; /* safe to print, not escaped; "": the place is free */
	struct flow_counts total[FLOW_DIRS];
	int64_t active_wall_ns; /* when it last had packets */
};

/* What had packets in an interval. */
struct metrics_candidate {
	char label[METRICS_LABEL_MAX];
	struct flow_counts delta[FLOW_DIRS];
};

struct metrics_family {
	struct metrics_series *series;
	unsigned int room, count;
	struct hash_index index; /* of series */
	struct flow_counts other[FLOW_DIRS], retired[FLOW_DIRS];
	uint32_t *gone; /* hashes of labels that were given up */
	unsigned int gone_count;
	/* Of the interval: new labels, of which the largest are kept. */
	struct metrics_candidate *candidate;
	size_t candidates, candidate_room, candidates_max;
};

/* Zeroed, `room` labels; 0 or -ENOMEM. metrics_family_done() is allowed after both. */
int metrics_family_init(struct metrics_family *family, unsigned int room);
void metrics_family_done(struct metrics_family *family);
/*
 * Adds to the label; one that is unknown waits for metrics_family_settle(). A label that is "" or
 * reserved counts as "other", and so do the smallest of the new ones where there are many: memory does not
 * grow with them. 0 or -ENOMEM.
 */
int metrics_family_add(struct metrics_family *family, const char *label,
		       const struct flow_counts delta[FLOW_DIRS], int64_t wall_ns);
/* Ends an interval: the largest of the new ones get the places there are. */
void metrics_family_settle(struct metrics_family *family, int64_t wall_ns);

#endif
