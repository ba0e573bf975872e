/* SPDX-License-Identifier: MIT */
/*
 * How a filter says whose it is: by the name libbpf gives it (program and its number), and by its
 * handle, which repeats that number behind four bits of ours. One of these bits says that the qdisc
 * is of our making, so that whichever instance ends last, or cleans up after a killed one, knows to
 * remove it.
 *
 * How it is known whether its process lives: that process holds a claim with the program's number
 * (claim.h). Process numbers would not do: they are used again, and mean nothing in another
 * container that watches the same interface.
 *
 * Looking and then acting is done under a second claim, with the interface's number: else an
 * instance could remove the qdisc just when another has found it. Where a claim cannot be had
 * (anybody may take the name) the work is done all the same.
 */
#include "attach_clsact.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach_tcx.h"
#include "claim.h"
#include "tc_filter.h"

#define HANDLE_OURS	  0x50000000U
#define HANDLE_OURS_QDISC 0x58000000U /* and the qdisc is ours */
#define HANDLE_KIND	  0xf8000000U
#define HANDLE_PROGRAM	  0x07ffffffU

/*
 * Where ingress goes when nobody is there: before whatever has its priority from the kernel (0x8000
 * and more), but not on the first few numbers, which people and programs give by hand.
 */
#define PRIORITY_FIRST 9
#define PRIORITY_LAST  UINT16_MAX
/* Priorities tried when others hold them with another kind of filter. */
#define PRIORITY_TRIES 64
/* Filters of killed processes that one start removes. */
#define STALE_MAX 64

/* What is on one hook of an interface. */
struct survey {
	enum flow_dir dir;
	unsigned int filters;	 /* all of them */
	bool made_qdisc;	 /* says a filter of ours */
	uint16_t priority_first; /* of those that are not ours; UINT16_MAX: there are none */
	unsigned int stale_count;
	struct tc_filter stale[STALE_MAX];
};

static uint32_t handle_of(uint32_t program, bool made_qdisc)
{
	return (made_qdisc ? HANDLE_OURS_QDISC : HANDLE_OURS) | (program & HANDLE_PROGRAM);
}

static bool is_ours(const struct tc_filter *filter, enum flow_dir dir)
{
	uint32_t kind = filter->handle & HANDLE_KIND;
	char name[TC_FILTER_NAME_MAX];

	if (!filter->bpf || (kind != HANDLE_OURS && kind != HANDLE_OURS_QDISC) ||
	    (filter->handle & HANDLE_PROGRAM) != (filter->program & HANDLE_PROGRAM))
		return false;
	snprintf(name, sizeof(name), "flow_%s:[%u]", dir == FLOW_IN ? "ingress" : "egress",
		 filter->program);
	return !strcmp(filter->name, name);
}

static void begin_survey(void *arg)
{
	struct survey *survey = arg;

	*survey = (struct survey){.dir = survey->dir, .priority_first = UINT16_MAX};
}

static void survey_filter(void *arg, const struct tc_filter *filter)
{
	struct survey *survey = arg;

	survey->filters++;
	if (!is_ours(filter, survey->dir)) {
		if (!filter->chain && filter->priority < survey->priority_first)
			survey->priority_first = filter->priority;
		return;
	}
	if ((filter->handle & HANDLE_KIND) == HANDLE_OURS_QDISC)
		survey->made_qdisc = true;
	if (survey->stale_count < STALE_MAX && !claim_is_held("program", filter->program))
		survey->stale[survey->stale_count++] = *filter;
}

static int survey_hook(unsigned int ifindex, enum flow_dir dir, struct survey *ret_survey)
{
	const struct tc_filter_visitor visitor = {
		.begin = begin_survey, .visit = survey_filter, .arg = ret_survey};

	ret_survey->dir = dir;
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

/* Removes a filter, if it is still the one with that program. */
static void remove_filter(unsigned int ifindex, enum flow_dir dir, uint32_t handle,
			  uint32_t priority, uint32_t program)
{
	struct bpf_tc_hook hook = hook_of(ifindex, dir);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = priority);

	if (bpf_tc_query(&hook, &opts) || opts.prog_id != program)
		return;
	opts.prog_id = 0; /* detaching wants it so */
	bpf_tc_detach(&hook, &opts);
}

/* Removes a qdisc of our making on which there is no filter any more. */
static void remove_qdisc(unsigned int ifindex)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
			    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	struct survey survey;
	enum flow_dir dir;

	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		if (survey_hook(ifindex, dir, &survey) || survey.filters)
			return;
	}
	bpf_tc_hook_destroy(&hook);
}

static void remove_stale(unsigned int ifindex, const struct survey *survey)
{
	const struct tc_filter *filter;

	for (filter = survey->stale; filter < survey->stale + survey->stale_count; filter++)
		remove_filter(ifindex, survey->dir, filter->handle, filter->priority,
			      filter->program);
}

/* clsact_sweep(), with the interface claimed. */
static int sweep_claimed(unsigned int ifindex)
{
	bool made_qdisc = false;
	struct survey survey;
	enum flow_dir dir;
	int err;

	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		err = survey_hook(ifindex, dir, &survey);
		if (err)
			return err;
		made_qdisc |= survey.made_qdisc;
		remove_stale(ifindex, &survey);
	}
	if (made_qdisc)
		remove_qdisc(ifindex);
	return 0;
}

