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

#include "group.h"
#include "hash_index.h"
#include "select.h"
#include "snapshot.h"

/*
 * Groups of flows that have no row in a snapshot, and which of these groups are worth showing. There
 * may be a million: so they are small, flows are added in batches, which fetch their memory together, and
 * a list keeps those with most bytes. Owned by idle_sums.h; one thread.
 */

/* Groups without a row of a snapshot that are shown: those with most bytes. */
#define IDLE_GROUPS_SHOWN 1000

struct idle_group {
	struct flow_key key;
	struct flow_counts total[FLOW_DIRS];
	int64_t first_wall_ns;
	uint32_t flows; /* 0: nothing is left of it */
	uint32_t sums;	/* of these, as in struct row */
	uint32_t owner; /* as in struct row; IDLE_OWNER_MIXED */
	uint32_t sight, sight_word; /* as in struct row */
};

#define IDLE_OWNER_MIXED UINT32_MAX
#define IDLE_BATCH	 32

/* A flow on its way into its group, or out. */
struct idle_change {
	struct flow_key key; /* of the group */
	struct flow_counts counts;
	int64_t first_wall_ns;
	uint32_t hash;
	struct flow_about about;
	uint32_t sight_word;
	uint8_t dir;
	bool sum;
	bool add;
};

struct idle_groups {
	enum group_by by;
	struct about_tables tables; /* borrowed */
	struct idle_group *group;
	size_t count, room;
	size_t alive; /* with flows */
	struct hash_index index;
	size_t expected, added; /* flows to come, and that came, since the reset */
	struct idle_change change[IDLE_BATCH];
	size_t changes;
	/*
	 * Places of groups that may be shown. When there are too many, `cut` comes first of those left
	 * out: in order of bytes, of equals the one that was there first.
	 */
	struct select_item *list;
	size_t listed;
	uint8_t *is_listed; /* by group */
	size_t is_listed_room;
	bool is_cut;
	struct select_item cut;
	bool unlisted; /* the list is still to be made */
};

/*
 * Adds what groups hold to the rows of the same key, and behind them the first IDLE_GROUPS_SHOWN of
 * those that have no row; *ret_hidden are left out. 0 or -ENOMEM.
 */
int idle_groups_merge(struct idle_groups *groups, struct group *rows, size_t *ret_hidden);

/* What is asked; two of them are compared byte by byte, so they begin zeroed. */
struct idle_question {
	struct about_tables tables;
	const struct name_cache *names;
	const struct group *base;
	const void *hidden;
	uint64_t filter; /* number of the filter, counted up */
	uint64_t names_version;
	uint64_t sights_forgotten; /* groups by sight: flows of these are in another group now */
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
