/* SPDX-License-Identifier: MIT */
/* States by place in the flow table. When a new era begins, they move along with the flows. */
#include "todo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "owner.h"

#define WAIT_MAX_SHIFT 6 /* the longest pause: 64 snapshots */
#define MS_NS 1000000ULL

struct todo_state {
	uint32_t begin_ms;	 /* since the first snapshot */
	uint32_t next_seq : 24;	 /* of the snapshot in which to look again, modulo 2^24 */
	uint32_t tries : 4;	 /* in vain */
	uint32_t looks : 2;	 /* at an owner that may change */
	uint32_t done : 1;
	uint32_t known : 1; /* an owner was written */
};

#define SEQ_MASK ((1U << 24) - 1)
/* An owner that may change is looked at again a second later, 2 s after that, and 4 s after that. */
#define LOOKS_MAX 3
#define LOOK_NS	  1000000000ULL

struct todo {
	struct todo_state *state;
	uint32_t count, room;
	uint32_t era;
	uint64_t first_ns; /* time of the first snapshot */
	uint64_t last_ns;  /* of the previous one */
	uint64_t seq;	   /* of the newest that was collected */
	uint64_t mono_ns;  /* its time */
	uint32_t *rows;
	size_t rows_room;
};

int todo_new(struct todo **ret_todo)
{
	struct todo *todo = calloc(1, sizeof(*todo));

	if (!todo)
		return -ENOMEM;
	*ret_todo = todo;
	return 0;
}

void todo_free(struct todo *todo)
{
	if (!todo)
		return;
	free(todo->state);
	free(todo->rows);
	free(todo);
}

static int make_room_for_flows(struct todo *todo, uint32_t count)
{
	uint32_t room = todo->room ? todo->room : 1024;
	struct todo_state *state;

	while (room < count)
		room *= 2;
	if (room == todo->room)
		return 0;
	state = realloc(todo->state, room * sizeof(*state));
	if (!state)
		return -ENOMEM;
	todo->state = state;
	todo->room = room;
	return 0;
}

/* Flows that were not there in the snapshot before began after it. */
static struct todo_state fresh_state(const struct todo *todo)
{
	uint64_t begin_ns = todo->last_ns > todo->first_ns ? todo->last_ns - todo->first_ns : 0;

	return (struct todo_state){.begin_ms = (uint32_t)(begin_ns / MS_NS)};
}

/* Entries of a new table take over the states of those they continue. */
static int begin_todo_era(struct todo *todo, const struct snapshot *snapshot, uint32_t count)
{
	struct todo_state *old = todo->state;
	uint32_t old_count = todo->era + 1 == snapshot->era ? todo->count : 0;
	int err;

	todo->state = NULL;
	todo->room = 0;
	todo->count = 0;
	err = make_room_for_flows(todo, count);
	if (err) {
		todo->state = old;
		return err;
	}
	for (; todo->count < count; todo->count++) {
		const struct flow_table_entry *entry = flow_table_get(snapshot->table, todo->count);
		struct todo_state *state = &todo->state[todo->count];

		*state = entry->previous_id < old_count ? old[entry->previous_id] :
							  fresh_state(todo);
		/* Its owner was written after the entry had been copied. */
		if (state->known && atomic_load(&entry->owner) == OWNER_UNKNOWN)
			*state = (struct todo_state){.begin_ms = state->begin_ms};
		else if (state->looks)
			state->done = 0; /* and so may another one have been */
	}
	free(old);
	todo->era = snapshot->era;
	return 0;
}

static int add_entries(struct todo *todo, const struct snapshot *snapshot, uint32_t count)
{
	int err;

	if (todo->era != snapshot->era)
		return begin_todo_era(todo, snapshot, count);
	if (count <= todo->count)
		return 0;
	err = make_room_for_flows(todo, count);
	while (!err && todo->count < count)
		todo->state[todo->count++] = fresh_state(todo);
	return err;
}

static int make_rows_room(struct todo *todo, size_t count)
{
	uint32_t *rows;

	if (count <= todo->rows_room)
		return 0;
	rows = realloc(todo->rows, count * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	todo->rows = rows;
	todo->rows_room = count;
	return 0;
}

static bool is_lookup_due(const struct todo *todo, const struct todo_state *state)
{
	uint32_t ahead = ((uint32_t)todo->seq - state->next_seq) & SEQ_MASK;

	return !state->done && ((!state->tries && !state->looks) || ahead <= SEQ_MASK / 2);
}

int todo_collect(struct todo *todo, const struct snapshot *snapshot, const uint32_t **ret_rows,
		 size_t *ret_count)
{
	/* Ids ascend, and entries behind the last row's are none of this snapshot's. */
	uint32_t entries = snapshot->count ? (uint32_t)snapshot->row[snapshot->count - 1].id + 1 : 0;
	size_t count = 0;
	int err = make_rows_room(todo, snapshot->count);

	if (!todo->first_ns)
		todo->first_ns = snapshot->mono_ns;
	if (snapshot->seq != todo->seq)
		todo->last_ns = todo->mono_ns;
	todo->seq = snapshot->seq;
	todo->mono_ns = snapshot->mono_ns;
	if (!err)
		err = add_entries(todo, snapshot, entries);
	if (err)
		return err;
	for (uint32_t i = 0; i < snapshot->count; i++) {
		struct todo_state *state = &todo->state[snapshot->row[i].id];

		if (!is_lookup_due(todo, state))
			continue;
		if (flow_key_sum(snapshot_key(snapshot, i)) != FLOW_SUM_NONE)
			state->done = 1;
		else
			todo->rows[count++] = i;
	}
	*ret_rows = todo->rows;
	*ret_count = count;
	return 0;
}

uint64_t todo_begin_ns(const struct todo *todo, const struct snapshot *snapshot, uint32_t row)
{
	const struct todo_state *state = &todo->state[snapshot->row[row].id];

	/* What was there in the first snapshot may have begun at any time before. */
	return state->begin_ms ? todo->first_ns + state->begin_ms * MS_NS : 0;
}

static void wait_for(struct todo_state *state, const struct snapshot *snapshot, uint64_t count)
{
	state->next_seq = (uint32_t)(snapshot->seq + count) & SEQ_MASK;
}

bool todo_found(struct todo *todo, const struct snapshot *snapshot, uint32_t row, bool settled)
{
	struct todo_state *state = &todo->state[snapshot->row[row].id];
	uint64_t interval_ns = snapshot->elapsed_ns ? snapshot->elapsed_ns : 1;
	bool first = !state->known;

	state->known = 1;
	if (settled || state->looks == LOOKS_MAX)
		state->done = 1;
	else
		wait_for(state, snapshot, (LOOK_NS << state->looks++) / interval_ns + 1);
	return first;
}

bool todo_doubted(struct todo *todo, const struct snapshot *snapshot, uint32_t row)
{
	struct todo_state *state = &todo->state[snapshot->row[row].id];
	bool missed = !state->known && state->tries < TODO_TRIES;

	state->done = 1;
	return missed;
}

bool todo_missed(struct todo *todo, const struct snapshot *snapshot, uint32_t row)
{
	struct todo_state *state = &todo->state[snapshot->row[row].id];
	unsigned int shift = state->tries < WAIT_MAX_SHIFT ? state->tries : WAIT_MAX_SHIFT;

	if (state->known) {
		state->done = 1; /* its socket is gone: the owner stays */
		return false;
	}
	if (state->tries < TODO_TRIES + WAIT_MAX_SHIFT)
		state->tries++;
	wait_for(state, snapshot, 1U << shift);
	return state->tries == TODO_TRIES;
}
