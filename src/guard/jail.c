/* SPDX-License-Identifier: MIT */
/* The steps of the jail, in an order in which each is still permitted; see jail.h. */
#include "jail.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <seccomp.h>

#include "array.h"
#include "guard_private.h"

#define NOBODY 65534 /* user and group, on Linux */
/*
 * Plus the process id: a user and group of its own, as a process of nobody's could signal it. Behind what
 * systemd gives to users, services and containers (its UIDS-GIDS.md), below 2^31.
 */
#define OWN_IDS 0x70000000U

/* Waiting, reading, sending, the time, and the end. Freeing memory is all that is done with it. */
static const char *const jail_calls[] = {
	"poll",
	"ppoll",
	"read",
	"recvfrom",
	"recvmsg",
	"sendto",
	"epoll_wait",
	"epoll_pwait",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"nanosleep",
	"restart_syscall",
	"rt_sigreturn",
	"munmap",
	"madvise",
	"brk",
	"exit",
	"exit_group",
};

static int take_id(uid_t id)
{
	return setresgid(id, id, id) || setresuid(id, id, id) ? -errno : 0;
}

static int leave_user(void)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID))
		return 0; /* an ordinary user stays the one it is */
	if (setgroups(0, NULL))
		return -errno;
	/* A user namespace may have few ids, but has nobody. */
	return take_id(OWN_IDS + (uid_t)getpid()) ? take_id(NOBODY) : 0;
}

/* Also of what it could regain by executing a file, which the filter forbids. */
static int drop_bounding_set(void)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) ? -EPERM : 0;
}

static int drop_capabilities(void)
{
	/* Ambient ones too, which it would raise again: systemd gives them. */
	capng_clear(CAPNG_SELECT_CAPS);
	capng_clear(CAPNG_SELECT_AMBIENT);
	if (capng_apply(CAPNG_SELECT_CAPS) || capng_apply(CAPNG_SELECT_AMBIENT))
		return -EPERM;
	return 0;
}

/* The lowest descriptor that is free: with it as limit no other can be opened, and poll() still works. */
static rlim_t descriptors_open(void)
{
	int fd = dup(STDIN_FILENO);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? 0 : (rlim_t)fd;
}

static int limit_resources(void)
{
	const struct {
		int resource;
		rlim_t most;
	} limits[] = {
		{RLIMIT_DATA, JAIL_MEMORY}, {RLIMIT_NPROC, 0}, {RLIMIT_NOFILE, descriptors_open()},
		{RLIMIT_FSIZE, 0},	    {RLIMIT_CORE, 0},  {RLIMIT_MEMLOCK, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit limit = {limits[i].most, limits[i].most};

		/* What the sanitizers map, in builds for tests, is more than that. */
		if (GUARD_SANITIZED && limits[i].resource == RLIMIT_DATA)
			continue;
		if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit))
			return -errno;
	}
	return 0;
}

static int load_jail_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(jail_calls) && !err; i++) {
		int number = seccomp_syscall_resolve_name(jail_calls[i]);

		if (number >= 0)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

void jail_prepare(void)
{
	/* It has no sockets to make one useful: this is a second wall. */
	if (!capng_get_caps_process() && capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		(void)unshare(CLONE_NEWNET);
}

int jail_enter(void)
{
	int err;

	if (capng_get_caps_process())
		return -EPERM;
	err = limit_resources();
	if (!err)
		err = drop_bounding_set();
	if (!err)
		err = leave_user();
	if (!err)
		err = drop_capabilities();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	return err || GUARD_SANITIZED ? err : load_jail_filter();
}
