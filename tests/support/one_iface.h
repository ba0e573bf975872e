/* SPDX-License-Identifier: MIT */
/* An interface table with one watched Ethernet interface. */
#ifndef PKTSTAT_ONE_IFACE_H
#define PKTSTAT_ONE_IFACE_H

#include <stdio.h>

#include "ifaces.h"

/* 0 or -ENOMEM; free with ifaces_unref(). */
static inline int ifaces_new_one(const char *name, struct ifaces **ret_ifaces)
{
	struct ifaces *ifaces;
	int err = ifaces_new(1, &ifaces);

	if (err)
		return err;
	snprintf(ifaces->entry[0].name, sizeof(ifaces->entry[0].name), "%s", name);
	ifaces->entry[0].lower_slot = -1;
	ifaces->watched = 1;
	*ret_ifaces = ifaces;
	return 0;
}

#endif
