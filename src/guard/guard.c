/* SPDX-License-Identifier: MIT */
/* The steps of closing, in an order in which each is still permitted. */
#include "guard.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guard_private.h"

bool guard_is_setuid(void)
{
	return getuid() != geteuid() || getgid() != getegid();
}

static void raise_to_hard(int resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
}

void guard_raise_limits(void)
{
	const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	raise_to_hard(RLIMIT_NOFILE);
	if (setrlimit(RLIMIT_MEMLOCK, &all))
		raise_to_hard(RLIMIT_MEMLOCK);
}

/* What seccomp(2) and prctl(2) return on kernels without seccomp and in user-mode emulators. */
static bool means_no_seccomp(int err)
{
	return err == -ENOSYS || err == -EINVAL;
}

int guard_close(unsigned int needs, const char **ret_what)
{
	int err = capabilities_keep(needs);

	if (err) {
		*ret_what = "capabilities";
		return err;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		*ret_what = "no_new_privs";
		return -errno;
	}
	err = syscalls_filter(needs, true);
	if (err && !means_no_seccomp(err)) {
		*ret_what = "the system call filter";
		return err;
	}
	return 0;
}

int guard_narrow(unsigned int needs, const char **ret_what)
{
	int err = capabilities_keep(needs);

	if (err) {
		*ret_what = "capabilities";
		return err;
	}
	err = syscalls_filter(needs, false);
	if (err && !means_no_seccomp(err)) {
		*ret_what = "the system call filter";
		return err;
	}
	return 0;
}
