/* SPDX-License-Identifier: MIT */
/* The views in their order: what the tabs, the menu of v, Tab and Alt-1 to Alt-9 go by. Pure; any thread. */
#ifndef PKTSTAT_VIEWS_H
#define PKTSTAT_VIEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "group.h"

struct view_entry {
	enum group_by by;
	char letter;	   /* in the menu */
	const char *brief; /* on a narrow screen */
	const char *help;  /* what a row is */
};

/* Views there are: those of owners only where these are looked up. At most VIEWS_MAX. */
#define VIEWS_MAX GROUPS
size_t views_list(bool owners, const struct view_entry *ret_view[VIEWS_MAX]);
/* Place of a grouping in that list, or -1. */
int views_find(bool owners, enum group_by by);

#endif
