/* SPDX-License-Identifier: MIT */
/* Walks down from an interface to those below. */
#include "layers.h"

/* The kernel allows eight; what comes round in a circle ends here as well. */
#define LAYERS_MAX 8

static bool covered(const struct links *links, const struct links_record *record,
		    unsigned int depth)
{
	const struct links_record *lower;
	bool any = false;

	for (size_t i = 0; depth && (lower = links_lower(links, record, i)); i++) {
		if (!lower->info.up)
			continue;
		if (!lower->usable && !covered(links, lower, depth - 1))
			return false;
		any = true;
	}
	return any;
}

bool layers_covered(const struct links *links, const struct links_record *record)
{
	return covered(links, record, LAYERS_MAX);
}

static int lower_slot(const struct links *links, const struct links_record *record,
		      unsigned int depth)
{
	const struct links_record *lower;
	int slot = -1;

	for (size_t i = 0; depth && slot < 0 && (lower = links_lower(links, record, i)); i++)
		slot = lower->watched ? lower->slot : lower_slot(links, lower, depth - 1);
	return slot;
}

int layers_lower_slot(const struct links *links, const struct links_record *record)
{
	return lower_slot(links, record, LAYERS_MAX);
}
