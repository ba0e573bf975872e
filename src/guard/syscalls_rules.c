/* SPDX-License-Identifier: MIT */
/* System calls that are let through with some arguments only. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

#include "guard_private.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
/*
 * The terminal's mode as newer C libraries ask for it, in a structure that no header here can
 * describe beside termios.h: TCGETS2, TCSETS2, TCSETSW2, TCSETSF2.
 */
#define TERMIOS2(number, direction) direction('T', number, char[44])
#define SOCKET_TYPE_MASK	    0xf

/* The maps of the flow table: made, swapped, read, emptied. */
static const uint64_t bpf_loop[] = {
	BPF_MAP_CREATE,		BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM,	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,	BPF_MAP_LOOKUP_AND_DELETE_ELEM,
	BPF_MAP_LOOKUP_BATCH,	BPF_MAP_LOOKUP_AND_DELETE_BATCH,
	BPF_MAP_UPDATE_BATCH,	BPF_MAP_DELETE_BATCH,
	BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_DETACH,
	BPF_PROG_QUERY,		BPF_PROG_DETACH,
};

static const uint64_t bpf_attach[] = {
	BPF_PROG_LOAD,	       BPF_PROG_ATTACH,	     BPF_LINK_CREATE,
	BPF_BTF_LOAD,	       BPF_MAP_FREEZE,	     BPF_PROG_GET_NEXT_ID,
	BPF_PROG_GET_FD_BY_ID, BPF_BTF_GET_FD_BY_ID, BPF_PROG_BIND_MAP,
};

static const uint64_t bpf_owners[] = {BPF_ITER_CREATE};

/* Not TIOCSTI, which types into the terminal for the shell behind us to read. */
static const uint64_t ioctl_loop[] = {TCGETS, TERMIOS2(0x2A, _IOR), TIOCGWINSZ, FIONREAD, FIONBIO};

static const uint64_t ioctl_live[] = {
	TCSETS,
	TCSETSW,
	TCSETSF,
	TERMIOS2(0x2B, _IOW),
	TERMIOS2(0x2C, _IOW),
	TERMIOS2(0x2D, _IOW),
	TCFLSH,
	TIOCGPGRP,
};

static const uint64_t ioctl_network[] = {SIOCGIFINDEX,	SIOCGIFNAME, SIOCGIFFLAGS,
					 SIOCGIFHWADDR, SIOCGIFADDR, SIOCGIFCONF};

static const uint64_t prctl_loop[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA};

static const uint64_t prctl_netns[] = {PR_CAPBSET_READ, PR_CAP_AMBIENT};

#define VALUES(list) list, sizeof(list) / sizeof((list)[0])

/* Lets a call through when its arguments pass; one that is not known here is left out. */
static int allow(scmp_filter_ctx filter, const char *call, unsigned int count,
		 const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(call), err;

	if (number < 0)
		return 0;
	err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, arguments);
	return err == -EEXIST ? 0 : err; /* let through already, whatever its arguments */
}

/* The argument, an int to the kernel: what a caller leaves in its upper half means nothing. */
static struct scmp_arg_cmp is(unsigned int argument, uint64_t mask, uint64_t value)
{
	return SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask & UINT32_MAX, value & UINT32_MAX);
}

/* `argument` has to be one of the values. */
static int allow_values(scmp_filter_ctx filter, const char *call, unsigned int argument,
			bool needed, const uint64_t *values, size_t count)
{
	struct scmp_arg_cmp one;
	size_t i;
	int err = 0;

	for (i = 0; needed && i < count && !err; i++) {
		one = is(argument, UINT32_MAX, values[i]);
		err = allow(filter, call, 1, &one);
	}
	return err;
}

