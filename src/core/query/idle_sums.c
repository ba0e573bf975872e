/* SPDX-License-Identifier: MIT */
/* Following the idle log from snapshot to snapshot; see idle_sums.h. */
#include "idle_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

int idle_sums_init(struct idle_sums *sums)
{
	return idle_groups_init(&sums->groups);
}

static void let_go(struct idle_sums *sums)
{
	sums->log = idle_log_unref(sums->log);
	free(sums->counted);
	sums->counted = NULL;
}

void idle_sums_done(struct idle_sums *sums)
{
	let_go(sums);
	idle_groups_done(&sums->groups);
}

static void idle_begin(struct idle_sums *sums, enum group_by by, const struct owner_table *owners,
		  size_t expected)
{
	memset(sums->total, 0, sizeof(sums->total));
	sums->flows = 0;
	sums->known = true;
	idle_groups_reset(&sums->groups, by, owners, expected);
}

void idle_sums_forget(struct idle_sums *sums)
{
	if (!sums->log && sums->known)
		return;
	let_go(sums);
	idle_begin(sums, GROUP_FLOW, NULL, 0);
}

/* Adds what the flow counts for to all sums, or takes it out. */
static int change_sums(struct idle_sums *sums, const struct idle_flow *flow, bool add)
{
	struct flow_counts *total = &sums->total[flow_key_dir(&flow->key)];
	struct flow_counts counts = sums->counts(sums->context, flow);

	total->packets += add ? counts.packets : -counts.packets;
	total->bytes += add ? counts.bytes : -counts.bytes;
	sums->flows += add ? 1 : -(size_t)1;
	if (sums->question.by == GROUP_FLOW)
		return 0;
	return idle_groups_change(&sums->groups, &flow->key, &counts, flow->first_wall_ns,
				  flow->owner, add);
}

/* A flow is taken out if it was added, whatever would be said of it now. */
static int visit(void *context, const struct idle_flow *flow, uint32_t place, int sign)
{
	struct idle_sums *sums = context;
	uint8_t *counted = &sums->counted[place / 8], bit = (uint8_t)(1U << place % 8);
	int err;

	if (sign > 0) {
		if (!sums->passes(sums->context, flow))
			return 0;
		*counted |= bit;
		return change_sums(sums, flow, true);
	}
	err = sums->left(sums->context, flow);
	if (err || !(*counted & bit))
		return err;
	*counted &= (uint8_t)~bit;
	return change_sums(sums, flow, false);
}

/* All over again; of a snapshot that is out of reach nothing is known. */
static int ask_all(struct idle_sums *sums, const struct snapshot *snapshot,
		   const struct idle_question *question)
{

	let_go(sums);
	sums->counted = calloc(idle_log_room(snapshot->idle) / 8 + 1, 1);
	if (!sums->counted)
		return -ENOMEM;
	sums->log = idle_log_ref(snapshot->idle);
	sums->question = *question;
	idle_begin(sums, (enum group_by)question->by, question->owners, snapshot->flows_known);
	return idle_log_all(sums->log, &snapshot->idle_at, visit, sums);
}

int idle_sums_show(struct idle_sums *sums, const struct snapshot *snapshot,
		   const struct idle_question *question)
{
	int err = -ESTALE;

	if (sums->log && sums->log == snapshot->idle && !idle_groups_worn(&sums->groups) &&
	    memcmp(question, &sums->question, sizeof(*question)) == 0)
		err = idle_log_between(sums->log, &sums->at, &snapshot->idle_at, visit, sums);
	if (snapshot->idle_at.version != sums->at.version + 1)
		idle_groups_jump(&sums->groups);
	if (err == -ESTALE)
		err = ask_all(sums, snapshot, question);
	if (!err)
		err = idle_groups_flush(&sums->groups);
	if (err) {
		let_go(sums);
		idle_begin(sums, GROUP_FLOW, NULL, 0);
	}
	sums->at = snapshot->idle_at;
	sums->known = err != -ESTALE;
	return err == -ESTALE ? 0 : err;
}
