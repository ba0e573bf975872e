/* SPDX-License-Identifier: MIT */
/*
 * Removing a clsact qdisc that we made, and what killed instances left. Both in the interface's
 * network namespace.
 */
#ifndef PKTSTAT_CLSACT_LEAVE_H
#define PKTSTAT_CLSACT_LEAVE_H

#include "claim.h"

/*
 * Removes the qdisc of the interface if it is of our making, this instance's or another's, and nobody
 * uses it. Filters of this instance must be off. 0: that is done, or was not to be done; -EBUSY:
 * another instance is about to do it, and patience is over; or another negative errno.
 */
int clsact_leave(unsigned int ifindex, const struct claim *claim);

/*
 * Takes off what instances that were killed have left on the interfaces of this namespace: filters
 * and qdiscs, and nothing of those that live. Claims nothing where there is nothing. Main thread. 0,
 * or the negative errno of what could not be asked.
 */
int clsact_sweep(void);

#endif
