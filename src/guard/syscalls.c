/* SPDX-License-Identifier: MIT */
/*
 * The system call filter, in three parts: calls allowed with any arguments, by the need that uses
 * them; calls allowed with certain arguments only; and the filter that is built from both.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

#include "array.h"
#include "guard_private.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif
/*
 * The terminal's mode as newer C libraries ask for it, in a structure that no header here can
 * describe beside termios.h: TCGETS2, TCSETS2, TCSETSW2, TCSETSF2.
 */
#define TERMIOS2(number, direction) direction('T', number, char[44])
#define SOCKET_TYPE_MASK	    0xf
/* clone() may start threads only: these flags tell them from processes and new namespaces. */
#define CLONE_WATCHED                                                                 \
	(CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_VFORK | CLONE_PARENT | CLONE_PTRACE)
#define CREATES	       (O_ACCMODE | O_CREAT | O_TRUNC)
#define RULE_ARGUMENTS 3

/*
 * Calls allowed with any arguments, by name: names that this architecture, or this libseccomp, does
 * not know are left out.
 */

/* Every thread: deadlines, open descriptors, output, memory, thread exit. */
static const char *const always[] = {
	/* memory; mmap() and mprotect() are among the rules below */
	"brk", "madvise", "mremap", "munmap",
	/* threads and signals */
	"exit", "exit_group", "futex", "futex_time64", "getpid", "gettid", "rseq",
	"sched_getaffinity", "sched_yield", "set_robust_list", "restart_syscall", "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "sigaltstack",
	/* time */
	"clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64",
	"clock_nanosleep", "clock_nanosleep_time64", "gettimeofday", "nanosleep", "time",
	"eventfd2", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
	"timerfd_settime64",
	/* waiting */
	"_newselect", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "poll", "ppoll",
	"ppoll_time64", "pselect6", "pselect6_time64", "select",
	/* open files and sockets */
	"close", "dup", "dup3", "lseek", "_llseek", "pipe2", "pread64", "preadv", "read", "readv",
	"recv", "recvfrom", "recvmsg", "send", "sendmsg", "sendto", "write", "writev",
	/* file metadata */
	"access", "faccessat", "faccessat2", "fstat", "fstat64", "fstatat64", "fstatfs",
	"fstatfs64", "getcwd", "getdents64", "lstat", "lstat64", "newfstatat", "readlink",
	"readlinkat", "stat", "stat64", "statfs", "statfs64", "statx",
	/* identity and system */
	"getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getrandom",
	"getrlimit", "getrusage", "getuid", "getuid32", "sysinfo", "ugetrlimit", "uname"};

/* Each thread drops what it does not need itself. */
static const char *const threads[] = {"capget", "capset"};

static const char *const netns[] = {"setns"};

/* rtnetlink: interfaces and tc filters. */
static const char *const netlink[] = {"bind", "getsockname", "getsockopt"};

/* DNS; c-ares watches its configuration for changes. */
static const char *const names[] = {"bind",
				    "connect",
				    "getpeername",
				    "getsockname",
				    "getsockopt",
				    "recvmmsg",
				    "recvmmsg_time64",
				    "sendmmsg",
				    "setsockopt",
				    "shutdown",
				    "inotify_add_watch",
				    "inotify_init1",
				    "inotify_rm_watch"};

/* The one socket of flow records over TCP: no other can be made. */
static const char *const reconnect[] = {"connect"};

/* Users of a directory service, queried through a socket. */
static const char *const users[] = {"bind",	  "connect",  "getpeername",	 "getsockname",
				    "getsockopt", "recvmmsg", "recvmmsg_time64", "sendmmsg",
				    "setsockopt", "shutdown"};

/* A new file replaces the old one. */
static const char *const settings[] = {"fchmod",   "fsync",	"mkdir",  "mkdirat", "rename",
				       "renameat", "renameat2", "unlink", "unlinkat"};

/* HTTP on a socket that is bound and listens. */
static const char *const serve[] = {"accept", "accept4", "getsockname", "getsockopt", "shutdown"};

static const char *const sanitizers[] = {
	/* the leak check, which works like a debugger */
	"capget", "clone", "getdents", "getppid", "kill", "process_vm_readv", "ptrace", "tgkill",
	"wait4", "waitid",
	/* reports */
	"fcntl", "ftruncate", "ioctl", "open", "openat", "pipe", "socketpair",
	/* shadow memory */
	"mincore", "mmap", "mprotect", "msync", "personality", "prctl", "prlimit64",
	"sched_setaffinity", "setrlimit"};

