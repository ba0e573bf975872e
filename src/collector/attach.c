/* SPDX-License-Identifier: MIT */
/* TCX links, and the choice between the ways to attach; see attach.h. */
#include "attach.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

/* TCX attachment, by number: libbpf 1.1 creates the links but does not know their names. */

/* enum bpf_attach_type and BPF_F_BEFORE of Linux 6.6, include/uapi/linux/bpf.h. */
#define TCX_INGRESS 46
#define TCX_EGRESS  47
#define TCX_BEFORE  (1U << 3)

static void tcx_init(struct tcx *tcx)
{
	*tcx = (struct tcx){.link_fd = {-1, -1}};
}

static enum bpf_attach_type type_of(enum flow_dir dir)
{
	return (enum bpf_attach_type)(dir == FLOW_IN ? TCX_INGRESS : TCX_EGRESS);
}

static int tcx_link(int prog_fd, unsigned int ifindex, enum flow_dir dir)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = dir == FLOW_IN ? TCX_BEFORE : 0);

	return bpf_link_create(prog_fd, (int)ifindex, type_of(dir), &opts);
}

static int program_of(int prog_fd, uint32_t *ret_program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &size))
		return -errno;
	*ret_program = info.id;
	return 0;
}

static int open_dir(struct tcx *tcx, int prog_fd, enum flow_dir dir)
{
	int fd, err = program_of(prog_fd, &tcx->program[dir]);

	if (err)
		return err;
	fd = tcx_link(prog_fd, tcx->ifindex, dir);
	/* A kernel that does not know the attach type says so, and nothing else does. */
	if (fd < 0)
		return fd == -EINVAL ? -EOPNOTSUPP : fd;
	tcx->link_fd[dir] = fd;
	return 0;
}

/*
 * Attaches the programs that are not attached: ingress as the first of all, so that it sees what arrived; egress as the
 * last, so that it sees what really leaves. 0; -EOPNOTSUPP: this kernel has no TCX; or another
 * negative errno (-EPERM, -ENODEV, ...). After an error tcx_close() is still due.
 */
static int tcx_open(struct tcx *tcx, const int prog_fd[FLOW_DIRS], unsigned int ifindex)
{
	enum flow_dir dir;
	int err = 0;

	tcx->ifindex = ifindex;
	for (dir = FLOW_IN; dir < FLOW_DIRS && !err; dir++) {
		if (tcx->link_fd[dir] < 0)
			err = open_dir(tcx, prog_fd[dir], dir);
	}
	return err;
}

/* The programs on a hook in the order in which they run. */
static int query(unsigned int ifindex, enum flow_dir dir, uint32_t program[TCX_PROGRAMS_MAX],
		 unsigned int *ret_count)
{
	DECLARE_LIBBPF_OPTS(bpf_prog_query_opts, opts, .prog_ids = program,
			    .prog_cnt = TCX_PROGRAMS_MAX);
	int err = bpf_prog_query_opts((int)ifindex, type_of(dir), &opts);

	*ret_count = err ? 0 : opts.prog_cnt;
	return err;
}

unsigned int tcx_count(unsigned int ifindex, enum flow_dir dir)
{
	uint32_t program[TCX_PROGRAMS_MAX];
	unsigned int count;

	(void)!query(ifindex, dir, program, &count);
	return count;
}

/*
 * Without CAP_NET_ADMIN only the link itself can be asked. These headers do not know TCX; its part of
 * the answer begins with the interface as that of XDP does: 0 when it was detached.
 */
static int look_at_link(const struct tcx *tcx, enum flow_dir dir, bool *ret_there)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(tcx->link_fd[dir], &info, &size))
		return -errno;
	*ret_there = info.xdp.ifindex && info.prog_id == tcx->program[dir];
	return 0;
}

