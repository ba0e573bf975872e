/* SPDX-License-Identifier: MIT */
/*
 * The two tc programs on an interface, by the newest way that the kernel has. Main thread at start,
 * collector thread at the end; owned by the BPF source.
 */
#ifndef PKTSTAT_ATTACH_H
#define PKTSTAT_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "attach_mode.h"
#include "clsact.h"
#include "flow_abi.h"

/* The two programs by TCX links (Linux 6.6): links end with the process, however it ends. */
struct tcx {
	unsigned int ifindex;
	int link_fd[FLOW_DIRS];	     /* -1: none */
	uint32_t program[FLOW_DIRS]; /* the kernel's number of it */
};

/* Programs on a hook that are asked for: the kernel's own limit. */
#define TCX_PROGRAMS_MAX 64

/* Programs on a TCX hook, which run before all filters; 0 on kernels without. */
unsigned int tcx_count(unsigned int ifindex, enum flow_dir dir);

/* Both programs on the hooks of one interface. */
struct attach {
	enum attach_mode mode; /* the way it was done, also after the end; ATTACH_AUTO: never */
	struct tcx tcx;
	struct clsact clsact;
};

void attach_init(struct attach *attach);

/*
 * Attaches the programs: ingress as the first of all, egress as the last, as far as the hooks allow.
 * What clsact needs is claimed when it is first used; the claim is borrowed. 0; -EOPNOTSUPP: ATTACH_TCX on a
 * kernel without (older than 6.6); or what clsact_open() says; or another negative errno (-EPERM,
 * -ENODEV, ...), with nothing attached.
 */
int attach_open(struct attach *attach, const int prog_fd[FLOW_DIRS], unsigned int ifindex,
		enum attach_mode mode, struct claim *claim);

/* What became of the programs. */
struct attach_view {
	bool there;			/* both are where they were attached */
	unsigned int before[FLOW_DIRS]; /* programs and filters of others that run before ours */
};

/*
 * Looks whether the programs are still attached, which somebody else may have changed. What is
 * missing is let go of, but the rest stays. 0, or a negative errno: not known.
 */
int attach_look(struct attach *attach, struct attach_view *ret_view);

/* Attaches what attach_look() found missing. 0 or a negative errno; the rest stays either way. */
int attach_again(struct attach *attach, const int prog_fd[FLOW_DIRS], unsigned int ifindex);

/* Takes the programs off again; safe to call twice, see clsact_close(). */
void attach_close(struct attach *attach);

#endif
