/* SPDX-License-Identifier: MIT */
/* TCX attachment, by number: libbpf 1.1 creates the links but does not know their names. */
#include "attach.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* enum bpf_attach_type and BPF_F_BEFORE of Linux 6.6, include/uapi/linux/bpf.h. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define TCX_BEFORE (1U << 3)

int attach_tcx(int prog_fd, unsigned int ifindex, enum flow_dir dir,
	       struct attachment *ret_attachment)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = dir == FLOW_IN ? TCX_BEFORE : 0);
	int type = dir == FLOW_IN ? TCX_INGRESS : TCX_EGRESS;
	int fd = bpf_link_create(prog_fd, (int)ifindex, (enum bpf_attach_type)type, &opts);

	if (fd == -EINVAL)
		return -EOPNOTSUPP;
	if (fd < 0)
		return fd;
	ret_attachment->link_fd = fd;
	return 0;
}

void attach_close(struct attachment *attachment)
{
	if (attachment->link_fd >= 0)
		close(attachment->link_fd);
	attachment->link_fd = -1;
}
