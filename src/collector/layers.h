/* SPDX-License-Identifier: MIT */
/* Which interfaces lie upon which, and what that means for counting. Pure; any thread. */
#ifndef PKTSTAT_LAYERS_H
#define PKTSTAT_LAYERS_H

#include "link.h"

/*
 * Whether every packet of an interface also passes one below that is usable, or that is covered
 * itself. One that is down passes none, and does not count; without any that is up nothing is
 * covered.
 */
bool layers_covered(const struct links *links, const struct links_record *record);

/* Slot of the first watched interface below, however far; -1: none. */
int layers_lower_slot(const struct links *links, const struct links_record *record);

#endif
