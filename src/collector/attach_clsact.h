/* SPDX-License-Identifier: MIT */
/*
 * The two programs on an interface as filters of its clsact qdisc, for kernels without TCX. A filter
 * outlives its process, so it says by itself whose it is and who made the qdisc under it. Main
 * thread at start, collector thread at the end; owned by struct attachment.
 */
#ifndef PKTSTAT_ATTACH_CLSACT_H
#define PKTSTAT_ATTACH_CLSACT_H

#include <stdbool.h>
#include <stdint.h>

#include "flow_abi.h"

struct clsact_filter {
	uint32_t handle; /* 0: no filter */
	uint32_t priority;
	uint32_t program; /* the kernel's number of it */
	int claim_fd;	  /* says that this process lives; -1: none */
};

struct clsact {
	unsigned int ifindex;
	bool made_qdisc; /* by us, or by an instance of ours that ran before or runs beside */
	struct clsact_filter filter[FLOW_DIRS];
};

void clsact_init(struct clsact *clsact);

/*
 * Attaches the programs that are not attached: ingress before every filter that is there, egress behind them, where the
 * priorities allow it. Makes the qdisc if there is none. 0; -ENOENT: the kernel lacks sch_ingress
 * or cls_bpf; -EEXIST: the interface has the older qdisc "ingress", which has no egress; or another
 * negative errno (-EPERM, -ENODEV, ...). After an error clsact_close() is still due.
 */
int clsact_open(struct clsact *clsact, const int prog_fd[FLOW_DIRS], unsigned int ifindex);

/*
 * Whether our filter is where it was put, with our program in it, and how many filters and TCX
 * programs run before it. What is missing is forgotten, for clsact_open() to put again;
 * `qdisc_removed`: the qdisc may be another one meanwhile. 0, or a negative errno: not known.
 */
int clsact_look(struct clsact *clsact, enum flow_dir dir, bool qdisc_removed, bool *ret_there,
		unsigned int *ret_before);

/*
 * Takes our filters off, and then the qdisc if it is ours and nobody else's filter is on it. Safe
 * to call twice.
 */
void clsact_close(struct clsact *clsact);

/*
 * Takes off what processes of ours that were killed have left on the interface, and nothing of
 * those that live. 0, or the negative errno of what could not be asked.
 */
int clsact_sweep(unsigned int ifindex);

#endif
