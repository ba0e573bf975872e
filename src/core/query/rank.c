/* SPDX-License-Identifier: MIT */
/* Ranks of names; see rank.h. */
#include "rank.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flow.h"

/* What ids are compared by. */
struct rank_context {
	const struct rows *rows;
	enum column column;
};

void ranks_done(struct ranks *ranks)
{
	free(ranks->rank);
	free(ranks->id);
}

enum column rank_column(const struct rows *rows, enum column sort)
{
	if (sort != COLUMN_SOURCE && sort != COLUMN_DESTINATION && sort != COLUMN_TUPLE)
		return sort;
	switch (rows->by) {
	case GROUP_PROCESS: return COLUMN_PROCESS;
	case GROUP_CONTAINER: return COLUMN_CONTAINER;
	case GROUP_USER: return COLUMN_USER;
	default: return sort;
	}
}

bool rank_has(enum column column)
{
	return column == COLUMN_PROCESS || column == COLUMN_USER || column == COLUMN_CONTAINER ||
	       column == COLUMN_IFACE;
}

static enum owner_part part_of(enum column column)
{
	switch (column) {
	case COLUMN_USER: return OWNER_USER;
	case COLUMN_CONTAINER: return OWNER_CONTAINER;
	default: return OWNER_PROCESS;
	}
}

/* Of a sum over all interfaces. */
#define NO_IFACE FLOW_IFACES_MAX

static uint32_t iface_of(const struct rows *rows, uint32_t index)
{
	const struct flow_key *key = rows_key(rows, index);

	if (rows->by != GROUP_FLOW && flow_key_sum(key) != FLOW_SUM_NONE)
		return NO_IFACE;
	return flow_key_slot(key);
}

static uint32_t rank_id(const struct rows *rows, enum column column, uint32_t index)
{
	if (column == COLUMN_IFACE)
		return iface_of(rows, index);
	return rows_owner(rows, index, part_of(column));
}

/* The text that names are ordered by; "" comes last. */
static const char *text_of(const struct rank_context *context, uint32_t id)
{
	if (context->column == COLUMN_IFACE && id == NO_IFACE)
		return "";
	if (context->column == COLUMN_IFACE)
		return ifaces_name(context->rows->source.ifaces, id);
	/* The kernel has neither user nor container, but is a group beside them. */
	if (context->column != COLUMN_PROCESS && !owner_is_process(id) &&
	    !group_by_owner(context->rows->by))
		return "";
	return owner_table_name(context->rows->owners, id, part_of(context->column));
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

/* Processes of one name stay together each. */
static int compare_ids(const void *left, const void *right, void *arg)
{
	const struct rank_context *context = arg;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const char *text = text_of(context, a), *other = text_of(context, b);
	const struct owner *owner_a, *owner_b;
	int order;

	if (!*text || !*other)
		return !*text - !*other;
	order = strcasecmp(text, other);
	if (order || context->column != COLUMN_PROCESS)
		return order;
	owner_a = owner_table_get(context->rows->owners, a);
	owner_b = owner_table_get(context->rows->owners, b);
	order = compare_numbers(owner_a->pid, owner_b->pid);
	return order ? order : compare_numbers(owner_a->start_ns, owner_b->start_ns);
}

static int make_rank_room(uint32_t **array, size_t *room, size_t count)
{
	uint32_t *made;

	if (count <= *room)
		return 0;
	made = reallocarray(*array, count + count / 4, sizeof(*made));
	if (!made)
		return -ENOMEM;
	*array = made;
	*room = count + count / 4;
	return 0;
}

/* Ids of the rows, each once; returns how many. */
static size_t collect(struct ranks *ranks, const struct rows *rows, enum column column)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		uint32_t id = rank_id(rows, column, rows->item[i].index);

		if (ranks->rank[id])
			continue;
		ranks->rank[id] = 1;
		ranks->id[count++] = id;
	}
	return count;
}

int ranks_make(struct ranks *ranks, const struct rows *rows, enum column column)
{
	struct rank_context context = {rows, column};
	size_t ids = NO_IFACE + 1, count;
	uint32_t rank = 1;

	if (column != COLUMN_IFACE)
		ids = OWNER_FIRST + (rows->owners ? owner_table_count(rows->owners) : 0);
	if (make_rank_room(&ranks->rank, &ranks->room, ids) ||
	    make_rank_room(&ranks->id, &ranks->id_room, ids))
		return -ENOMEM;
	memset(ranks->rank, 0, ids * sizeof(*ranks->rank));
	count = collect(ranks, rows, column);
	qsort_r(ranks->id, count, sizeof(*ranks->id), compare_ids, &context);
	for (size_t i = 0; i < count; i++) {
		if (i && compare_ids(&ranks->id[i - 1], &ranks->id[i], &context))
			rank++;
		ranks->rank[ranks->id[i]] = rank;
	}
	return 0;
}

uint32_t rank_of_row(const struct ranks *ranks, const struct rows *rows, enum column column,
		   uint32_t index)
{
	return ranks->rank[rank_id(rows, column, index)];
}
