/* SPDX-License-Identifier: MIT */
/*
 * The idle log: flows that are known but in no row of the newest snapshot, because they had no
 * packet for the keep time. Each has one entry, made when the flow goes idle and never changed, so
 * that every snapshot can say which flows were idle at its moment and what they had counted:
 *
 *   rows of a snapshot + flows idle at its moment = every flow known then
 *
 * The ledger writes, in the collector thread; a reader takes the difference between two moments as
 * events, or all flows of one. Nothing here walks all known flows at a refresh. Bounded: an entry
 * for each flow of the ledger, and a ring buffer of events to step back through, with their
 * entries. The writer never waits for a reader.
 */
#ifndef PKTSTAT_IDLE_LOG_H
#define PKTSTAT_IDLE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"

/* Fewest events kept: flows that became idle or active again. */
#define IDLE_LOG_EVENTS (1U << 18)
/* No entry. */
#define IDLE_LOG_NONE UINT32_MAX

struct idle_flow {
	struct flow_key key;
	struct flow_counts total;
	int64_t first_wall_ns;
	uint32_t owner;		/* id of the owner table */
	uint32_t sight, sight_word; /* what packets said of it (sight.h) */
	uint32_t from;		/* version in which it went idle */
	_Atomic uint32_t until; /* version in which it no longer was; 0: it still is */
};

/* The state of the log at the end of an interval. Version 0: nothing was idle yet. */
struct idle_moment {
	uint64_t events; /* number of events so far */
	uint32_t version;
};

struct idle_log;

/* For a ledger of `max_flows` flows; one reference. 0 or -ENOMEM. */
int idle_log_new(size_t max_flows, struct idle_log **ret_log);
struct idle_log *idle_log_ref(struct idle_log *log);
/* Puts one reference, frees with the last; NULL is allowed. Returns NULL. */
struct idle_log *idle_log_unref(struct idle_log *log);

/*
 * Writer. A flow goes idle: its entry is a copy whose `from` and `until` are set here. 0 with the
 * place of the entry, or -ENOMEM.
 */
int idle_log_enter(struct idle_log *log, const struct idle_flow *flow, uint32_t *ret_place);
/* Writer. The flow of an entry has a packet again, or is folded into a sum. */
void idle_log_leave(struct idle_log *log, uint32_t place);
/*
 * Writer. From begin to commit, entries that no moment can reach may be reused, unless a reader is
 * at work. Commit ends the interval and returns its moment.
 */
void idle_log_begin(struct idle_log *log);
struct idle_moment idle_log_commit(struct idle_log *log);
/* Writer. Undoes idle_log_begin(); the interval continues. */
void idle_log_abort(struct idle_log *log);

/* Called for a flow that is added (1) or taken away (-1); `place` names its entry. 0 or -ENOMEM. */
typedef int idle_log_visit(void *context, const struct idle_flow *flow, uint32_t place, int sign);

/*
 * Any thread. Visits all flows that were idle at `moment`. 0, -ESTALE when the log does not reach
 * back so far, or what `visit` returned.
 */
int idle_log_all(struct idle_log *log, const struct idle_moment *moment, idle_log_visit *visit,
		 void *context);
/* The difference between two moments, in either direction of time; the same errors. After one of
 * them it is not known what was visited. */
int idle_log_between(struct idle_log *log, const struct idle_moment *from,
		     const struct idle_moment *to, idle_log_visit *visit, void *context);

/* Entries there are room for in what was allocated; any thread. Places are below. */
uint32_t idle_log_room(const struct idle_log *log);
/* Bytes of memory held. Writer. */
size_t idle_log_bytes(const struct idle_log *log);

#endif