static int add_commands(scmp_filter_ctx filter, const struct guard_needs *needs)
{
	const struct {
		const char *call;
		unsigned int argument;
		bool needed;
		const uint64_t *values;
		size_t count;
	} lists[] = {
		{"bpf", 0, true, VALUES(bpf_loop)},
		{"bpf", 0, needs->attach, VALUES(bpf_attach)},
		{"bpf", 0, needs->owners, VALUES(bpf_owners)},
		{"ioctl", 1, true, VALUES(ioctl_loop)},
		{"ioctl", 1, needs->live, VALUES(ioctl_live)},
		{"ioctl", 1, needs->names || needs->attach, VALUES(ioctl_network)},
		{"prctl", 0, true, VALUES(prctl_loop)},
		{"prctl", 0, needs->netns, VALUES(prctl_netns)},
	};
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]) && !err; i++)
		err = allow_values(filter, lists[i].call, lists[i].argument, lists[i].needed,
				   lists[i].values, lists[i].count);
	return err;
}

/*
 * Netlink tells of interfaces and sockets; the rest is for whoever asks DNS or a directory service.
 * No raw sockets, no packet sockets.
 */
static int add_sockets(scmp_filter_ctx filter, const struct guard_needs *needs)
{
	bool inet = needs->names || needs->attach, local = inet || needs->owners;
	const struct {
		bool needed;
		int domain, type;
	} sockets[] = {
		{true, AF_NETLINK, SOCK_RAW},	      {true, AF_NETLINK, SOCK_DGRAM},
		{local, AF_UNIX, SOCK_STREAM},	      {local, AF_UNIX, SOCK_DGRAM},
		{inet, AF_INET, SOCK_DGRAM},	      {inet, AF_INET6, SOCK_DGRAM},
		{needs->names, AF_INET, SOCK_STREAM}, {needs->names, AF_INET6, SOCK_STREAM},
	};
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(sockets) / sizeof(sockets[0]) && !err; i++) {
		const struct scmp_arg_cmp arguments[] = {
			is(0, UINT32_MAX, (uint64_t)sockets[i].domain),
			is(1, SOCKET_TYPE_MASK, (uint64_t)sockets[i].type),
		};

		if (sockets[i].needed)
			err = allow(filter, "socket", 2, arguments);
	}
	return err;
}

/*
 * Files are read. Only new ones are written: with a capability over other processes, /proc/PID/mem
 * must not be open to writing.
 */
static int add_files(scmp_filter_ctx filter, const struct guard_needs *needs)
{
	const struct scmp_arg_cmp reads = is(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	const struct scmp_arg_cmp makes = is(2, O_CREAT | O_EXCL, O_CREAT | O_EXCL);
	int err = allow(filter, "openat", 1, &reads);

	if (!err && needs->live)
		err = allow(filter, "openat", 1, &makes);
	return err;
}

/* Threads, no processes; signals to ourselves, as raise() and abort() send them; limits are asked for. */
static int add_process(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp thread = is(0, CLONE_THREAD, CLONE_THREAD);
	const struct scmp_arg_cmp self = is(0, UINT32_MAX, (uint64_t)getpid());
	const struct scmp_arg_cmp asks = SCMP_CMP64(2, SCMP_CMP_EQ, 0, 0);
	int err = allow(filter, "clone", 1, &thread), clone3;

	if (!err)
		err = allow(filter, "tgkill", 1, &self);
	if (!err)
		err = allow(filter, "kill", 1, &self);
	if (!err)
		err = allow(filter, "prlimit64", 1, &asks);
	/* Its arguments are in memory, where no filter can look; the C library then takes clone(). */
	clone3 = seccomp_syscall_resolve_name("clone3");
	if (!err && clone3 >= 0)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
	return err;
}

int syscalls_add_rules(scmp_filter_ctx filter, const struct guard_needs *needs)
{
	int err = add_commands(filter, needs);

	if (!err)
		err = add_sockets(filter, needs);
	if (!err)
		err = add_files(filter, needs);
	if (!err)
		err = add_process(filter);
	return err;
}
