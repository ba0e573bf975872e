/* SPDX-License-Identifier: MIT */
/*
 * The owner of the qdisc is written on it (tc.c), that of a filter in its handle (clsact.h), and
 * whether that instance is alive is known by its claim (claim.c). So the instance that ends last, or
 * the next one that starts, removes what is left. Through libbpf where it can do it.
 */
#include "clsact.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "claim.h"
#include "tc.h"

/* Priorities tried when others hold them with another kind of filter. */
#define PRIORITY_TRIES 64

enum purpose { PURPOSE_OF_OTHERS, PURPOSE_COUNTING, PURPOSE_LEAVING };

static bool is_filter_named(const struct tc_filter *filter, const char *program)
{
	char name[TC_FILTER_NAME_MAX];

	snprintf(name, sizeof(name), "%s:[%u]", program, filter->program);
	return !strcmp(filter->name, name);
}

static enum purpose purpose_of(const struct tc_filter *filter, enum flow_dir dir)
{
	if (!filter->bpf || (filter->handle & CLAIM_MASK) != CLAIM_KIND)
		return PURPOSE_OF_OTHERS;
	if (is_filter_named(filter, dir == FLOW_IN ? "flow_ingress" : "flow_egress"))
		return PURPOSE_COUNTING;
	return is_filter_named(filter, "flow_leaving") ? PURPOSE_LEAVING : PURPOSE_OF_OTHERS;
}

/* A filter of an instance, living or not. */
static void survey_ours(struct clsact_survey *survey, const struct tc_filter *filter, bool leaving)
{
	if (filter->handle == survey->self) {
		survey->leaving |= leaving;
		survey->counting |= !leaving;
	} else if (!claim_is_held(filter->handle)) {
		survey->stale_leaving |= leaving;
		if (survey->stale_count < CLSACT_STALE_MAX)
			survey->stale[survey->stale_count++] = *filter;
	} else if (leaving) {
		survey->before_us |= filter->handle < survey->self;
		survey->after_us |= filter->handle > survey->self;
	} else {
		survey->used = true;
	}
}

static void survey_filter(void *arg, const struct tc_filter *filter)
{
	struct clsact_survey *survey = arg;
	enum purpose purpose = purpose_of(filter, survey->dir);

	if (purpose != PURPOSE_OF_OTHERS) {
		survey_ours(survey, filter, purpose == PURPOSE_LEAVING);
		return;
	}
	survey->used = true;
	if (!filter->chain && filter->priority < survey->priority_first)
		survey->priority_first = filter->priority;
}

static void begin_survey(void *arg)
{
	struct clsact_survey *survey = arg;

	*survey = (struct clsact_survey){
		.dir = survey->dir, .self = survey->self, .priority_first = UINT16_MAX};
}

int clsact_survey(unsigned int ifindex, enum flow_dir dir, uint32_t self,
		  struct clsact_survey *ret_survey)
{
	const struct tc_filter_visitor visitor = {
		.begin = begin_survey, .visit = survey_filter, .arg = ret_survey};

	ret_survey->dir = dir;
	ret_survey->self = self;
	begin_survey(ret_survey);
	return tc_filter_each(ifindex, dir, &visitor);
}

static struct bpf_tc_hook hook_of(unsigned int ifindex, enum flow_dir dir)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = (int)ifindex,
		.attach_point = dir == FLOW_IN ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
}

int clsact_put(unsigned int ifindex, enum flow_dir dir, int prog_fd, uint32_t handle, int priority,
	       struct clsact_filter *ret_filter)
{
	int step = priority == CLSACT_PRIORITY_LAST ? -1 : 1;
	struct bpf_tc_hook hook = hook_of(ifindex, dir);
	int err = -ENOSPC;

	for (int tries = 0; tries < PRIORITY_TRIES; tries++, priority += step) {
		DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .handle = handle,
				    .priority = (uint32_t)priority);

		err = bpf_tc_attach(&hook, &opts);
		if (err == -EINVAL || err == -EEXIST || err == -ENOSPC)
			continue;
		if (!err)
			*ret_filter = (struct clsact_filter){.handle = handle,
							     .priority = opts.priority,
							     .program = opts.prog_id};
		return err;
	}
	/* -EEXIST would say something of the qdisc. */
	return err == -EEXIST ? -ENOSPC : err;
}

void clsact_remove(unsigned int ifindex, enum flow_dir dir, struct clsact_filter *filter)
{
	struct bpf_tc_hook hook = hook_of(ifindex, dir);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = filter->handle,
			    .priority = filter->priority);

	if (filter->handle && !bpf_tc_query(&hook, &opts) && opts.prog_id == filter->program) {
		opts.prog_id = 0; /* detaching wants it so */
		bpf_tc_detach(&hook, &opts);
	}
	*filter = (struct clsact_filter){0};
}

/* Takes off what was found of instances that are no longer alive. */
static void clsact_remove_stale(unsigned int ifindex, const struct clsact_survey *survey)
{
	struct clsact_filter filter;

	for (unsigned int i = 0; i < survey->stale_count; i++) {
		filter = (struct clsact_filter){.handle = survey->stale[i].handle,
						.priority = survey->stale[i].priority,
						.program = survey->stale[i].program};
		clsact_remove(ifindex, survey->dir, &filter);
	}
}

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

