/* SPDX-License-Identifier: MIT */
/*
 * Groups of flows: an array of rows and an index of their keys; see group.h. A struct group
 * belongs to its caller.
 */
#include "group.h"

#include <errno.h>
#include <stdlib.h>

#include "flow.h"
#include "hash_index.h"

#define FIRST_ROOM 128

struct group {
	enum group_by by;
	const struct owner_table *owners; /* borrowed, or NULL */
	struct row *row;
	struct row *last; /* added to last */
	size_t count, room;
	struct hash_index index; /* of places of rows */
};

int group_new(struct group **ret_group)
{
	struct group *group = calloc(1, sizeof(*group));
	int err;

	if (!group)
		return -ENOMEM;
	err = hash_index_init(&group->index);
	if (err) {
		free(group);
		return err;
	}
	*ret_group = group;
	return 0;
}

void group_free(struct group *group)
{
	if (!group)
		return;
	free(group->row);
	hash_index_done(&group->index);
	free(group);
}

/* Gives the memory back. */
static void shrink(struct group *group)
{
	free(group->row);
	group->row = NULL;
	group->room = 0;
	hash_index_shrink(&group->index);
}

void group_reset(struct group *group, enum group_by by, const struct owner_table *owners)
{
	if (by != group->by)
		shrink(group);
	group->by = by;
	group->owners = owners;
	group->count = 0;
	group->last = NULL;
	hash_index_clear(&group->index);
}

static bool is_group(const void *table, uint32_t place, const void *key)
{
	const struct group *group = table;

	return flow_key_equal(&group->row[place].key, key);
}

/* Place of the row with that key, or HASH_INDEX_NONE. */
static uint32_t group_place(const struct group *group, const struct flow_key *key, uint32_t hash)
{
	return hash_index_find(&group->index, hash, is_group, group, key);
}

static int grow_rows(struct group *group)
{
	size_t room = group->room ? group->room * 2 : FIRST_ROOM;
	struct row *row = reallocarray(group->row, room, sizeof(*row));

	if (!row)
		return -ENOMEM;
	group->row = row;
	group->room = room;
	return 0;
}

static int append(struct group *group, const struct flow_key *key, uint32_t hash,
		  int64_t first_wall_ns, struct row **ret_row)
{
	if (group->count == group->room && grow_rows(group))
		return -ENOMEM;
	if (hash_index_add(&group->index, hash, (uint32_t)group->count))
		return -ENOMEM;
	*ret_row = &group->row[group->count++];
	**ret_row = (struct row){.key = *key, .first_wall_ns = first_wall_ns};
	return 0;
}

void group_join_owner(enum group_by by, const struct owner_table *owners, bool first,
		      uint32_t owner, uint32_t *ret_owner, bool *ret_mixed)
{
	uint32_t one = owner_table_representative(owners, *ret_owner, OWNER_PROCESS);
	uint32_t other = owner_table_representative(owners, owner, OWNER_PROCESS);

	if (first || (by == GROUP_CONVERSATION && !*ret_mixed && one == OWNER_UNKNOWN)) {
		*ret_owner = owner;
	} else if (one != other && !(by == GROUP_CONVERSATION && other == OWNER_UNKNOWN)) {
		*ret_mixed = true;
		*ret_owner = OWNER_UNKNOWN;
	}
}

int group_add(struct group *group, const struct flow_key *key, const struct flow_counts *delta,
	      const struct flow_counts *total, int64_t first_wall_ns, uint32_t owner)
{
	struct flow_key of = group_key(group->by, key, group->owners, owner);
	uint32_t hash = hash_index_hash(&group->index, &of, sizeof(of));
	uint32_t place = group_place(group, &of, hash);
	struct row *row;

	if (place != HASH_INDEX_NONE)
		row = &group->row[place];
	else if (append(group, &of, hash, first_wall_ns, &row))
		return -ENOMEM;
	flow_counts_add(&row->delta[flow_key_dir(key)], delta);
	flow_counts_add(&row->total[flow_key_dir(key)], total);
	if (first_wall_ns < row->first_wall_ns)
		row->first_wall_ns = first_wall_ns;
	if (group->owners)
		group_join_owner(group->by, group->owners, !row->flows, owner, &row->owner,
				 &row->mixed);
	row->flows++;
	group->last = row;
	return 0;
}

void group_absorb(struct group *group, size_t i, const struct row *other)
{
	struct row *row = &group->row[i];

	for (int dir = 0; dir < FLOW_DIRS; dir++)
		flow_counts_add(&row->total[dir], &other->total[dir]);
	if (other->first_wall_ns < row->first_wall_ns)
		row->first_wall_ns = other->first_wall_ns;
	if (group->owners)
		group_join_owner(group->by, group->owners, !row->flows, other->owner, &row->owner,
				 &row->mixed);
	if (other->mixed) {
		row->mixed = true;
		row->owner = OWNER_UNKNOWN;
	}
	row->flows += other->flows;
}

int group_append(struct group *group, const struct row *row)
{
	uint32_t hash = hash_index_hash(&group->index, &row->key, sizeof(row->key));
	struct row *made;

	if (append(group, &row->key, hash, row->first_wall_ns, &made))
		return -ENOMEM;
	*made = *row;
	return 0;
}

void group_add_last_seen(struct group *group, int64_t last_wall_ns)
{
	if (group->last && last_wall_ns > group->last->last_wall_ns)
		group->last->last_wall_ns = last_wall_ns;
}

void group_add_averages(struct group *group, const double average_bps[PAST_WINDOWS])
{
	for (int i = 0; group->last && i < PAST_WINDOWS; i++)
		group->last->average_bps[i] += average_bps[i];
}

size_t group_count(const struct group *group)
{
	return group->count;
}

const struct row *group_get(const struct group *group, size_t i)
{
	return &group->row[i];
}

long group_find(const struct group *group, const struct flow_key *key)
{
	uint32_t place = group_place(group, key, hash_index_hash(&group->index, key, sizeof(*key)));

	return place != HASH_INDEX_NONE ? (long)place : -1;
}

size_t group_bytes(const struct group *group)
{
	return sizeof(*group) + group->room * sizeof(*group->row) + hash_index_bytes(&group->index);
}
