/* SPDX-License-Identifier: MIT */
/* Chooses between the ways to attach; see attach.h. */
#include "attach.h"

#include <errno.h>

void attach_init(struct attachment *attachment)
{
	attachment->mode = ATTACH_AUTO;
	tcx_init(&attachment->tcx);
	clsact_init(&attachment->clsact);
}

int attach_open(struct attachment *attachment, const int prog_fd[FLOW_DIRS], unsigned int ifindex,
		enum attach_mode mode, struct claim *claim)
{
	int err = -EOPNOTSUPP;

	if (mode != ATTACH_CLSACT) {
		attachment->mode = ATTACH_TCX;
		err = tcx_open(&attachment->tcx, prog_fd, ifindex);
	}
	if (err == -EOPNOTSUPP && mode != ATTACH_TCX) {
		attachment->mode = ATTACH_CLSACT;
		err = clsact_open(&attachment->clsact, prog_fd, ifindex, claim);
	}
	if (err)
		attach_close(attachment);
	return err;
}

void attach_close(struct attachment *attachment)
{
	tcx_close(&attachment->tcx);
	clsact_close(&attachment->clsact);
}

const char *attach_mode_name(enum attach_mode mode)
{
	static const char *const names[ATTACH_MODES] = {
		[ATTACH_AUTO] = "auto", [ATTACH_TCX] = "tcx", [ATTACH_CLSACT] = "clsact"};

	return names[mode];
}
