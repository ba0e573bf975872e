/* SPDX-License-Identifier: MIT */
/*
 * The two programs on an interface as filters of its clsact qdisc, for kernels without TCX: what is on
 * a hook, adding and removing filters, and removing the qdisc when nobody uses it. A filter outlives
 * its process, so it says two things: which instance put it there, by its handle, which is the number
 * of the instance's claim; and what for, by the name libbpf gives it (program and its number). The
 * qdisc says who made it. Main thread at start, collector thread at the end, both in the interface's
 * network namespace; owned by struct attach.
 */
#ifndef PKTSTAT_CLSACT_H
#define PKTSTAT_CLSACT_H

#include <stdbool.h>
#include <stdint.h>

#include "claim.h"
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
	bool leaving;		 /* this instance is about to remove the qdisc, */
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

/*
 * Removes the qdisc of the interface if it is of our making, this instance's or another's, and nobody
 * uses it. Filters of this instance must be off. 0: that is done, or was not to be done; -EBUSY:
 * another instance is about to do it, and patience is over; or another negative errno.
 */
int clsact_leave(unsigned int ifindex, const struct claim *claim);

/*
 * Takes off what instances that were killed have left on the interfaces of this namespace: filters
 * and qdiscs, and nothing of those that live. Claims nothing where there is nothing. Main thread. 0,
 * or the negative errno of what could not be asked.
 */
int clsact_sweep(void);

struct clsact {
	unsigned int ifindex; /* 0: nothing is attached */
	struct claim *claim;  /* of this instance; borrowed */
	struct clsact_filter filter[FLOW_DIRS];
};

void clsact_init(struct clsact *clsact);

/*
 * Attaches the programs that are not attached: ingress before every filter that is there, egress
 * behind them, where the priorities allow it. Makes the qdisc if there is none, and the claim if
 * that was not done yet; the claim must outlast the attachment. 0; -ENOENT: the kernel lacks
 * sch_ingress or cls_bpf; -EEXIST: the interface has the older qdisc "ingress", which has no egress;
 * -EAGAIN: other instances come and go too fast; or another negative errno (-EPERM, -ENODEV, ...).
 * After an error clsact_close() is still due.
 */
int clsact_open(struct clsact *clsact, const int prog_fd[FLOW_DIRS], unsigned int ifindex,
		struct claim *claim);

/*
 * Whether our filter is where it was put, with our program in it, and how many filters and TCX
 * programs run before it. What is missing is forgotten, for clsact_open() to put again. 0, or a
 * negative errno: not known.
 */
int clsact_look(struct clsact *clsact, enum flow_dir dir, bool *ret_there,
		unsigned int *ret_before);

/*
 * Takes our filters off, and then the qdisc if it is of our making and nobody uses it. Where another
 * instance is just about to do the same and patience is over, the qdisc is still to be removed, by
 * calling this again. Safe to call twice.
 */
void clsact_close(struct clsact *clsact);

#endif
