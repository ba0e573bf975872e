/* SPDX-License-Identifier: MIT */
/* Making room in a full ledger: the flows idle longest become "aged" rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_private.h"

/* Share of the bound that is folded at a time. */
#define FOLD_SHARE 8

void ledger_spill(struct ledger *ledger, const struct flow_key *key, uint64_t packets,
		  uint64_t bytes)
{
	struct flow_counts *counts = &ledger->spill[key->where][flow_key_class(key)];

	counts->packets += packets;
	counts->bytes += bytes;
	ledger->aged.packets += packets;
	ledger->aged.bytes += bytes;
	ledger->spilled = true;
}

static int compare_wall(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

/* A flow that may be folded: real, and without a packet in this interval. */
static bool is_foldable(const struct ledger *ledger, const struct ledger_flow *flow)
{
	return flow_key_sum(&flow->key) < FLOW_SUM_MAP_FULL &&
	       (flow->recent == LEDGER_NOT_RECENT ||
		!ledger_delta(flow, &ledger->recent[flow->recent]).packets);
}

/*
 * Time of last sight up to which flows are folded, so that a share of them goes, and how many of
 * those seen last at just that time are part of the share.
 */
static int fold_cutoff(const struct ledger *ledger, int64_t *ret_wall_ns, size_t *ret_ties)
{
	int64_t *wall_ns = malloc(ledger->count * sizeof(*wall_ns));
	size_t i, count = 0;

	if (!wall_ns)
		return -ENOMEM;
	for (i = 0; i < ledger->count; i++) {
		if (is_foldable(ledger, ledger_flow_at(ledger, i)))
			wall_ns[count++] = ledger_flow_at(ledger, i)->last_wall_ns;
	}
	if (count) {
		qsort(wall_ns, count, sizeof(*wall_ns), compare_wall);
		i = ledger->max_flows / FOLD_SHARE;
		i = i < count ? i : count - 1;
		*ret_wall_ns = wall_ns[i];
		for (*ret_ties = 1; i > 0 && wall_ns[i - 1] == wall_ns[i]; i--)
			++*ret_ties;
	}
	free(wall_ns);
	return count ? 0 : -ENOENT;
}

void ledger_recent_forget(struct ledger *ledger)
{
	size_t i, kept = 0;

	for (i = 0; i < ledger->recents; i++) {
		if (ledger->recent[i].flow == LEDGER_NO_FLOW)
			continue;
		ledger->recent[kept] = ledger->recent[i];
		ledger_flow_at(ledger, ledger->recent[kept].flow)->recent = (uint32_t)kept;
		kept++;
	}
	ledger->recents = kept;
}

/* Whether a flow is folded; of those at the cutoff as many as `ties` says. */
static bool is_due(const struct ledger *ledger, const struct ledger_flow *flow, int64_t cutoff_ns,
		   size_t *ties)
{
	if (flow->last_wall_ns > cutoff_ns || !is_foldable(ledger, flow))
		return false;
	if (flow->last_wall_ns < cutoff_ns)
		return true;
	return *ties && (*ties)--;
}

/* Finds no error: there is room for as many flows already. */
static void fill_index(struct ledger *ledger)
{
	hash_index_clear(&ledger->index);
	for (size_t i = 0; i < ledger->count; i++) {
		if (hash_index_add(&ledger->index, ledger_flow_at(ledger, i)->hash, (uint32_t)i))
			return;
	}
}

int ledger_fold_idle(struct ledger *ledger)
{
	size_t i, kept = 0, ties = 0, folded = 0;
	struct ledger_flow *flow;
	int64_t cutoff_ns = 0;
	int err = fold_cutoff(ledger, &cutoff_ns, &ties);

	if (err)
		return err;
	for (i = 0; i < ledger->count; i++) {
		flow = ledger_flow_at(ledger, i);
		if (is_due(ledger, flow, cutoff_ns, &ties)) {
			ledger_spill(ledger, &flow->key, flow->total.packets, flow->total.bytes);
			if (flow->recent != LEDGER_NOT_RECENT)
				ledger->recent[flow->recent].flow = LEDGER_NO_FLOW;
			ledger_idle_leave(ledger, flow);
			ledger->flows_on[flow_key_slot(&flow->key)]--;
			folded++;
			continue;
		}
		if (flow->recent != LEDGER_NOT_RECENT)
			ledger->recent[flow->recent].flow = (uint32_t)kept;
		*ledger_flow_at(ledger, kept++) = *flow;
	}
	ledger->count = kept;
	ledger->flows_aged += folded;
	ledger_recent_forget(ledger);
	fill_index(ledger);
	return 0;
}

static int settle_flow(struct ledger *ledger, struct ledger_flow *flow,
		       const struct flow_counts *counts)
{
	const struct flow_counts before = flow->total;

	flow->total.packets += counts->packets;
	flow->total.bytes += counts->bytes;
	if (flow->recent == LEDGER_NOT_RECENT && ledger_idle_enter(ledger, flow)) {
		flow->total = before;
		return -ENOMEM;
	}
	/* It was counted long ago, in other rows. */
	if (flow->recent != LEDGER_NOT_RECENT)
		flow_counts_add(&ledger->recent[flow->recent].before, counts);
	flow->last_wall_ns = ledger->to_wall_ns;
	return 0;
}

void ledger_settle(struct ledger *ledger)
{
	struct ledger_flow *flow;
	struct flow_counts *counts;
	struct flow_key key;
	size_t i, place;

	if (!ledger->spilled)
		return;
	ledger->spilled = false;
	for (i = 0; i < (size_t)FLOW_WHERES * FLOW_CLASSES; i++) {
		counts = &ledger->spill[i / FLOW_CLASSES][i % FLOW_CLASSES];
		if (!counts->packets)
			continue;
		key = flow_key_of_sum(FLOW_SUM_AGED, (uint16_t)(i % FLOW_CLASSES), 0,
				      (uint8_t)(i / FLOW_CLASSES));
		flow = ledger_flow_of_key(ledger, &key, &place);
		if (!flow) {
			ledger->spilled = true;
			continue;
		}
		if (!settle_flow(ledger, flow, counts))
			*counts = (struct flow_counts){0};
		else
			ledger->spilled = true;
	}
}
