/* SPDX-License-Identifier: MIT */
/*
 * The two programs on an interface as filters of its clsact qdisc, for kernels without TCX. A filter
 * outlives its process, so it says by itself whose it is, and the qdisc says who made it. Main
 * thread at start, collector thread at the end; owned by struct attachment.
 */
#ifndef PKTSTAT_ATTACH_CLSACT_H
#define PKTSTAT_ATTACH_CLSACT_H

#include "claim.h"
#include "clsact_hook.h"
#include "flow_abi.h"

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
