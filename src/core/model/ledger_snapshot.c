/* SPDX-License-Identifier: MIT */
/* The end of an interval: recent flows become the rows of a snapshot. */
#include <errno.h>

#include "ledger_private.h"

/* A table of more than twice the recent flows plus this is left for a new one. */
#define ERA_SLACK 4096
/* Flows that are fetched ahead: they are mostly, but not all, in the order of their memory. */
#define ROWS_AHEAD 8

static int table_append(struct ledger *ledger, struct flow_table *table, struct ledger_recent *recent,
			uint32_t previous_id)
{
	const struct ledger_flow *flow = ledger_flow_at(ledger, recent->flow);
	struct flow_table_entry entry = {
		.key = flow->key,
		.first_wall_ns = flow->first_wall_ns,
		.previous_id = previous_id,
		.owner = flow->owner,
		.sight = flow->sight,
		.sight_word = flow->sight_word,
	};

	return flow_table_append(table, &entry, &recent->id);
}

/* What became known of a flow since its entry was made. */
static void take_owner(struct ledger *ledger, const struct ledger_recent *recent)
{
	struct ledger_flow *flow = ledger_flow_at(ledger, recent->flow);
	const struct flow_table_entry *entry;

	if (recent->id == FLOW_TABLE_NO_ID)
		return;
	entry = flow_table_get(ledger->table, recent->id);
	flow->owner = atomic_load_explicit(&entry->owner, memory_order_acquire);
	flow->sight = atomic_load_explicit(&entry->sight, memory_order_acquire);
	flow->sight_word = atomic_load_explicit(&entry->sight_word, memory_order_relaxed);
}

void ledger_take_owners(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->recents; i++)
		take_owner(ledger, &ledger->recent[i]);
}

/* Leaves a table that is mostly flows long gone for a new one; stays with it when out of memory. */
static void begin_era(struct ledger *ledger)
{
	struct flow_table *table;
	uint32_t previous_id;
	size_t i;

	if (ledger->table->count <= 2 * ledger->recents + ERA_SLACK)
		return;
	if (flow_table_new(ledger->table->era + 1, &table))
		return;
	ledger_take_owners(ledger);
	for (i = 0; i < ledger->recents; i++) {
		previous_id = ledger->recent[i].id;
		if (table_append(ledger, table, &ledger->recent[i], previous_id))
			break;
	}
	if (i < ledger->recents) { /* give the ids back */
		while (i-- > 0)
			ledger->recent[i].id =
				flow_table_get(table, ledger->recent[i].id)->previous_id;
		flow_table_unref(table);
		return;
	}
	flow_table_unref(ledger->table);
	ledger->table = table;
}

/* Ids for the flows that became recent since the last snapshot. */
static int assign_ids(struct ledger *ledger)
{
	size_t i = ledger->recents;
	int err = 0;

	while (i > 0 && ledger->recent[i - 1].id == FLOW_TABLE_NO_ID)
		i--;
	for (; i < ledger->recents && !err; i++)
		err = table_append(ledger, ledger->table, &ledger->recent[i], FLOW_TABLE_NO_ID);
	return err;
}

/* A flow that is idle for the keep time is recent no more, unless there is no memory to log it. */
static bool expire(struct ledger *ledger, const struct ledger_recent *recent)
{
	struct ledger_flow *flow = ledger_flow_at(ledger, recent->flow);

	take_owner(ledger, recent);
	if (ledger_idle_enter(ledger, flow))
		return false;
	flow->recent = LEDGER_NOT_RECENT;
	return true;
}

/* Brings a recent flow up to date with the snapshot; false when it is to be dropped. */
static bool take_recent(struct ledger *ledger, struct ledger_recent *recent,
			struct ledger_flow *flow, const struct flow_counts *delta,
			uint64_t now_mono_ns)
{
	if (delta->packets) {
		recent->active_mono_ns = now_mono_ns;
		recent->before = flow->total;
		flow->last_wall_ns = ledger->to_wall_ns;
		return true;
	}
	return now_mono_ns - recent->active_mono_ns <= ledger->keep_ns || !expire(ledger, recent);
}

static struct snapshot_row row_of_recent(const struct ledger_recent *recent, const struct ledger_flow *flow,
				  const struct flow_counts *delta)
{
	return (struct snapshot_row){
		.id = recent->id,
		.delta_packets = delta->packets,
		.delta_bytes = delta->bytes,
		.packets = flow->total.packets,
		.bytes = flow->total.bytes,
	};
}

/*
 * Makes the rows, and drops the flows that were idle for the keep time; the others keep their order, so
 * their ids. One pass: with many flows their memory is what it takes time for.
 */
static void fill_rows(struct ledger *ledger, uint64_t now_mono_ns, struct snapshot *snapshot)
{
	size_t kept = 0;

	for (size_t i = 0; i < ledger->recents; i++) {
		struct ledger_recent *recent = &ledger->recent[i];
		struct ledger_flow *flow = ledger_flow_at(ledger, recent->flow);
		const struct flow_counts delta = ledger_delta(flow, recent);

		if (i + ROWS_AHEAD < ledger->recents)
			__builtin_prefetch(
				ledger_flow_at(ledger, ledger->recent[i + ROWS_AHEAD].flow), 1);
		if (!take_recent(ledger, recent, flow, &delta, now_mono_ns))
			continue;
		snapshot->row[kept] = row_of_recent(recent, flow, &delta);
		snapshot->flows_active += delta.packets && !flow_key_sum(&flow->key);
		if (kept != i) {
			ledger->recent[kept] = *recent;
			flow->recent = (uint32_t)kept;
		}
		kept++;
	}
	ledger->recents = kept;
	snapshot->count = kept;
}

/* The rows, with the table they point into and the flows that have none. */
static int make_snapshot(struct ledger *ledger, uint64_t now_mono_ns, struct snapshot **ret_snapshot)
{
	int err;

	ledger_settle(ledger);
	ledger_settle_gone(ledger);
	err = assign_ids(ledger);
	if (err)
		return err;
	begin_era(ledger);
	err = snapshot_new(ledger->recents, ret_snapshot);
	if (!err)
		fill_rows(ledger, now_mono_ns, *ret_snapshot);
	return err;
}

int ledger_snapshot(struct ledger *ledger, uint64_t now_mono_ns, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot;
	int err;

	if (ledger->idle)
		idle_log_begin(ledger->idle);
	err = make_snapshot(ledger, now_mono_ns, &snapshot);
	if (err && ledger->idle)
		idle_log_abort(ledger->idle);
	if (err)
		return err;
	if (ledger->idle) {
		snapshot->idle = idle_log_ref(ledger->idle);
		snapshot->idle_at = idle_log_commit(ledger->idle);
	}
	snapshot->table = flow_table_ref(ledger->table);
	snapshot->era = ledger->table->era;
	snapshot->flows_known = (uint32_t)ledger->count;
	snapshot->health.aged = ledger->aged;
	snapshot->health.flows_aged = ledger->flows_aged;
	snapshot->health.gone = ledger->gone_total;
	snapshot->health.flows_gone = ledger->flows_gone;
	snapshot->health.ledger_bytes = ledger_bytes(ledger);
	*ret_snapshot = snapshot;
	return 0;
}

