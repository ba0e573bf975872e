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

/* Where CAP_BPF or CAP_PERFMON were not given, CAP_SYS_ADMIN was (see privileges_missing()). */
static bool stands_in(const struct guard_needs *needs)
{
	return !capng_have_capability(CAPNG_PERMITTED, CAP_BPF) ||
	       (needs->attach && !capng_have_capability(CAPNG_PERMITTED, CAP_PERFMON));
}

/* The bounding set counts at execve() only, which is forbidden anyhow: emptied where that is allowed. */
static int empty_bounding_set(void)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) ? -EPERM : 0;
}

static int keep(const struct guard_needs *needs)
{
	const struct {
		unsigned int capability;
		bool needed;
	} kept[] = {
		{CAP_BPF, true}, /* the flow map grows and shrinks with the traffic */
		{CAP_NET_ADMIN, needs->attach || needs->clsact},
		{CAP_PERFMON, needs->attach},
		{CAP_SYS_PTRACE, needs->owners},      /* /proc/PID of other users, */
		{CAP_DAC_READ_SEARCH, needs->owners}, /* which has a mode besides */
		{CAP_SYS_ADMIN, needs->netns || stands_in(needs)},
	};
	bool had[sizeof(kept) / sizeof(kept[0])];
	size_t i;
	int err;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		had[i] = capng_have_capability(CAPNG_PERMITTED, kept[i].capability);
	err = empty_bounding_set();
	if (err)
		return err;
	capng_clear(CAPNG_SELECT_CAPS);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i].needed && had[i])
			capng_update(CAPNG_ADD, OF_THREAD, kept[i].capability);
	}
	return capng_apply(CAPNG_SELECT_CAPS) || capng_apply(CAPNG_SELECT_AMBIENT) ? -EPERM : 0;
}

int capabilities_keep(const struct guard_needs *needs)
{
	return capng_get_caps_process() ? -EPERM : keep(needs);
}

int guard_leave_netns(const struct guard_needs *needs)
{
	if (capng_get_caps_process())
		return -EPERM;
	if (!capng_have_capability(CAPNG_PERMITTED, CAP_SYS_ADMIN) || stands_in(needs))
		return 0;
	capng_update(CAPNG_DROP, OF_THREAD, CAP_SYS_ADMIN);
	return capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}
