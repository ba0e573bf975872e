/* SPDX-License-Identifier: MIT */
/* The steps of closing, in an order in which each is still permitted. */
#include "guard.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "array.h"
#include "guard_private.h"

/*
 * Which capabilities are kept, by what is still to be done. Found by trying without each one:
 * reading and emptying maps, closing TCX links and reading the counters of a link need none.
 */

#define OF_THREAD (CAPNG_EFFECTIVE | CAPNG_PERMITTED)

static const struct {
	unsigned int capability;
	unsigned int serves;
	bool within_sys_admin; /* if missing, CAP_SYS_ADMIN is there instead: see below */
} table[] = {
	/* The flow map grows and shrinks with traffic; iterators need it if unprivileged BPF is off. */
	{CAP_BPF, GUARD_COLLECT | GUARD_ATTACH | GUARD_OWNERS, true},
	{CAP_NET_ADMIN, GUARD_ATTACH | GUARD_CLSACT, false},
	{CAP_PERFMON, GUARD_ATTACH, true},
	/* Links in /proc/PID of other users; with both, also fd/, which only the owner may enter. */
	{CAP_SYS_PTRACE, GUARD_OWNERS | GUARD_PROC, false},
	{CAP_DAC_READ_SEARCH, GUARD_PROC, false},
	{CAP_SYS_ADMIN, GUARD_NETNS, false},
};

/* Those of the table that are needed and permitted, one bit each. */
static uint64_t choose_capabilities(unsigned int needs)
{
	uint64_t kept = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		unsigned int capability = table[i].capability;

		if (!guard_serves(table[i].serves, needs))
			continue;
		if (table[i].within_sys_admin &&
		    !capng_have_capability(CAPNG_PERMITTED, capability))
			capability = CAP_SYS_ADMIN;
		if (capng_have_capability(CAPNG_PERMITTED, capability))
			kept |= UINT64_C(1) << capability;
	}
	return kept;
}

/* The bounding set matters for execve() only, which the filter forbids: emptied if permitted. */
static int empty_bounding_set(void)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) ? -EPERM : 0;
}

int capabilities_keep(unsigned int needs)
{
	uint64_t kept;
	size_t i;
	int err;

	if (capng_get_caps_process())
		return -EPERM;
	kept = choose_capabilities(needs);
	err = empty_bounding_set();
	if (err)
		return err;
	/* Ambient ones too, which it would raise again: systemd gives them. */
	capng_clear(CAPNG_SELECT_CAPS);
	capng_clear(CAPNG_SELECT_AMBIENT);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (kept & UINT64_C(1) << table[i].capability)
			capng_update(CAPNG_ADD, OF_THREAD, table[i].capability);
	}
	return capng_apply(CAPNG_SELECT_CAPS) || capng_apply(CAPNG_SELECT_AMBIENT) ? -EPERM : 0;
}

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

/* Checks each capability; the user ID says nothing about them. */

static const struct {
	unsigned int capability;
	bool within_sys_admin;
	const char *name;
} needed[] = {
	{CAP_BPF, true, "cap_bpf"},		 /* loading programs, making maps */
	{CAP_NET_ADMIN, false, "cap_net_admin"}, /* tc programs, attaching them */
	{CAP_PERFMON, true, "cap_perfmon"},	 /* variable offsets into packets */
};

int privileges_missing(char *text, size_t size)
{
	bool sys_admin = capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
	size_t i, used = 0;
	int missing = 0, wrote;

	text[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, needed[i].capability) ||
		    (sys_admin && needed[i].within_sys_admin))
			continue;
		wrote = snprintf(text + used, size - used, "%s%s", missing ? ", " : "",
				 needed[i].name);
		if (wrote > 0 && (size_t)wrote < size - used)
			used += (size_t)wrote;
		missing++;
	}
	return missing;
}
