/* SPDX-License-Identifier: MIT */
/*
 * Groups of flows that have no row in a snapshot, and which of these groups are worth showing. There
 * may be a million: so they are small, flows are added in batches whose memory is fetched together,
 * and a list keeps those with most bytes. Owned by idle_sums.h; one thread.
 */
#ifndef PKTSTAT_IDLE_GROUPS_H
#define PKTSTAT_IDLE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "hash_index.h"
#include "select.h"

/* Groups without a row of a snapshot that are shown: those with most bytes. */
#define IDLE_GROUPS_SHOWN 1000

struct idle_group {
	struct flow_key key;
	struct flow_counts total[FLOW_DIRS];
	int64_t first_wall_ns;
	uint32_t flows; /* 0: nothing is left of it */
	uint32_t owner; /* as in struct row; IDLE_OWNER_MIXED */
};

#define IDLE_OWNER_MIXED UINT32_MAX
#define IDLE_BATCH	 32

/* A flow on its way into its group, or out. */
struct idle_change {
	struct flow_key key; /* of the group */
	struct flow_counts counts;
	int64_t first_wall_ns;
	uint32_t hash, owner;
	uint8_t dir;
	bool add;
};

struct idle_groups {
	enum group_by by;
	const struct owner_table *owners; /* borrowed, or NULL */
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

/* 0 or -ENOMEM. */
int idle_groups_init(struct idle_groups *groups);
void idle_groups_done(struct idle_groups *groups);
/* Forgets everything; `expected` flows are to be added at once. */
void idle_groups_reset(struct idle_groups *groups, enum group_by by,
		       const struct owner_table *owners, size_t expected);

/* Adds a flow, or takes out one that was added with the same counts; 0 or -ENOMEM. Takes effect by
 * idle_groups_flush(). */
int idle_groups_change(struct idle_groups *groups, const struct flow_key *key,
		       const struct flow_counts *counts, int64_t first_wall_ns, uint32_t owner,
		       bool add);
int idle_groups_flush(struct idle_groups *groups);

/* Rows are no longer those that the list left out, or of the snapshot behind it. */
void idle_groups_jump(struct idle_groups *groups);
/* True when most groups are empty: a reset is due. */
bool idle_groups_worn(const struct idle_groups *groups);

/*
 * Adds what groups hold to the rows of the same key, and behind them the first IDLE_GROUPS_SHOWN of
 * those that have no row; *ret_hidden are left out. 0 or -ENOMEM.
 */
int idle_groups_merge(struct idle_groups *groups, struct group *rows, size_t *ret_hidden);

#endif
