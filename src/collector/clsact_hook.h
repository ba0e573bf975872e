/* SPDX-License-Identifier: MIT */
/*
 * The filters on one clsact hook: who owns them, adding ours and removing them. For
 * attach_clsact.c and clsact_leave.c; any thread in the interface's network namespace.
 *
 * A filter of ours says two things: which instance put it there, by its handle, which is the number
 * of the instance's claim; and what for, by the name libbpf gives it (program and its number).
 */
#ifndef PKTSTAT_CLSACT_HOOK_H
#define PKTSTAT_CLSACT_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "flow_abi.h"
#include "tc.h"

/* The last to run. */
#define CLSACT_PRIORITY_LAST UINT16_MAX
/* Filters of killed instances that one look finds. */
#define CLSACT_STALE_MAX 64

/* Where a filter of ours stands. */
struct clsact_filter {
	uint32_t handle; /* 0: no filter */
	uint32_t priority;
	uint32_t program; /* the kernel's number of it */
};

/* What is on one hook of an interface. */
struct clsact_survey {
	enum flow_dir dir;
	uint32_t self;		 /* the number of this instance; 0: none */
	bool counting;		 /* this instance does, here */
	bool leaving;		 /* this instance is about to remove the qdisc (clsact_leave.c), */
	bool before_us;		 /* another one with a smaller number is, */
	bool after_us;		 /* another one with a greater number is */
	bool used;		 /* by somebody else, or by another living instance */
	uint16_t priority_first; /* of those that are not ours; UINT16_MAX: there are none */
	/*
	 * A dead instance was about to remove the qdisc, and may have done so between the kernel's
	 * answer and the question whether it lives: take it off, and look again.
	 */
	bool stale_leaving;
	unsigned int stale_count;
	struct tc_filter stale[CLSACT_STALE_MAX]; /* of instances that are no longer alive */
};

/* Looks at a hook, for the instance `self`; 0: none. 0 or a negative errno. */
int clsact_survey(unsigned int ifindex, enum flow_dir dir, uint32_t self,
		  struct clsact_survey *ret_survey);

/*
 * Puts the program on the hook as a filter with that handle: at this priority or, where others have
 * another kind of filter, at the next that is free of them; counting backwards from the last. The
 * newest BPF filter of a priority is the first to run in it. 0 with `ret_filter`; -ENOSPC: all of them are taken; -ENOENT: the
 * kernel lacks cls_bpf; or another negative errno, -EINVAL also where there is no qdisc.
 */
int clsact_put(unsigned int ifindex, enum flow_dir dir, int prog_fd, uint32_t handle, int priority,
	       struct clsact_filter *ret_filter);

/* Takes a filter off, if it is still the one with that program. Safe to call twice. */
void clsact_remove(unsigned int ifindex, enum flow_dir dir, struct clsact_filter *filter);

/* Takes off what was found of instances that are no longer alive. */
void clsact_remove_stale(unsigned int ifindex, const struct clsact_survey *survey);

#endif
