/* SPDX-License-Identifier: MIT */
/*
 * System calls that are let through whatever their arguments, by who needs them. By name: those that
 * an architecture, or the libseccomp at hand, does not know are left out.
 */
#include <errno.h>
#include <stddef.h>

#include "guard_private.h"

/* The loop: maps, deadlines, files to read, output, memory, threads, signals. */
static const char *const loop[] = {
	/* memory */
	"brk", "madvise", "mmap", "mmap2", "mprotect", "mremap", "munmap",
	/* threads and signals */
	"exit", "exit_group", "futex", "futex_time64", "getpid", "gettid", "rseq",
	"sched_getaffinity", "sched_yield", "set_robust_list", "getpriority", "setpriority",
	"restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
	/* time */
	"clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64",
	"clock_nanosleep", "clock_nanosleep_time64", "gettimeofday", "nanosleep", "time",
	"eventfd2", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
	"timerfd_settime64",
	/* waiting */
	"_newselect", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "poll", "ppoll",
	"ppoll_time64", "pselect6", "pselect6_time64", "select",
	/* files */
	"close", "dup", "dup3", "fcntl", "fcntl64", "lseek", "_llseek", "pipe2", "pread64",
	"preadv", "read", "readv", "write", "writev",
	/* what files are */
	"access", "faccessat", "faccessat2", "fstat", "fstat64", "fstatat64", "fstatfs",
	"fstatfs64", "getcwd", "getdents64", "lstat", "lstat64", "newfstatat", "readlink",
	"readlinkat", "stat", "stat64", "statfs", "statfs64", "statx",
	/* who and where */
	"getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getrandom",
	"getrlimit", "getrusage", "getuid", "getuid32", "sysinfo", "ugetrlimit", "uname",
	/* netlink sockets, see the rule for socket() */
	"bind", "getsockname", "getsockopt", "recv", "recvfrom", "recvmsg", "send", "sendmsg",
	"sendto", "setsockopt"};

/* Settings are written to a new file, which then takes the place of the old one. */
static const char *const live[] = {"fsync",    "mkdir",	    "mkdirat", "rename",
				   "renameat", "renameat2", "unlink",  "unlinkat"};

/* DNS; and users that a directory service knows, which is asked through a local socket. */
static const char *const network[] = {"connect",	 "getpeername", "recvmmsg",
				      "recvmmsg_time64", "sendmmsg",	"shutdown"};

/* The resolver watches its configuration for changes. */
static const char *const names[] = {"inotify_add_watch", "inotify_init1", "inotify_rm_watch"};

static const char *const netns[] = {"capget", "capset", "setns"};

static const char *const sanitizers[] = {
	/* the leak check, which is a debugger of its own making */
	"capget", "clone", "getdents", "getppid", "kill", "process_vm_readv", "ptrace", "tgkill",
	"wait4", "waitid",
	/* reports */
	"ftruncate", "ioctl", "open", "openat", "pipe", "socketpair",
	/* shadow memory */
	"mincore", "msync", "personality", "prctl", "prlimit64", "sched_setaffinity", "setrlimit"};

static int add(scmp_filter_ctx filter, const char *const *calls, size_t count)
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

int syscalls_add_plain(scmp_filter_ctx filter, const struct guard_needs *needs)
{
#define LIST(list) list, sizeof(list) / sizeof((list)[0])
	const struct {
		bool needed;
		const char *const *calls;
		size_t count;
	} lists[] = {
		{true, LIST(loop)},
		{needs->live, LIST(live)},
		{needs->names || needs->owners, LIST(network)},
		{needs->names, LIST(names)},
		{needs->netns, LIST(netns)},
		{GUARD_SANITIZED, LIST(sanitizers)},
	};
#undef LIST
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]) && !err; i++) {
		if (lists[i].needed)
			err = add(filter, lists[i].calls, lists[i].count);
	}
	return err;
}
