/* SPDX-License-Identifier: MIT */
/* Attaching a tc program to an interface. Main thread at start, collector thread at the end. */
#ifndef PKTSTAT_ATTACH_H
#define PKTSTAT_ATTACH_H

#include "flow_abi.h"

/* A program on a hook; closing it takes the program off. */
struct attachment {
	int link_fd; /* TCX: the link; -1: not attached */
};

/*
 * Puts the program on the TCX hook of the interface: first of all on ingress, so that it sees what
 * arrived; last on egress, so that it sees what really leaves. Links end with the process, however
 * it ends. 0; -EOPNOTSUPP: this kernel has no TCX (older than 6.6); or another negative errno
 * (-EPERM, -ENODEV, ...).
 */
int attach_tcx(int prog_fd, unsigned int ifindex, enum flow_dir dir,
	       struct attachment *ret_attachment);

/* Takes the program off again; safe to call twice. */
void attach_close(struct attachment *attachment);

#endif
