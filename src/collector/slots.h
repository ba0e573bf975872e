/* SPDX-License-Identifier: MIT */
/*
 * Which slot an interface gets. There are fewer of them than a container host has interfaces in a
 * day: when few are left, those of interfaces that are gone are given up, the longest gone first,
 * and are free for others. An interface that was asked for by name keeps its slot, since it may
 * return. Functions over struct attachments alone; same threads.
 */
#ifndef PKTSTAT_SLOTS_H
#define PKTSTAT_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "attachments.h"

/*
 * With fewer free ones, slots are given up until there are so many again, beside those that are
 * waited for: the flows are walked once for several interfaces and not for each.
 */
#define SLOTS_FEW   16
#define SLOTS_AGAIN 32
/* Drains after which nothing is left of an interface that went: one of each generation. */
#define SLOTS_QUIET FLOW_GENERATIONS

/* A free slot, now of an interface of that name that is not there yet; NULL when all are taken. */
struct attachment *slots_take(struct attachments *attachments, const char *name);

/* Tells of a drain: `whole` when both the swap and every read succeeded. */
void slots_drained(struct attachments *attachments, bool whole);

/* Slots of interfaces gone that may be given up, now or once everything was drained. */
size_t slots_of_gone(const struct attachments *attachments);

/*
 * If few are left, or an interface waits for one, frees slots of interfaces gone of which nothing is
 * left to drain, and says which in `ret_slot`. Returns how many.
 */
size_t slots_give_up(struct attachments *attachments, bool ret_slot[FLOW_IFACES_MAX]);

#endif
