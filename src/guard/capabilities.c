/* SPDX-License-Identifier: MIT */
/*
 * Which capabilities are kept, by what is still to be done. Found by trying without each: reading
 * and emptying maps, closing TCX links and asking for the interface's counters need none.
 */
#include <errno.h>
#include <linux/capability.h>

#include <cap-ng.h>

#include "guard_private.h"

#define OF_THREAD (CAPNG_EFFECTIVE | CAPNG_PERMITTED)

static const struct {
	unsigned int capability;
	unsigned int serves;
	bool within_sys_admin; /* where it was not given, CAP_SYS_ADMIN was: see privileges.c */
} table[] = {
	/* The flow map grows and shrinks with the traffic; iterators, where unprivileged BPF is off. */
	{CAP_BPF, GUARD_COLLECT | GUARD_ATTACH | GUARD_OWNERS, true},
	{CAP_NET_ADMIN, GUARD_ATTACH | GUARD_CLSACT, false},
	{CAP_PERFMON, GUARD_ATTACH, true},
	/* Links in /proc/PID of other users; and, behind a directory that only they may enter, fd/. */
	{CAP_SYS_PTRACE, GUARD_OWNERS | GUARD_PROC, false},
	{CAP_DAC_READ_SEARCH, GUARD_PROC, false},
	{CAP_SYS_ADMIN, GUARD_NETNS, false},
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

/* Those of the table that are wanted and were had, a bit each. */
static uint64_t choose_capabilities(unsigned int needs)
{
	uint64_t kept = 0;
	size_t i;

	for (i = 0; i < TABLE_SIZE; i++) {
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

/* The bounding set counts at execve() only, which is forbidden anyhow: emptied where that is allowed. */
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
	capng_clear(CAPNG_SELECT_CAPS);
	for (i = 0; i < TABLE_SIZE; i++) {
		if (kept & UINT64_C(1) << table[i].capability)
			capng_update(CAPNG_ADD, OF_THREAD, table[i].capability);
	}
	return capng_apply(CAPNG_SELECT_CAPS) || capng_apply(CAPNG_SELECT_AMBIENT) ? -EPERM : 0;
}