static int allow_all(scmp_filter_ctx filter, const char *const *calls, size_t count)
{
	size_t i;
	int number, err;

	for (i = 0; i < count; i++) {
		number = seccomp_syscall_resolve_name(calls[i]);
		if (number < 0)
			continue;
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
		if (err && err != -EEXIST)
			return err;
	}
	return 0;
}

static int add_lists(scmp_filter_ctx filter, unsigned int needs)
{
#define LIST(list) list, ARRAY_SIZE(list)
	static const struct {
		unsigned int serves;
		const char *const *calls;
		size_t count;
	} lists[] = {
		{GUARD_ALWAYS, LIST(always)},
		{GUARD_THREADS, LIST(threads)},
		{GUARD_NETNS, LIST(netns)},
		{GUARD_ATTACH | GUARD_CLSACT, LIST(netlink)},
		{GUARD_NAMES, LIST(names)},
		{GUARD_USERS, LIST(users)},
		{GUARD_CONNECT, LIST(reconnect)},
		{GUARD_SETTINGS, LIST(settings)},
		{GUARD_SERVE, LIST(serve)},
		{GUARD_SANITIZED ? GUARD_ALWAYS : 0, LIST(sanitizers)},
	};
#undef LIST
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(lists) && !err; i++) {
		if (guard_serves(lists[i].serves, needs))
			err = allow_all(filter, lists[i].calls, lists[i].count);
	}
	return err;
}

/* Calls allowed with certain arguments only, one line each. */

struct rule {
	unsigned int serves;
	const char *call;
	struct scmp_arg_cmp argument[RULE_ARGUMENTS]; /* all of them; SCMP_CMP none: no more */
};

/* clang-format off */
/* The kernel reads these arguments as int: the upper half of the register is ignored. */
#define MASKED(number, mask, value) \
	{number, SCMP_CMP_MASKED_EQ, (uint32_t)(mask), (uint32_t)(value)}
#define IS(number, value)    MASKED(number, UINT32_MAX, value)
#define LACKS(number, flags) MASKED(number, flags, 0)
#define IS_NULL(number)      {number, SCMP_CMP_EQ, 0, 0}

#define BPF(serves, command)   {serves, "bpf", {IS(0, command)}}
#define IOCTL(serves, request) {serves, "ioctl", {IS(1, request)}}
#define PRCTL(serves, option)  {serves, "prctl", {IS(0, option)}}
#define SOCKET(serves, domain, type, protocol) \
	{serves, "socket", {IS(0, domain), MASKED(1, SOCKET_TYPE_MASK, type), IS(2, protocol)}}
/* 32-bit architectures use the second. */
#define FCNTL(command) \
	{GUARD_ALWAYS, "fcntl", {IS(1, command)}}, {GUARD_ALWAYS, "fcntl64", {IS(1, command)}}
/* clang-format on */

#define TC   (GUARD_ATTACH | GUARD_CLSACT)
#define INET (GUARD_NAMES | GUARD_USERS)

