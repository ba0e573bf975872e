/* SPDX-License-Identifier: MIT */
/* Chooses between the two methods; both may be needed: the hook and /proc. */
#include "scan.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>

#include <cap-ng.h>

#include "scan_private.h"

/* The kernel's types, which differ from one build to the next. */
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct scan {
	struct scan_bpf *bpf;	/* NULL: no program could be loaded */
	struct scan_diag *diag; /* NULL: the iterator is there */
	int proc_fd;
	uint32_t pid_namespace;
	bool all_users;		/* descriptors of all users may be read in /proc */
};

int scan_open(const struct scan_options *options, struct scan **ret_scan)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int err;

	if (!scan)
		return -ENOMEM;
	scan->proc_fd = options->proc_fd;
	scan->pid_namespace = options->pid_namespace;
	err = scan_bpf_open(options, &scan->bpf);
	if (err == -ENOMEM || err == -EMFILE)
		goto out_close;
	scan->all_users = capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE);
	if (!scan->bpf || !scan_bpf_has_iterator(scan->bpf)) {
		err = scan_diag_open(options, &scan->diag);
		if (err)
			goto out_close;
	}
	*ret_scan = scan;
	return 0;
out_close:
	scan_close(scan);
	return err;
}

void scan_close(struct scan *scan)
{
	if (!scan)
		return;
	scan_bpf_close(scan->bpf);
	scan_diag_close(scan->diag);
	free(scan);
}

int scan_pass(struct scan *scan, struct sockets *sockets)
{
	return scan->diag ? scan_diag_pass(scan->diag, sockets) :
			    scan_bpf_pass(scan->bpf, sockets);
}

void scan_closed(struct scan *scan, struct sockets *sockets)
{
	if (scan->bpf)
		scan_bpf_closed(scan->bpf, sockets);
}

int scan_closed_fd(const struct scan *scan)
{
	return scan->bpf ? scan_bpf_closed_fd(scan->bpf) : -1;
}

const char *scan_missing(void)
{
	return access(KERNEL_BTF, R_OK) < 0 ? KERNEL_BTF : NULL;
}

bool scan_can_name(const struct scan *scan)
{
	return scan->diag ? scan->proc_fd >= 0 : scan->pid_namespace != 0;
}

bool scan_sees_all(const struct scan *scan)
{
	return !scan->diag;
}

const char *scan_way(const struct scan *scan)
{
	bool hook = scan->bpf && scan_bpf_has_hook(scan->bpf);

	if (!scan->diag)
		return hook ? "iterator and release hook" : "iterator";
	if (scan->all_users)
		return hook ? "/proc and release hook" : "/proc";
	return hook ? "/proc of this user and release hook" : "/proc of this user";
}