/*
 * Where ingress goes when nobody is there: before whatever has its priority from the kernel (0x8000
 * and more), but not on the first few numbers, which people and programs give by hand.
 */
#define PRIORITY_FIRST 9
/* Other instances may remove the qdisc again and again just before it is used. */
#define OPEN_TRIES 10
/* More pauses than any patience has. */
#define SETTLE_TRIES 5000

void clsact_init(struct clsact *clsact)
{
	*clsact = (struct clsact){0};
}

/* Makes the qdisc, or finds out whether the one that is there will do. */
static int open_qdisc(unsigned int ifindex)
{
	enum tc_qdisc qdisc;
	int err = tc_qdisc_make(ifindex);

	if (err != -EEXIST)
		return err;
	err = tc_qdisc_find(ifindex, &qdisc);
	return !err && qdisc == TC_QDISC_INGRESS ? -EEXIST : err;
}

/* Ingress: before the first filter of others, or in its priority. */
static int first_priority(unsigned int ifindex, int *ret_priority)
{
	struct clsact_survey survey;
	int err = clsact_survey(ifindex, FLOW_IN, 0, &survey);

	if (err)
		return err;
	*ret_priority = PRIORITY_FIRST;
	if (survey.priority_first <= PRIORITY_FIRST)
		*ret_priority = survey.priority_first > 1 ? survey.priority_first - 1 : 1;
	return 0;
}

static int open_filter(struct clsact *clsact, enum flow_dir dir, int prog_fd)
{
	int priority = CLSACT_PRIORITY_LAST, err = 0;

	if (clsact->filter[dir].handle)
		return 0;
	if (dir == FLOW_IN)
		err = first_priority(clsact->ifindex, &priority);
	return err ? err
		   : clsact_put(clsact->ifindex, dir, prog_fd, clsact->claim->number, priority,
				&clsact->filter[dir]);
}

/* -EAGAIN: the qdisc is gone again, or was while the filters were put there. */
static int open_filters(struct clsact *clsact, const int prog_fd[FLOW_DIRS])
{
	int err = open_filter(clsact, FLOW_IN, prog_fd[FLOW_IN]);

	if (!err)
		err = open_filter(clsact, FLOW_OUT, prog_fd[FLOW_OUT]);
	return err == -EINVAL ? -EAGAIN : err;
}

static void close_filters(struct clsact *clsact)
{
	for (enum flow_dir dir = FLOW_IN; dir < FLOW_DIRS; dir++)
		clsact_remove(clsact->ifindex, dir, &clsact->filter[dir]);
}

/*
 * Another instance may be removing the qdisc without having seen the filters: waits until it has,
 * or has not. -EAGAIN: it has, and the filters are gone with the qdisc.
 */
static int settle(const struct clsact *clsact)
{
	struct clsact_survey survey;
	int err;

	for (int tries = 0; tries < SETTLE_TRIES; tries++) {
		err = clsact_survey(clsact->ifindex, FLOW_IN, clsact->claim->number, &survey);
		if (err)
			return err;
		if (!survey.counting)
			return -EAGAIN;
		if (survey.stale_leaving)
			clsact_remove_stale(clsact->ifindex, &survey);
		else if (!survey.before_us && !survey.after_us)
			return 0;
		else if (!claim_pause(clsact->claim))
			return 0;
	}
	return 0;
}

int clsact_open(struct clsact *clsact, const int prog_fd[FLOW_DIRS], unsigned int ifindex,
		struct claim *claim)
{
	int err = claim_open(claim);

	if (err)
		return err;
	clsact->ifindex = ifindex;
	clsact->claim = claim;
	for (int tries = 0; tries < OPEN_TRIES; tries++) {
		err = open_qdisc(ifindex);
		if (!err)
			err = open_filters(clsact, prog_fd);
		if (!err)
			err = settle(clsact);
		if (err != -EAGAIN)
			return err;
		close_filters(clsact);
	}
	return err;
}

/* Our filter among those of its hook. */
struct search {
	const struct clsact_filter *filter;
	bool found;
	unsigned int before;
};

static void begin_search(void *arg)
{
	struct search *search = arg;

	search->found = false;
	search->before = 0;
}

static void search_filter(void *arg, const struct tc_filter *filter)
{
	struct search *search = arg;

	if (filter->handle == search->filter->handle &&
	    filter->priority == search->filter->priority && filter->bpf)
		search->found = filter->program == search->filter->program;
	else if (!search->found && !filter->chain)
		search->before++;
}

int clsact_look(struct clsact *clsact, enum flow_dir dir, bool *ret_there, unsigned int *ret_before)
{
	struct clsact_filter *filter = &clsact->filter[dir];
	struct search search = {.filter = filter};
	const struct tc_filter_visitor visitor = {
		.begin = begin_search, .visit = search_filter, .arg = &search};
	int err = filter->handle ? tc_filter_each(clsact->ifindex, dir, &visitor) : 0;

	if (err)
		return err;
	*ret_there = search.found;
	if (search.found) {
		*ret_before = search.before + tcx_count(clsact->ifindex, dir);
		return 0;
	}
	filter->handle = 0;
	return 0;
}

void clsact_close(struct clsact *clsact)
{
	if (!clsact->ifindex)
		return;
	close_filters(clsact);
	if (clsact_leave(clsact->ifindex, clsact->claim) != -EBUSY)
		clsact_init(clsact);
}
