/* SPDX-License-Identifier: MIT */
/* The table behind options.h, and what is found in it. Constant; any thread. */
#ifndef PKTSTAT_OPTIONS_TABLE_H
#define PKTSTAT_OPTIONS_TABLE_H

#include <stddef.h>

enum option_id {
	OPTION_IFACE,
	OPTION_DEDUP,
	OPTION_EXIT_ON_LOSS,
	OPTION_NETNS,
	OPTION_TIMEOUT,
	OPTION_REFRESH,
	OPTION_NO_ARP,
	OPTION_ATTACH,
	OPTION_MAX_FLOWS,
	OPTION_TUI,
	OPTION_JSON,
	OPTION_SORT,
	OPTION_FILTER,
	OPTION_BY,
	OPTION_LIMIT,
	OPTION_NAMES,
	OPTION_NO_OWNERS,
	OPTION_HIDE_OWN,
	OPTION_NO_MOUSE,
	OPTION_VERIFY,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_IDS,
};

struct option_info {
	const char *name;     /* without dashes */
	char letter;	      /* 0: none */
	const char *argument; /* what the help calls it; NULL: none */
	const char *group;    /* heading that begins here; NULL: none */
	const char *help;     /* lines, '\n' between them */
};

extern const struct option_info option_table[OPTION_IDS];

/* The option whose name is nearest to `name`, at most two changed letters away, or NULL. */
const char *option_nearest(const char *name);
/* How many names begin with `name`, and all of them as text: "--names, --netns or --no-arp". */
size_t option_matches(const char *name, char *text, size_t size);

#endif
