/* SPDX-License-Identifier: MIT */
/*
 * The two tc programs on an interface, by the newest way that the kernel has. Main thread at start,
 * collector thread at the end; owned by the BPF source.
 */
#ifndef PKTSTAT_ATTACH_H
#define PKTSTAT_ATTACH_H

#include "attach_clsact.h"
#include "attach_mode.h"
#include "attach_tcx.h"
#include "flow_abi.h"

/* Both programs on the hooks of one interface. */
struct attachment {
	enum attach_mode mode; /* the way it was done, also after the end; ATTACH_AUTO: never */
	struct tcx tcx;
	struct clsact clsact;
};

void attach_init(struct attachment *attachment);

/*
 * Attaches the programs: ingress as the first of all, egress as the last, as far as the hooks allow.
 * What clsact needs is claimed when it is first used; the claim is borrowed. 0; -EOPNOTSUPP: ATTACH_TCX on a
 * kernel without (older than 6.6); or what clsact_open() says; or another negative errno (-EPERM,
 * -ENODEV, ...), with nothing attached.
 */
int attach_open(struct attachment *attachment, const int prog_fd[FLOW_DIRS], unsigned int ifindex,
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
int attach_look(struct attachment *attachment, struct attach_view *ret_view);

/* Attaches what attach_look() found missing. 0 or a negative errno; the rest stays either way. */
int attach_again(struct attachment *attachment, const int prog_fd[FLOW_DIRS],
		 unsigned int ifindex);

/* Takes the programs off again; safe to call twice, see clsact_close(). */
void attach_close(struct attachment *attachment);

#endif
