/* SPDX-License-Identifier: MIT */
/*
 * Slots that get another interface: what was counted on the previous one becomes a few sums. Unlike a
 * fold at the bound this happens as often as interfaces come and go, so it must not rebuild
 * everything: flows are taken out one by one, each place filled by the last flow.
 */
#include "ledger_private.h"

static const enum flow_sum sum_of_kind[LEDGER_GONE_KINDS] = {
	[LEDGER_GONE_FLOWS] = FLOW_SUM_GONE,
	[LEDGER_GONE_MAP_FULL] = FLOW_SUM_MAP_FULL,
	[LEDGER_GONE_AGED] = FLOW_SUM_AGED,
};

/* What says how exact the counts are keeps saying so. */
static enum ledger_gone_kind retired_kind(const struct flow_key *key)
{
	switch (flow_key_sum(key)) {
	case FLOW_SUM_MAP_FULL: return LEDGER_GONE_MAP_FULL;
	case FLOW_SUM_AGED: return LEDGER_GONE_AGED;
	default: return LEDGER_GONE_FLOWS;
	}
}

static void gone_add(struct ledger *ledger, struct ledger_gone *gone,
		     const struct ledger_flow *flow)
{
	struct flow_counts delta = {0};
	int64_t last_wall_ns;

	if (flow->recent != LEDGER_NOT_RECENT)
		delta = ledger_delta(flow, &ledger->recent[flow->recent]);
	last_wall_ns = delta.packets ? ledger->to_wall_ns : flow->last_wall_ns;
	if (!gone->total.packets || flow->first_wall_ns < gone->first_wall_ns)
		gone->first_wall_ns = flow->first_wall_ns;
	if (!gone->total.packets || last_wall_ns > gone->last_wall_ns)
		gone->last_wall_ns = last_wall_ns;
	flow_counts_add(&gone->total, &flow->total);
	flow_counts_add(&gone->delta, &delta);
	ledger->gone_waits = true;
}

/* Leaves a hole, which close_holes() closes. */
static void recent_drop(struct ledger *ledger, uint32_t at)
{
	ledger->recent[at].flow = LEDGER_NO_FLOW;
	ledger->recent_holes = true;
}

static void close_holes(struct ledger *ledger)
{
	if (ledger->recent_holes)
		ledger_recent_forget(ledger);
	ledger->recent_holes = false;
}

/* Takes the flow at that place out; the last one takes the place. */
static void flow_remove(struct ledger *ledger, size_t place)
{
	struct ledger_flow *flow = ledger_flow_at(ledger, place);
	size_t last = ledger->count - 1;

	ledger_idle_leave(ledger, flow);
	ledger->flows_on[flow_key_slot(&flow->key)]--;
	if (flow->recent != LEDGER_NOT_RECENT)
		recent_drop(ledger, flow->recent);
	hash_index_remove(&ledger->index, flow->hash, (uint32_t)place);
	if (place != last) {
		hash_index_renumber(&ledger->index, ledger_flow_at(ledger, last)->hash,
				    (uint32_t)last, (uint32_t)place);
		*flow = *ledger_flow_at(ledger, last);
		if (flow->recent != LEDGER_NOT_RECENT)
			ledger->recent[flow->recent].flow = (uint32_t)place;
	}
	ledger->count--;
}

static void retire_flow(struct ledger *ledger, size_t place)
{
	const struct ledger_flow *flow = ledger_flow_at(ledger, place);
	enum ledger_gone_kind kind = retired_kind(&flow->key);

	gone_add(ledger, &ledger->gone[kind][flow_key_dir(&flow->key)][flow_key_class(&flow->key)],
		 flow);
	if (kind == LEDGER_GONE_FLOWS) {
		flow_counts_add(&ledger->gone_total, &flow->total);
		ledger->flows_gone++;
	}
	flow_remove(ledger, place);
}

