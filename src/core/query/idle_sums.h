/* SPDX-License-Identifier: MIT */
/*
 * What the flows without a row hold (model/idle_log.h): one sum of those that pass, and one for each
 * group. It is brought from one snapshot to the next by what changed between them, no matter which of them
 * is older; only another question (grouping, filter, group that is open, moment that totals count
 * from) asks every idle flow again. Owned by the rows of a view; one thread.
 */
#ifndef PKTSTAT_IDLE_SUMS_H
#define PKTSTAT_IDLE_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "idle_groups.h"
#include "snapshot.h"

/* What is asked; two of them are compared byte by byte, so they begin zeroed. */
struct idle_question {
	const struct owner_table *owners;
	const struct name_cache *names;
	const struct group *base;
	const void *hidden;
	uint64_t filter; /* number of the filter, counted up */
	uint64_t names_version;
	struct flow_key drill_key;
	uint32_t drill_tenant;
	uint32_t base_version;
	uint8_t by, drill_by, drilled;
};

struct idle_sums {
	/* Whether an idle flow passes, what it counts for, and that one may be idle no longer. `context`
	 * is handed to each. */
	bool (*passes)(void *context, const struct idle_flow *flow);
	struct flow_counts (*counts)(void *context, const struct idle_flow *flow);
	int (*left)(void *context, const struct idle_flow *flow);
	void *context;
	struct flow_counts total[FLOW_DIRS];
	size_t flows;
	bool known; /* false: the log does not reach back to the snapshot; nothing is summed up */
	/* The rest is its own. */
	struct idle_log *log; /* a reference */
	struct idle_moment at;
	struct idle_question question;
	struct idle_groups groups;
	uint8_t *counted; /* a bit for each place of the log */
};

/* Zeroed but for the functions it is empty. 0 or -ENOMEM. */
int idle_sums_init(struct idle_sums *sums);
void idle_sums_done(struct idle_sums *sums);

/* Brings everything to the moment of the snapshot; 0 or -ENOMEM. */
int idle_sums_show(struct idle_sums *sums, const struct snapshot *snapshot,
		   const struct idle_question *question);
/* Forgets everything: there is nothing to ask. */
void idle_sums_forget(struct idle_sums *sums);

#endif
