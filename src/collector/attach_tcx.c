/* SPDX-License-Identifier: MIT */
/* TCX attachment, by number: libbpf 1.1 creates the links but does not know their names. */
#include "attach_tcx.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* enum bpf_attach_type and BPF_F_BEFORE of Linux 6.6, include/uapi/linux/bpf.h. */
#define TCX_INGRESS 46
#define TCX_EGRESS  47
#define TCX_BEFORE  (1U << 3)

void tcx_init(struct tcx *tcx)
{
	tcx->link_fd[FLOW_IN] = tcx->link_fd[FLOW_OUT] = -1;
}

static int tcx_link(int prog_fd, unsigned int ifindex, enum flow_dir dir)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = dir == FLOW_IN ? TCX_BEFORE : 0);
	int type = dir == FLOW_IN ? TCX_INGRESS : TCX_EGRESS;

	return bpf_link_create(prog_fd, (int)ifindex, (enum bpf_attach_type)type, &opts);
}

int tcx_open(struct tcx *tcx, const int prog_fd[FLOW_DIRS], unsigned int ifindex)
{
	int fd;
	enum flow_dir dir;

	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		fd = tcx_link(prog_fd[dir], ifindex, dir);
		/* A kernel that does not know the attach type says so, and nothing else does. */
		if (fd == -EINVAL)
			return -EOPNOTSUPP;
		if (fd < 0)
			return fd;
		tcx->link_fd[dir] = fd;
	}
	return 0;
}

void tcx_close(struct tcx *tcx)
{
	enum flow_dir dir;

	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		if (tcx->link_fd[dir] >= 0)
			close(tcx->link_fd[dir]);
	}
	tcx_init(tcx);
}
