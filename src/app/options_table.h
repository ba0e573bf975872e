/* SPDX-License-Identifier: MIT */
/*
 * The table behind options.h: parsing, --help, hints for mistyped options, the man page's OPTIONS,
 * the README's usage and both completions are made from it (tests/lint/generated.sh). Constant; any
 * thread.
 */
#ifndef PKTSTAT_OPTIONS_TABLE_H
#define PKTSTAT_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of the help text. */
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
	const char *argument; /* its name in the help; NULL: none */
	const char *help;     /* sentences; %s stands for the list of values */
	const char *values;   /* that completions offer, with blanks between; "@x": what their
			       * function _pktstat_bpf_x finds; NULL: see option_values() */
	const char *group;    /* heading in front of it; NULL: none */
	bool repeats;	      /* may be given more than once */
};

extern const struct option_info option_table[OPTION_IDS];

/* Room that is enough for the values, and for the help of one option. */
#define OPTION_TEXT_MAX 1024

/* The values to offer, with blanks between them; empty when there are none. Returns `text`. */
char *option_values(enum option_id id, char *text, size_t size);
/* The same as a list: "auto, tcx or clsact". */
char *option_list(enum option_id id, char *text, size_t size);
/* The help as one paragraph, values filled in. Returns `text`. */
char *option_help(enum option_id id, char *text, size_t size);

/* The option with the name nearest to `name`, at most two changed letters away, or NULL. */
const char *option_nearest(const char *name);
/* How many names begin with `name`, and all of them as text: "--names, --netns or --no-arp". */
size_t option_matches(const char *name, char *text, size_t size);

#endif
