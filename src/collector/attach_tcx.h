/* SPDX-License-Identifier: MIT */
/*
 * The two programs on an interface by TCX links (Linux 6.6): links end with the process, however it
 * ends. Main thread at start, collector thread at the end; owned by struct attachment.
 */
#ifndef PKTSTAT_ATTACH_TCX_H
#define PKTSTAT_ATTACH_TCX_H

#include "flow_abi.h"

struct tcx {
	int link_fd[FLOW_DIRS]; /* -1: none */
};

void tcx_init(struct tcx *tcx);

/*
 * Attaches the programs: ingress as the first of all, so that it sees what arrived; egress as the
 * last, so that it sees what really leaves. 0; -EOPNOTSUPP: this kernel has no TCX; or another
 * negative errno (-EPERM, -ENODEV, ...). After an error tcx_close() is still due.
 */
int tcx_open(struct tcx *tcx, const int prog_fd[FLOW_DIRS], unsigned int ifindex);

/* Takes the programs off again; safe to call twice. */
void tcx_close(struct tcx *tcx);

#endif
