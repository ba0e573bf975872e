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

int attach_look(struct attachment *attachment, struct attach_view *ret_view)
{
	struct attach_view view = {.there = true};
	bool there = false;
	int err = 0;

	for (enum flow_dir dir = FLOW_IN; dir < FLOW_DIRS && !err; dir++) {
		err = attachment->mode == ATTACH_TCX ?
			      tcx_look(&attachment->tcx, dir, &there, &view.before[dir]) :
			      clsact_look(&attachment->clsact, dir, &there, &view.before[dir]);
		view.there &= there;
	}
	if (!err)
		*ret_view = view;
	return err;
}

int attach_again(struct attachment *attachment, const int prog_fd[FLOW_DIRS],
		 unsigned int ifindex)
{
	return attachment->mode == ATTACH_TCX ?
		       tcx_open(&attachment->tcx, prog_fd, ifindex) :
		       clsact_open(&attachment->clsact, prog_fd, ifindex,
				   attachment->clsact.claim);
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
