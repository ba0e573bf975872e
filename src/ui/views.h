/* SPDX-License-Identifier: MIT */
/* The views in their order: what the tabs, the menu of v, Tab and Alt-1 to Alt-0 go by. Pure; any thread. */
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

/*
 * Views there are: those of owners only where these are looked up, sites and applications only where packets
 * are inspected. At most VIEWS_MAX. Servers have none of their own: a site that is opened shows them.
 */
#define VIEWS_MAX GROUPS
size_t views_list(const struct about_tables *tables, const struct view_entry *ret_view[VIEWS_MAX]);
/* Place of a grouping in that list, that of sites for servers, or -1. */
int views_find(const struct about_tables *tables, enum group_by by);
/* The digit that opens the view at that place, '1' to '9' and '0'; 0: it has none. */
char views_digit(size_t place);

#endif