static const struct rule rules[] = {
	/* No memory becomes executable. */
	{GUARD_ALWAYS, "mmap", {LACKS(2, PROT_EXEC)}},
	{GUARD_ALWAYS, "mmap2", {LACKS(2, PROT_EXEC)}},
	{GUARD_ALWAYS, "mprotect", {LACKS(2, PROT_EXEC)}},
	/* Not F_SETOWN, F_SETSIG, O_ASYNC, F_NOTIFY, F_SETLEASE: they can send signals to others. */
	FCNTL(F_DUPFD),
	FCNTL(F_DUPFD_CLOEXEC),
	FCNTL(F_GETFD),
	FCNTL(F_SETFD),
	FCNTL(F_GETFL),
	{GUARD_ALWAYS, "fcntl", {IS(1, F_SETFL), LACKS(2, O_ASYNC)}},
	{GUARD_ALWAYS, "fcntl64", {IS(1, F_SETFL), LACKS(2, O_ASYNC)}},
	/* The thread's own priority; limits are only read. */
	{GUARD_ALWAYS, "getpriority", {IS(0, PRIO_PROCESS), IS(1, 0)}},
	{GUARD_ALWAYS, "setpriority", {IS(0, PRIO_PROCESS), IS(1, 0)}},
	{GUARD_ALWAYS, "prlimit64", {IS(0, 0), IS_NULL(2)}},
	PRCTL(GUARD_ALWAYS, PR_SET_NAME),
	PRCTL(GUARD_ALWAYS, PR_GET_NAME),
	PRCTL(GUARD_ALWAYS, PR_SET_VMA),

	/* Starting threads, but no processes; each thread restricts itself further. */
	{GUARD_THREADS, "clone", {MASKED(0, CLONE_WATCHED, CLONE_THREAD)}},
	{GUARD_THREADS, "seccomp", {IS(0, SECCOMP_SET_MODE_FILTER), IS(1, 0)}},
	PRCTL(GUARD_THREADS, PR_CAPBSET_READ),
	PRCTL(GUARD_THREADS, PR_CAP_AMBIENT),

	/* Files are opened for reading only: with CAP_SYS_PTRACE, /proc/PID/mem could be written. */
	{GUARD_ALWAYS, "openat", {MASKED(2, CREATES, O_RDONLY)}},
	/* New files are created; existing ones are not opened for writing. */
	{GUARD_SETTINGS, "openat", {MASKED(2, O_CREAT | O_EXCL, O_CREAT | O_EXCL)}},

	/* Files are appended to, as logs are. */
	{GUARD_APPEND, "openat",
	 {MASKED(2, CREATES | O_APPEND, O_WRONLY | O_CREAT | O_APPEND)}},

	/* The maps of the flow table: created, swapped, read, emptied. */
	BPF(GUARD_COLLECT, BPF_MAP_CREATE),
	BPF(GUARD_COLLECT, BPF_MAP_LOOKUP_ELEM),
	BPF(GUARD_COLLECT, BPF_MAP_UPDATE_ELEM),
	BPF(GUARD_COLLECT, BPF_MAP_DELETE_ELEM),
	BPF(GUARD_COLLECT, BPF_MAP_GET_NEXT_KEY),
	BPF(GUARD_COLLECT, BPF_MAP_LOOKUP_AND_DELETE_ELEM),
	BPF(GUARD_COLLECT, BPF_MAP_LOOKUP_BATCH),
	BPF(GUARD_COLLECT, BPF_MAP_LOOKUP_AND_DELETE_BATCH),
	BPF(GUARD_COLLECT, BPF_MAP_UPDATE_BATCH),
	BPF(GUARD_COLLECT, BPF_MAP_DELETE_BATCH),
	BPF(GUARD_COLLECT, BPF_OBJ_GET_INFO_BY_FD),
	BPF(GUARD_COLLECT, BPF_LINK_DETACH),
	BPF(GUARD_COLLECT, BPF_PROG_QUERY),
	/* Programs for an interface that appears: loaded and attached. */
	BPF(GUARD_ATTACH, BPF_PROG_LOAD),
	BPF(GUARD_ATTACH, BPF_LINK_CREATE),
	BPF(GUARD_ATTACH, BPF_BTF_LOAD),
	BPF(GUARD_ATTACH, BPF_MAP_FREEZE),
	BPF(GUARD_ATTACH, BPF_PROG_BIND_MAP),
	BPF(GUARD_OWNERS, BPF_ITER_CREATE),

	/* Not TIOCSTI, which inserts input that the shell would read afterwards. */
	IOCTL(GUARD_ALWAYS, TCGETS),
	IOCTL(GUARD_ALWAYS, TERMIOS2(0x2A, _IOR)),
	IOCTL(GUARD_ALWAYS, TIOCGWINSZ),
	IOCTL(GUARD_ALWAYS, FIONREAD),
	IOCTL(GUARD_VIEW, TCSETS),
	IOCTL(GUARD_VIEW, TCSETSW),
	IOCTL(GUARD_VIEW, TCSETSF),
	IOCTL(GUARD_VIEW, TERMIOS2(0x2B, _IOW)),
	IOCTL(GUARD_VIEW, TERMIOS2(0x2C, _IOW)),
	IOCTL(GUARD_VIEW, TERMIOS2(0x2D, _IOW)),
	IOCTL(GUARD_VIEW, TCFLSH),
	IOCTL(GUARD_VIEW, TIOCGPGRP),
	IOCTL(GUARD_SOCKET, SIOCGIFINDEX),
	IOCTL(GUARD_SOCKET, SIOCGIFNAME),
	IOCTL(GUARD_CONNECT, TIOCOUTQ), /* SIOCOUTQ: what is not acknowledged */
	IOCTL(INET, FIONBIO),
	IOCTL(INET, SIOCGIFINDEX),
	IOCTL(INET, SIOCGIFNAME),

	/* rtnetlink for interfaces and tc filters; the rest for DNS and directory services. */
	SOCKET(TC | INET, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
	{TC, "setsockopt", {IS(1, SOL_NETLINK)}},
	/* Packets that were lost; errors; an interface that returned, and that no more is received. */
	{GUARD_SOCKET, "getsockopt", {IS(1, SOL_PACKET), IS(2, PACKET_STATISTICS)}},
	{GUARD_SOCKET, "getsockopt", {IS(1, SOL_SOCKET), IS(2, SO_ERROR)}},
	{GUARD_SOCKET, "bind", {}},
	{TC, "setsockopt", {IS(1, SOL_SOCKET), IS(2, SO_RCVBUF)}},
	{GUARD_SERVE, "setsockopt", {IS(1, IPPROTO_TCP)}},
	SOCKET(INET, AF_INET, SOCK_DGRAM, 0),
	SOCKET(INET, AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	SOCKET(INET, AF_INET, SOCK_STREAM, 0),
	SOCKET(INET, AF_INET, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(INET, AF_INET6, SOCK_DGRAM, 0),
	SOCKET(INET, AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	SOCKET(INET, AF_INET6, SOCK_STREAM, 0),
	SOCKET(INET, AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(GUARD_USERS, AF_UNIX, SOCK_STREAM, 0),
	SOCKET(GUARD_USERS, AF_UNIX, SOCK_DGRAM, 0),
};

/* Allows a call if its arguments match; unknown calls are left out. */
static int allow(scmp_filter_ctx filter, const struct rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->call), err;
	unsigned int count = 0;

	if (number < 0)
		return 0;
	while (count < RULE_ARGUMENTS && rule->argument[count].op)
		count++;
	err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, rule->argument);
	return err == -EEXIST ? 0 : err; /* allowed already, with any arguments */
}

/* Signals to ourselves, as raise() and abort() send them. */
static int allow_own_signals(scmp_filter_ctx filter)
{
	const struct rule own[] = {
		{GUARD_ALWAYS, "tgkill", {IS(0, getpid())}},
		{GUARD_ALWAYS, "kill", {IS(0, getpid())}},
	};
	int err = allow(filter, &own[0]);

	return err ? err : allow(filter, &own[1]);
}

static int add_rules(scmp_filter_ctx filter, unsigned int needs)
{
	int err = allow_own_signals(filter), clone3;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules) && !err; i++) {
		if (guard_serves(rules[i].serves, needs))
			err = allow(filter, &rules[i]);
	}
	/* Its arguments are in memory, which a filter cannot read; the C library falls back to clone(). */
	clone3 = seccomp_syscall_resolve_name("clone3");
	if (!err && clone3 >= 0)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
	return err;
}

static int set_attributes(scmp_filter_ctx filter, bool all_threads)
{
	/*
	 * TSYNC: also threads that a library may have started. NNP: no_new_privs is set already.
	 * BADARCH: calls with the numbers of another architecture (i386, x32) fail like others,
	 * without killing the process. SYSRAWRC: the kernel's errno, not libseccomp's. OPTIMIZE: a
	 * binary tree of comparisons instead of a list.
	 */
	const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
		bool optional;
	} attributes[] = {
		{SCMP_FLTATR_CTL_TSYNC, all_threads, true},
		{SCMP_FLTATR_CTL_NNP, 0, false},
		{SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM), false},
		{SCMP_FLTATR_API_SYSRAWRC, 1, true},
		{SCMP_FLTATR_CTL_OPTIMIZE, 2, true},
	};
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		err = seccomp_attr_set(filter, attributes[i].attribute, attributes[i].value);
		if (err && !attributes[i].optional)
			return err;
	}
	return 0;
}

int syscalls_build(unsigned int needs, bool all_threads, scmp_filter_ctx *ret_filter)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err;

	if (!filter)
		return -ENOMEM;
	err = set_attributes(filter, all_threads);
	if (!err)
		err = add_lists(filter, needs);
	if (!err)
		err = add_rules(filter, needs);
	if (err) {
		seccomp_release(filter);
		return err;
	}
	*ret_filter = filter;
	return 0;
}

int syscalls_filter(unsigned int needs, bool all_threads)
{
	scmp_filter_ctx filter;
	int err = syscalls_build(needs, all_threads, &filter);

	if (err)
		return err;
	err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}