static int look_at_hook(const struct tcx *tcx, enum flow_dir dir, bool *ret_there,
			unsigned int *ret_before)
{
	uint32_t program[TCX_PROGRAMS_MAX];
	unsigned int count, i = 0;

	int err = query(tcx->ifindex, dir, program, &count);

	if (err)
		return err == -EPERM ? look_at_link(tcx, dir, ret_there) : err;
	while (i < count && program[i] != tcx->program[dir])
		i++;
	*ret_there = i < count;
	if (*ret_there)
		*ret_before = i;
	return 0;
}

/*
 * Whether our program is where it was attached, not taken off and not replaced by another, and how
 * many programs run before it. What is missing is let go of, for tcx_open() to attach again. 0, or
 * a negative errno: not known.
 */
static int tcx_look(struct tcx *tcx, enum flow_dir dir, bool *ret_there, unsigned int *ret_before)
{
	int err = 0;

	*ret_there = false;
	if (tcx->link_fd[dir] >= 0)
		err = look_at_hook(tcx, dir, ret_there, ret_before);
	/* A link with another program in it would keep that one attached. */
	if (!err && !*ret_there && tcx->link_fd[dir] >= 0) {
		close(tcx->link_fd[dir]);
		tcx->link_fd[dir] = -1;
	}
	return err;
}

/*
 * Takes the programs off again, also while another process has a link open. The kernel returns when
 * none of them runs any more (tcx_entry_sync() in kernel/bpf/tcx.c). Safe to call twice.
 */
static void tcx_close(struct tcx *tcx)
{
	enum flow_dir dir;

	for (dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		if (tcx->link_fd[dir] < 0)
			continue;
		(void)!bpf_link_detach(tcx->link_fd[dir]); /* closing it does the same */
		close(tcx->link_fd[dir]);
	}
	tcx_init(tcx);
}

void attach_init(struct attach *attach)
{
	attach->mode = ATTACH_AUTO;
	tcx_init(&attach->tcx);
	clsact_init(&attach->clsact);
}

int attach_open(struct attach *attach, const int prog_fd[FLOW_DIRS], unsigned int ifindex,
		enum attach_mode mode, struct claim *claim)
{
	int err = -EOPNOTSUPP;

	if (mode != ATTACH_CLSACT) {
		attach->mode = ATTACH_TCX;
		err = tcx_open(&attach->tcx, prog_fd, ifindex);
	}
	if (err == -EOPNOTSUPP && mode != ATTACH_TCX) {
		attach->mode = ATTACH_CLSACT;
		err = clsact_open(&attach->clsact, prog_fd, ifindex, claim);
	}
	if (err)
		attach_close(attach);
	return err;
}

int attach_look(struct attach *attach, struct attach_view *ret_view)
{
	struct attach_view view = {.there = true};
	bool there = false;
	int err = 0;

	for (enum flow_dir dir = FLOW_IN; dir < FLOW_DIRS && !err; dir++) {
		err = attach->mode == ATTACH_TCX
			      ? tcx_look(&attach->tcx, dir, &there, &view.before[dir])
			      : clsact_look(&attach->clsact, dir, &there, &view.before[dir]);
		view.there &= there;
	}
	if (!err)
		*ret_view = view;
	return err;
}

int attach_again(struct attach *attach, const int prog_fd[FLOW_DIRS], unsigned int ifindex)
{
	return attach->mode == ATTACH_TCX
		       ? tcx_open(&attach->tcx, prog_fd, ifindex)
		       : clsact_open(&attach->clsact, prog_fd, ifindex, attach->clsact.claim);
}

void attach_close(struct attach *attach)
{
	tcx_close(&attach->tcx);
	clsact_close(&attach->clsact);
}

const char *attach_mode_name(enum attach_mode mode)
{
	static const char *const names[ATTACH_MODES] = {
		[ATTACH_AUTO] = "auto", [ATTACH_TCX] = "tcx", [ATTACH_CLSACT] = "clsact",
		[ATTACH_SOCKET] = "socket"};

	return names[mode];
}
