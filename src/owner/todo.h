/* SPDX-License-Identifier: MIT */
/*
 * Which flows still need an owner: a few bytes for each entry of the current flow table, so that a
 * snapshot of known flows costs one walk over them and nothing else. A flow without an owner is
 * looked up less and less often. One thread.
 */
#ifndef PKTSTAT_TODO_H
#define PKTSTAT_TODO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/* Lookups without an answer after which a flow counts as missed. */
#define TODO_TRIES 4

struct todo;

int todo_new(struct todo **ret_todo);
void todo_free(struct todo *todo);

/* Rows of the snapshot that are due; owned by the todo, until the next call. -ENOMEM. */
int todo_collect(struct todo *todo, const struct snapshot *snapshot, const uint32_t **ret_rows,
		 size_t *ret_count);

/* When, at the earliest, the flow began (CLOCK_MONOTONIC); of a row that todo_collect() named. */
uint64_t todo_begin_ns(const struct todo *todo, const struct snapshot *snapshot, uint32_t row);

/*
 * An owner was found. Unless it is settled the flow is due again a few times in the next seconds,
 * since its process may change or start another program soon. True the first time.
 */
bool todo_found(struct todo *todo, const struct snapshot *snapshot, uint32_t row, bool settled);
/* No owner was found; one found earlier stays. True when it is now given up. */
bool todo_missed(struct todo *todo, const struct snapshot *snapshot, uint32_t row);
/* The same, and looking again would not help. */
bool todo_doubted(struct todo *todo, const struct snapshot *snapshot, uint32_t row);

#endif
