/* SPDX-License-Identifier: MIT */
/*
 * The kernel does not offer "remove this qdisc if it is empty", and between looking and removing
 * another instance may put its filters there. So who wants to remove a qdisc first puts a filter of
 * its own there that says so ("flow_leaving"), then looks, and removes only what nobody uses. Who
 * wants to use a qdisc puts its filters there, then looks: either the one who removes has seen them,
 * or it is seen, and waited for. The filter also shows that the qdisc is still the same one.
 *
 * Where several want to remove it, the one with the smallest number does; the others take their sign
 * away and wait until it is done. An answer of the kernel is old when it is read: a sign of somebody
 * who is dead by then is taken away, and then counts only another look. What killed instances have left is no obstacle: it goes with the
 * qdisc. Against somebody else who adds a filter in the few microseconds between the last look and
 * the removal there is no remedy.
 */
#include "clsact_leave.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "clsact_hook.h"
#include "tc.h"

/* How long a start waits for others, in all. */
#define SWEEP_MS 1000
/* More than any patience has; against a filter that cannot be taken off. */
#define STEPS_MAX 5000

struct leave {
	unsigned int ifindex;
	const struct claim *claim;
	struct clsact_filter sign;
	/* Of both hooks, see struct clsact_survey. */
	bool used, signed_here, before_us, after_us, stale_leaving;
};

static int look(struct leave *leave)
{
	struct clsact_survey survey;
	enum flow_dir dir;
	int err;

	leave->used = leave->signed_here = leave->before_us = leave->after_us = false;
	leave->stale_leaving = false;
	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		err = clsact_survey(leave->ifindex, dir, leave->claim->number, &survey);
		if (err)
			return err;
		leave->used |= survey.used || survey.counting;
		leave->signed_here |= survey.leaving;
		leave->before_us |= survey.before_us;
		leave->after_us |= survey.after_us;
		leave->stale_leaving |= survey.stale_leaving;
		if (survey.stale_leaving)
			clsact_remove_stale(leave->ifindex, &survey);
	}
	return 0;
}

static bool is_ours(const struct leave *leave)
{
	enum tc_qdisc qdisc = TC_QDISC_NONE;

	return !tc_qdisc_find(leave->ifindex, &qdisc) && qdisc == TC_QDISC_OURS;
}

static void take_sign_off(struct leave *leave)
{
	clsact_remove(leave->ifindex, FLOW_IN, &leave->sign);
}

/* 0: there is nothing to remove; -EAGAIN: the sign is up, look again. */
static int put_sign(struct leave *leave)
{
	int err;

	if (!is_ours(leave))
		return 0;
	err = clsact_put(leave->ifindex, FLOW_IN, leave->claim->leaving_fd, leave->claim->number,
			 CLSACT_PRIORITY_LAST, &leave->sign);
	/* It may have been removed, and another one made, just before. */
	return err ? err : is_ours(leave) ? -EAGAIN : 0;
}

static void remove_qdisc(struct leave *leave)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)leave->ifindex,
			    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (!bpf_tc_hook_destroy(&hook))
		leave->sign.handle = 0;
}

/* 0: done; -EAGAIN: go on; -EBUSY: go on when another instance has; or an error. */
static int step(struct leave *leave)
{
	int err = look(leave);

	if (err || leave->used)
		return err;
	if (leave->stale_leaving)
		return -EAGAIN;
	if (leave->before_us) {
		take_sign_off(leave);
		return -EBUSY;
	}
	if (!leave->sign.handle)
		return put_sign(leave);
	if (!leave->signed_here) /* somebody has removed it */
		return 0;
	if (leave->after_us)
		return -EBUSY;
	remove_qdisc(leave);
	return 0;
}

int clsact_leave(unsigned int ifindex, const struct claim *claim)
{
	struct leave leave = {.ifindex = ifindex, .claim = claim};
	int err, steps = 0;

	do
		err = step(&leave);
	while (++steps < STEPS_MAX && (err == -EAGAIN || (err == -EBUSY && claim_pause(claim))));
	take_sign_off(&leave);
	return err;
}

/* An interface with a clsact qdisc. */
struct found_one {
	unsigned int ifindex;
	enum tc_qdisc qdisc;
};

struct found {
	struct found_one *entry;
	size_t count, room;
	bool short_of_memory;
};

static void begin_found(void *arg)
{
	((struct found *)arg)->count = 0;
}

static void add_found(void *arg, unsigned int ifindex, enum tc_qdisc qdisc)
{
	struct found *found = arg;
	size_t room = found->room ? 2 * found->room : 16;
	void *entry;

	if (qdisc != TC_QDISC_CLSACT && qdisc != TC_QDISC_OURS)
		return;
	if (found->count == found->room) {
		entry = reallocarray(found->entry, room, sizeof(*found->entry));
		if (!entry) {
			found->short_of_memory = true;
			return;
		}
		found->entry = entry;
		found->room = room;
	}
	found->entry[found->count++] = (struct found_one){.ifindex = ifindex, .qdisc = qdisc};
}

static int sweep_one(unsigned int ifindex, enum tc_qdisc qdisc, struct claim *claim)
{
	struct clsact_survey survey;
	bool used = qdisc != TC_QDISC_OURS;
	enum flow_dir dir;
	int err;

	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		err = clsact_survey(ifindex, dir, claim->number, &survey);
		if (err)
			return err;
		used |= survey.used;
		clsact_remove_stale(ifindex, &survey);
	}
	if (used)
		return 0;
	err = claim_open(claim);
	return err ? err : clsact_leave(ifindex, claim);
}

int clsact_sweep(void)
{
	struct found found = {0};
	const struct tc_qdisc_visitor visitor = {
		.begin = begin_found, .visit = add_found, .arg = &found};
	struct claim claim;
	int err = tc_qdisc_each(&visitor), failed;

	claim_init(&claim);
	claim_be_patient(&claim, SWEEP_MS);
	for (size_t i = 0; i < found.count; i++) {
		failed = sweep_one(found.entry[i].ifindex, found.entry[i].qdisc, &claim);
		err = err ? err : failed;
	}
	claim_close(&claim);
	free(found.entry);
	return found.short_of_memory && !err ? -ENOMEM : err;
}
