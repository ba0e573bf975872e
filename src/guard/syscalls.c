/* SPDX-License-Identifier: MIT */
/* The system call filter as a whole; what it lets through stands in syscalls_plain.c and syscalls_rules.c. */
#include <errno.h>

#include "guard_private.h"

static int set_attributes(scmp_filter_ctx filter, bool all_threads)
{
	/*
	 * All threads, should a library have started one. The kernel's own errno instead of
	 * libseccomp's. no_new_privs is set already. A call by another architecture's numbers
	 * (i386, x32) is refused like the rest, not answered by a kill. A tree instead of a list of
	 * comparisons.
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

	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
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
		err = syscalls_add_plain(filter, needs);
	if (!err)
		err = syscalls_add_rules(filter, needs);
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
