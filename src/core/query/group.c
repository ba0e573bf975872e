/* SPDX-License-Identifier: MIT */
/*
 * Groups of flows in a hash table with open addressing over an array of rows; see group.h. A
 * struct group belongs to its caller.
 */
#include "group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "flow.h"

#define FIRST_SLOTS 256 /* a power of two */

struct group {
	enum group_by by;
	const struct owner_table *owners; /* borrowed, or NULL */
	struct group_row *row;
	struct group_row *last; /* added to last */
	size_t count, room;
	uint32_t *slot; /* place of a row + 1; 0: free */
	size_t slots;	/* a power of two, more than twice `count` */
};

int group_new(struct group **ret_group)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group)
		return -ENOMEM;
	group->slot = calloc(FIRST_SLOTS, sizeof(*group->slot));
	if (!group->slot) {
		free(group);
		return -ENOMEM;
	}
	group->slots = FIRST_SLOTS;
	*ret_group = group;
	return 0;
}

void group_free(struct group *group)
{
	if (!group)
		return;
	free(group->row);
	free(group->slot);
	free(group);
}

/* Gives the memory back; where there is none for the few first slots, the many stay. */
static void shrink(struct group *group)
{
	uint32_t *slot = calloc(FIRST_SLOTS, sizeof(*slot));

	free(group->row);
	group->row = NULL;
	group->room = 0;
	if (!slot)
		return;
	free(group->slot);
	group->slot = slot;
	group->slots = FIRST_SLOTS;
}

void group_reset(struct group *group, enum group_by by, const struct owner_table *owners)
{
	if (by != group->by)
		shrink(group);
	group->by = by;
	group->owners = owners;
	group->count = 0;
	group->last = NULL;
	memset(group->slot, 0, group->slots * sizeof(*group->slot));
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *find_slot(const struct group *group, const struct flow_key *key)
{
	size_t at = XXH3_64bits(key, sizeof(*key)) & (group->slots - 1);

	while (group->slot[at] && !flow_key_equal(&group->row[group->slot[at] - 1].key, key))
		at = (at + 1) & (group->slots - 1);
	return &group->slot[at];
}

static int grow_slots(struct group *group)
{
	uint32_t *slot = calloc(group->slots * 2, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	free(group->slot);
	group->slot = slot;
	group->slots *= 2;
	for (size_t i = 0; i < group->count; i++)
		*find_slot(group, &group->row[i].key) = (uint32_t)i + 1;
	return 0;
}

static int grow_rows(struct group *group)
{
	size_t room = group->room ? group->room * 2 : FIRST_SLOTS / 2;
	struct group_row *row = reallocarray(group->row, room, sizeof(*row));

	if (!row)
		return -ENOMEM;
	group->row = row;
	group->room = room;
	return 0;
}

static int append(struct group *group, const struct flow_key *key, int64_t first_wall_ns,
		  struct group_row **ret_row)
{
	if (group->count == group->room && grow_rows(group))
		return -ENOMEM;
	if (2 * (group->count + 1) > group->slots && grow_slots(group))
		return -ENOMEM;
	*find_slot(group, key) = (uint32_t)group->count + 1;
	*ret_row = &group->row[group->count++];
	**ret_row = (struct group_row){.key = *key, .first_wall_ns = first_wall_ns};
	return 0;
}

static void add_counts(struct flow_counts *to, const struct flow_counts *counts)
{
	to->packets += counts->packets;
	to->bytes += counts->bytes;
}

/*
 * The owner of a group is the process that all of its flows have. Of a conversation it is enough to
 * know it in one direction: both have the same socket.
 */
static void add_owner(const struct group *group, struct group_row *row, uint32_t owner)
{
	uint32_t one = owner_table_representative(group->owners, row->owner, OWNER_PROCESS);
	uint32_t other = owner_table_representative(group->owners, owner, OWNER_PROCESS);

	if (!row->flows ||
	    (group->by == GROUP_CONVERSATION && !row->mixed && one == OWNER_UNKNOWN)) {
		row->owner = owner;
	} else if (one != other && !(group->by == GROUP_CONVERSATION && other == OWNER_UNKNOWN)) {
		row->mixed = true;
		row->owner = OWNER_UNKNOWN;
	}
}

int group_add(struct group *group, const struct flow_key *key, const struct flow_counts *delta,
	      const struct flow_counts *total, int64_t first_wall_ns, uint32_t owner)
{
	struct flow_key of = group_key(group->by, key, group->owners, owner);
	uint32_t place = *find_slot(group, &of);
	struct group_row *row;

	if (place)
		row = &group->row[place - 1];
	else if (append(group, &of, first_wall_ns, &row))
		return -ENOMEM;
	add_counts(&row->delta[flow_key_dir(key)], delta);
	add_counts(&row->total[flow_key_dir(key)], total);
	if (first_wall_ns < row->first_wall_ns)
		row->first_wall_ns = first_wall_ns;
	if (group->owners)
		add_owner(group, row, owner);
	row->flows++;
	group->last = row;
	return 0;
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

const struct group_row *group_get(const struct group *group, size_t i)
{
	return &group->row[i];
}

long group_find(const struct group *group, const struct flow_key *key)
{
	return (long)*find_slot(group, key) - 1;
}

size_t group_bytes(const struct group *group)
{
	return sizeof(*group) + group->room * sizeof(*group->row) +
	       group->slots * sizeof(*group->slot);
}
