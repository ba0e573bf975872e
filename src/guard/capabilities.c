/* SPDX-License-Identifier: MIT */
/*
 * Which capabilities are kept, by what is still to be done. Found by trying without each one:
 * reading and emptying maps, closing TCX links and reading the counters of a link need none.
 */
#include <errno.h>
#include <linux/capability.h>

#include <cap-ng.h>

#include "array.h"
#include "guard_private.h"

#define OF_THREAD (CAPNG_EFFECTIVE | CAPNG_PERMITTED)

static const struct {
	unsigned int capability;
	unsigned int serves;
	bool within_sys_admin; /* if missing, CAP_SYS_ADMIN is there instead: see privileges.c */
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
	capng_clear(CAPNG_SELECT_CAPS);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (kept & UINT64_C(1) << table[i].capability)
			capng_update(CAPNG_ADD, OF_THREAD, table[i].capability);
	}
	return capng_apply(CAPNG_SELECT_CAPS) || capng_apply(CAPNG_SELECT_AMBIENT) ? -EPERM : 0;
}
