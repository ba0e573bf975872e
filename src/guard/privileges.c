/* SPDX-License-Identifier: MIT */
/* Checks each capability; the user ID says nothing about them. */
#include "privileges.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>

#include <cap-ng.h>

#include "array.h"

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