/* What still waits for an "aged" row of the slot. */
static void retire_spill(struct ledger *ledger, unsigned int slot)
{
	struct ledger_flow flow = {.recent = LEDGER_NOT_RECENT,
				   .first_wall_ns = ledger->from_wall_ns,
				   .last_wall_ns = ledger->to_wall_ns};

	for (unsigned int i = 0; i < FLOW_DIRS * FLOW_CLASSES; i++) {
		unsigned int dir = i / FLOW_CLASSES, class = i % FLOW_CLASSES;
		struct flow_counts *spill = &ledger->spill[FLOW_WHERE(slot, dir)][class];

		if (!spill->packets)
			continue;
		flow.total = *spill;
		gone_add(ledger, &ledger->gone[LEDGER_GONE_AGED][dir][class], &flow);
		*spill = (struct flow_counts){0};
	}
}

void ledger_retire(struct ledger *ledger, const bool slot[FLOW_IFACES_MAX])
{
	size_t left = 0;

	for (unsigned int i = 0; i < FLOW_IFACES_MAX; i++) {
		if (!slot[i])
			continue;
		left += ledger->flows_on[i];
		retire_spill(ledger, i);
	}
	/*
	 * An interface that is gone was mostly there for a short time, and its flows came late. From
	 * the end on, what takes a place has been looked at already.
	 */
	for (size_t place = ledger->count; left && place-- > 0;) {
		if (!slot[flow_key_slot(&ledger_flow_at(ledger, place)->key)])
			continue;
		retire_flow(ledger, place);
		left--;
	}
	close_holes(ledger);
	ledger_settle_gone(ledger);
}

/*
 * Makes the row a recent one with what was counted in this interval, before its total is added. One
 * that it is already gets a new id: its total jumps by more than was counted, and who compares it with
 * that of an earlier snapshot must not take the difference for traffic.
 */
static bool renew_recent(struct ledger *ledger, struct ledger_flow *flow, size_t place,
			 const struct ledger_gone *gone)
{
	uint32_t old = flow->recent;
	struct ledger_recent *recent;

	if (old == LEDGER_NOT_RECENT && !gone->delta.packets)
		return true;
	recent = ledger_recent_append(ledger, flow, place);
	if (!recent)
		return false;
	if (old != LEDGER_NOT_RECENT) {
		recent->before = ledger->recent[old].before;
		recent->active_mono_ns = ledger->recent[old].active_mono_ns;
		recent_drop(ledger, old);
	}
	recent->before.packets += gone->total.packets - gone->delta.packets;
	recent->before.bytes += gone->total.bytes - gone->delta.bytes;
	return true;
}

static bool settle_row(struct ledger *ledger, const struct flow_key *key,
		       const struct ledger_gone *gone)
{
	size_t place, known = ledger->count;
	struct ledger_flow *flow = ledger_flow_of_key(ledger, key, &place);
	const struct flow_counts before = flow ? flow->total : (struct flow_counts){0};

	if (!flow || !renew_recent(ledger, flow, place, gone))
		return false;
	flow_counts_add(&flow->total, &gone->total);
	if (flow->recent == LEDGER_NOT_RECENT && ledger_idle_enter(ledger, flow)) {
		flow->total = before;
		return false;
	}
	if (place == known || gone->first_wall_ns < flow->first_wall_ns)
		flow->first_wall_ns = gone->first_wall_ns;
	if (place == known || gone->last_wall_ns > flow->last_wall_ns)
		flow->last_wall_ns = gone->last_wall_ns;
	return true;
}

void ledger_settle_gone(struct ledger *ledger)
{
	bool waits = false;

	if (!ledger->gone_waits)
		return;
	for (unsigned int i = 0; i < LEDGER_GONE_KINDS * FLOW_DIRS * FLOW_CLASSES; i++) {
		unsigned int kind = i / (FLOW_DIRS * FLOW_CLASSES);
		unsigned int dir = i / FLOW_CLASSES % FLOW_DIRS, class = i % FLOW_CLASSES;
		struct ledger_gone *gone = &ledger->gone[kind][dir][class];
		struct flow_key key = flow_key_of_sum(sum_of_kind[kind], (uint16_t) class, 0,
						      FLOW_WHERE(FLOW_SLOT_GONE, dir));

		if (!gone->total.packets)
			continue;
		if (settle_row(ledger, &key, gone))
			*gone = (struct ledger_gone){0};
		else
			waits = true;
	}
	ledger->gone_waits = waits;
	close_holes(ledger);
}
