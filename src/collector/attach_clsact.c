/* SPDX-License-Identifier: MIT */
/*
 * Who the qdisc belongs to is written on it (tc.c), who a filter belongs to in its handle
 * (clsact_hook.h), and whether that instance is alive is known by its claim (claim.c). So whichever
 * instance ends last, or starts next, removes what is left.
 */
#include "attach_clsact.h"

#include <errno.h>

#include "attach_tcx.h"
#include "clsact_hook.h"
#include "clsact_leave.h"
#include "tc.h"

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
