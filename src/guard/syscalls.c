/* SPDX-License-Identifier: MIT */
/* The system call filter as a whole; what it lets through stands in syscalls_plain.c and syscalls_rules.c. */
#include <errno.h>

#include "guard_private.h"

static int set_up(scmp_filter_ctx filter, const struct guard_needs *needs)
{
	/*
	 * All threads, should a library have started one. The kernel's own errno instead of
	 * libseccomp's. A call by another architecture's numbers (i386, x32) is refused like the
	 * rest, not answered by a kill. A tree instead of a list of comparisons.
	 */
	static const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
		bool optional;
	} attributes[] = {
		{SCMP_FLTATR_CTL_TSYNC, 1, true},
		{SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM), false},
		{SCMP_FLTATR_API_SYSRAWRC, 1, true},
		{SCMP_FLTATR_CTL_OPTIMIZE, 2, true},
	};
	size_t i;
	int err;

	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		err = seccomp_attr_set(filter, attributes[i].attribute, attributes[i].value);
		if (err && !attributes[i].optional)
			return err;
	}
	err = syscalls_add_plain(filter, needs);
	if (!err)
		err = syscalls_add_rules(filter, needs);
	return err ? err : seccomp_load(filter);
}

int syscalls_filter(const struct guard_needs *needs)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err;

	if (!filter)
		return -ENOMEM;
	err = set_up(filter, needs);
	seccomp_release(filter);
	return err;
}
