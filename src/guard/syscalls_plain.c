/* SPDX-License-Identifier: MIT */
/*
 * System calls that are let through whatever their arguments, by who needs them. By name: those that
 * an architecture, or the libseccomp at hand, does not know are left out.
 */
#include <errno.h>
#include <stddef.h>

#include "guard_private.h"

/* Every thread: deadlines, descriptors that are open, output, memory, the end of a thread. */
static const char *const always[] = {
	/* memory; mmap() and mprotect() stand in syscalls_rules.c */
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
	/* files, and sockets that are open */
	"close", "dup", "dup3", "lseek", "_llseek", "pipe2", "pread64", "preadv", "read", "readv",
	"recv", "recvfrom", "recvmsg", "send", "sendmsg", "sendto", "write", "writev",
	/* what files are */
	"access", "faccessat", "faccessat2", "fstat", "fstat64", "fstatat64", "fstatfs",
	"fstatfs64", "getcwd", "getdents64", "lstat", "lstat64", "newfstatat", "readlink",
	"readlinkat", "stat", "stat64", "statfs", "statfs64", "statx",
	/* who and where */
	"getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getrandom",
	"getrlimit", "getrusage", "getuid", "getuid32", "sysinfo", "ugetrlimit", "uname"};

/* Each thread gives up what it does not need itself. */
static const char *const threads[] = {"capget", "capset"};

static const char *const netns[] = {"setns"};

/* rtnetlink: interfaces and tc filters. */
static const char *const netlink[] = {"bind", "getsockname", "getsockopt"};

/* DNS; its configuration is watched for changes. */
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

/* Users that a directory service knows, which is asked through a socket. */
static const char *const users[] = {"bind",	  "connect",  "getpeername",	 "getsockname",
				    "getsockopt", "recvmmsg", "recvmmsg_time64", "sendmmsg",
				    "setsockopt", "shutdown"};

/* A new file takes the place of the old one. */
static const char *const settings[] = {"fchmod",   "fsync",	"mkdir",  "mkdirat", "rename",
				       "renameat", "renameat2", "unlink", "unlinkat"};

static const char *const sanitizers[] = {
	/* the leak check, which is a debugger of its own making */
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

int syscalls_add_plain(scmp_filter_ctx filter, unsigned int needs)
{
#define LIST(list) list, sizeof(list) / sizeof((list)[0])
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
		{GUARD_SETTINGS, LIST(settings)},
		{GUARD_SANITIZED ? GUARD_ALWAYS : 0, LIST(sanitizers)},
	};
#undef LIST
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]) && !err; i++) {
		if (guard_serves(lists[i].serves, needs))
			err = allow_all(filter, lists[i].calls, lists[i].count);
	}
	return err;
}
