/* SPDX-License-Identifier: MIT */
/* Through libbpf where it can do it; see clsact_hook.h. */
#include "clsact_hook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "claim.h"

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

void clsact_remove_stale(unsigned int ifindex, const struct clsact_survey *survey)
{
	struct clsact_filter filter;

	for (unsigned int i = 0; i < survey->stale_count; i++) {
		filter = (struct clsact_filter){.handle = survey->stale[i].handle,
						.priority = survey->stale[i].priority,
						.program = survey->stale[i].program};
		clsact_remove(ifindex, survey->dir, &filter);
	}
}
