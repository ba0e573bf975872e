/* SPDX-License-Identifier: MIT */
/*
 * The two programs on an interface by TCX links (Linux 6.6): links end with the process, however it
 * ends. Main thread at start, collector thread at the end; owned by struct attachment.
 */
#ifndef PKTSTAT_ATTACH_TCX_H
#define PKTSTAT_ATTACH_TCX_H

#include <stdbool.h>
#include <stdint.h>

#include "flow_abi.h"

struct tcx {
	unsigned int ifindex;
	int link_fd[FLOW_DIRS];	     /* -1: none */
	uint32_t program[FLOW_DIRS]; /* the kernel's number of it */
};

/* Programs on a hook that are asked for: the kernel's own limit. */
#define TCX_PROGRAMS_MAX 64

void tcx_init(struct tcx *tcx);

/*
 * Attaches the programs that are not attached: ingress as the first of all, so that it sees what arrived; egress as the
 * last, so that it sees what really leaves. 0; -EOPNOTSUPP: this kernel has no TCX; or another
 * negative errno (-EPERM, -ENODEV, ...). After an error tcx_close() is still due.
 */
int tcx_open(struct tcx *tcx, const int prog_fd[FLOW_DIRS], unsigned int ifindex);

/*
 * Whether our program is where it was attached, not taken off and not replaced by another, and how
 * many programs run before it. What is missing is let go of, for tcx_open() to attach again. 0, or
 * a negative errno: not known.
 */
int tcx_look(struct tcx *tcx, enum flow_dir dir, bool *ret_there, unsigned int *ret_before);

/* Programs on a TCX hook, which run before all filters; 0 on kernels without. */
unsigned int tcx_count(unsigned int ifindex, enum flow_dir dir);

/* Takes the programs off again; safe to call twice. */
void tcx_close(struct tcx *tcx);

#endif
