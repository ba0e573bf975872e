/* SPDX-License-Identifier: MIT */
/*
 * Which flows still want an owner: a few bytes for each entry of the current flow table, so that a
 * snapshot whose flows are all known costs a walk over them and nothing else. A flow that nothing
 * is found for is looked at ever more rarely. One thread.
 */
#ifndef PKTSTAT_TODO_H
#define PKTSTAT_TODO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/* After so many looks without an answer a flow counts as missed. */
#define TODO_TRIES 4

struct todo;

int todo_new(struct todo **ret_todo);
void todo_free(struct todo *todo);

/* Rows of the snapshot that are due; owned by the todo, until the next call. -ENOMEM. */
int todo_collect(struct todo *todo, const struct snapshot *snapshot, const uint32_t **ret_rows,
		 size_t *ret_count);

/* When, at the earliest, the flow began (CLOCK_MONOTONIC); of a row that todo_collect() named. */
uint64_t todo_begin_ns(const struct todo *todo, const struct snapshot *snapshot, uint32_t row);

/* Its owner is known for good, or it was looked for in vain. True when it is now given up. */
void todo_found(struct todo *todo, const struct snapshot *snapshot, uint32_t row);
bool todo_missed(struct todo *todo, const struct snapshot *snapshot, uint32_t row);

#endif
