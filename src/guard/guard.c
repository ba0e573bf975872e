/* SPDX-License-Identifier: MIT */
/* The steps of closing, in the order in which each is still allowed. Main thread. */
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

void guard_raise_limits(void)
{
	const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || !setrlimit(RLIMIT_MEMLOCK, &all))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
}

/* What seccomp(2) and prctl(2) answer where it is not built in, and emulators of a user's side. */
static bool means_no_seccomp(int err)
{
	return err == -ENOSYS || err == -EINVAL;
}

int guard_close(const struct guard_needs *needs, const char **ret_what)
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
	err = syscalls_filter(needs);
	if (err && !means_no_seccomp(err)) {
		*ret_what = "the system call filter";
		return err;
	}
	return 0;
}