int clsact_sweep(unsigned int ifindex)
{
	int claim = claim_wait("interface", ifindex);
	int err = sweep_claimed(ifindex);

	if (claim >= 0)
		close(claim);
	return err;
}

void clsact_init(struct clsact *clsact)
{
	*clsact = (struct clsact){.filter = {{.claim_fd = -1}, {.claim_fd = -1}}};
}

/* Makes the qdisc, or finds out whether the one that is there will do and whose it is. */
static int open_qdisc(struct clsact *clsact)
{
	struct bpf_tc_hook hook = hook_of(clsact->ifindex, FLOW_IN);
	bool ingress_only = false;
	struct survey survey;
	enum flow_dir dir;
	int err = bpf_tc_hook_create(&hook);

	if (!err)
		clsact->made_qdisc = true;
	if (err != -EEXIST)
		return err;
	err = tc_qdisc_is_ingress_only(clsact->ifindex, &ingress_only);
	if (!err && ingress_only)
		return -EEXIST;
	for (dir = FLOW_IN; dir < FLOW_DIRS && !err; dir++) {
		err = survey_hook(clsact->ifindex, dir, &survey);
		clsact->made_qdisc |= survey.made_qdisc;
	}
	return err;
}

/* Ingress: before the first filter of others, or in its priority; the search goes backwards. */
static int first_priority(unsigned int ifindex, int *ret_priority)
{
	struct survey survey;
	int err = survey_hook(ifindex, FLOW_IN, &survey);

	if (err)
		return err;
	*ret_priority = PRIORITY_FIRST;
	if (survey.priority_first <= PRIORITY_FIRST)
		*ret_priority = survey.priority_first > 1 ? survey.priority_first - 1 : 1;
	return 0;
}

/*
 * A priority holds filters of one kind and protocol only; where others have another kind there, the
 * next is tried. The newest BPF filter of a priority is the first to run in it.
 */
static int put_filter(const struct clsact *clsact, enum flow_dir dir, int prog_fd, int priority,
		      struct clsact_filter *filter)
{
	struct bpf_tc_hook hook = hook_of(clsact->ifindex, dir);
	uint32_t handle = handle_of(filter->program, clsact->made_qdisc);
	int step = dir == FLOW_IN ? 1 : -1, tries, err = -ENOSPC;

	for (tries = 0; tries < PRIORITY_TRIES; tries++, priority += step) {
		DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .handle = handle,
				    .priority = (uint32_t)priority);

		err = bpf_tc_attach(&hook, &opts);
		if (err == -EINVAL || err == -EEXIST || err == -ENOSPC)
			continue;
		if (!err) {
			filter->handle = handle;
			filter->priority = (uint32_t)priority;
		}
		return err;
	}
	/* Neither is what clsact_open() says of the kernel or of the qdisc. */
	return err == -EEXIST ? -ENOSPC : err;
}

static int open_filter(struct clsact *clsact, enum flow_dir dir, int prog_fd)
{
	struct clsact_filter *filter = &clsact->filter[dir];
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int priority = PRIORITY_LAST, err = 0;

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &size))
		return -errno;
	filter->program = info.id;
	/* Before the filter is there, so that nobody finds it without. */
	if (filter->claim_fd < 0)
		filter->claim_fd = claim_open("program", info.id);
	if (dir == FLOW_IN)
		err = first_priority(clsact->ifindex, &priority);
	return err ? err : put_filter(clsact, dir, prog_fd, priority, filter);
}

int clsact_open(struct clsact *clsact, const int prog_fd[FLOW_DIRS], unsigned int ifindex)
{
	int err, claim = claim_wait("interface", ifindex);
	enum flow_dir dir;

	clsact->ifindex = ifindex;
	err = open_qdisc(clsact);
	for (dir = FLOW_IN; dir < FLOW_DIRS && !err; dir++) {
		if (!clsact->filter[dir].handle)
			err = open_filter(clsact, dir, prog_fd[dir]);
	}
	if (claim >= 0)
		close(claim);
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

int clsact_look(struct clsact *clsact, enum flow_dir dir, bool qdisc_removed, bool *ret_there,
		unsigned int *ret_before)
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
	if (qdisc_removed && !clsact->filter[!dir].handle)
		clsact->made_qdisc = false;
	return 0;
}

void clsact_close(struct clsact *clsact)
{
	struct clsact_filter *filter;
	enum flow_dir dir;
	int claim;

	if (!clsact->ifindex)
		return;
	claim = claim_wait("interface", clsact->ifindex);
	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		filter = &clsact->filter[dir];
		if (filter->handle)
			remove_filter(clsact->ifindex, dir, filter->handle, filter->priority,
				      filter->program);
		if (filter->claim_fd >= 0)
			close(filter->claim_fd);
	}
	if (clsact->made_qdisc)
		remove_qdisc(clsact->ifindex);
	if (claim >= 0)
		close(claim);
	clsact_init(clsact);
}
