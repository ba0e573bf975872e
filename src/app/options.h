/* SPDX-License-Identifier: MIT */
/*
 * The command line. One table, options_table.c, feeds getopt, the help text and all that is said
 * about options elsewhere. Never prints, never exits; getopt has one state for the process, so one thread at a time.
 */
#ifndef PKTSTAT_OPTIONS_H
#define PKTSTAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach_mode.h"
#include "column.h"
#include "flow_abi.h"
#include "group.h"
#include "link.h"
#include "local_nets.h"
#include "ipfix_target.h"
#include "metrics_address.h"
#include "stream_format.h"
#include "theme.h"

#define OPTIONS_REFRESH_MIN_NS	   100000000ULL
#define OPTIONS_REFRESH_MAX_NS	   60000000000ULL
#define OPTIONS_REFRESH_DEFAULT_NS 1000000000ULL

/* Room that is enough for any sentence of options_parse(). */
#define OPTIONS_WHY_MAX 512
/* Room that is enough for the help text. */
#define OPTIONS_HELP_MAX 8192

/* Timeouts of --ipfix. */
#define OPTIONS_IPFIX_MIN_NS	1000000000ULL
#define OPTIONS_IPFIX_MAX_NS	3600000000000ULL
#define OPTIONS_IPFIX_ACTIVE_NS 60000000000ULL
#define OPTIONS_IPFIX_IDLE_NS	15000000000ULL

/* An output of --stream. */
#define OPTIONS_STREAMS_MAX 4
struct options_stream {
	enum stream_format format;
	const char *path; /* one of argv (outside text); NULL: standard output */
};

#define METRICS_SERIES_DEFAULT 32
#define METRICS_SERIES_MAX     4096

/* Limits of --alert, and as many of --exit-over. */
#define OPTIONS_LIMITS_MAX 8

struct options {
	/* Names as in argv, own or alternative ones (outside text), none of them twice. */
	char iface[FLOW_IFACES_MAX][LINK_NAME_SIZE];
	size_t ifaces; /* how many; 0: choose one, unless `any` */
	bool any;      /* -i any, also together with names */
	bool dedup;
	bool exit_on_loss;
	const char *read;  /* --read: one of argv (outside text); NULL: interfaces are watched */
	bool speed_set;
	double speed; /* of --read; 0: as fast as it can be read */
	struct local_nets local; /* --local */
	const char *netns; /* one of argv (outside text), NULL: this one */
	bool json;	   /* report as JSON; no live view unless `tui` */
	bool csv;	   /* the same as CSV */
	bool tui;	   /* live view wherever there is a terminal */
	enum attach_mode attach;
	bool no_arp;	     /* no flows for ARP, one sum */
	bool verify;	     /* print the identities that were checked */
	bool timeout_set;    /* --timeout was given; else none in the live view, 1 h otherwise */
	uint64_t timeout_ns; /* 0: none */
	uint64_t refresh_ns;
	enum column sort;
	bool sort_set;	    /* --sort was given: it goes before saved settings; so does --by */
	const char *filter; /* one of argv, an expression that is right; NULL: none */
	bool by_set;
	enum group_by by;
	bool names;
	bool no_owners;
	bool no_inspect;
	bool hide_own;
	enum theme theme;
	bool plain;
	bool no_mouse;
	struct options_stream stream[OPTIONS_STREAMS_MAX];
	size_t streams;
	uint64_t every_ns; /* between intervals of outputs */
	bool every_set;
	const char *metrics; /* "[ADDR:]PORT" of argv (outside text), that address; NULL: none */
	struct metrics_address metrics_address;
	const char *metrics_file; /* path of argv (outside text); NULL: none */
	size_t metrics_series;
	const char *alert[OPTIONS_LIMITS_MAX]; /* of argv, expressions that are right */
	size_t alerts;
	const char *exit_over[OPTIONS_LIMITS_MAX];
	size_t exit_overs;
	bool ipfix_set;	      /* --ipfix was given: */
	bool ipfix_more;      /* records have names */
	struct ipfix_target ipfix;
	uint64_t ipfix_active_ns, ipfix_idle_ns; /* whole seconds */
	bool total;   /* the report is one JSON object */
	size_t count; /* intervals of a stream; 0: no limit */
	size_t limit;	  /* rows of the report; 0: not given */
	bool sums_only;	  /* --limit 0: no rows */
	size_t max_flows; /* bound of the ledger */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,	 /* print options_help() on stdout, status 0 */
	OPTIONS_VERSION, /* print the version on stdout, status 0 */
	OPTIONS_USAGE,	 /* print `why` on stderr, status 2 */
};

/*
 * Reads the command line. OPTIONS_RUN fills `ret_options`, which then points into argv;
 * OPTIONS_USAGE writes one sentence that says what is wrong and what to do, safe to print, to
 * `why`. The first help, version or error found wins.
 */
enum options_result options_parse(int argc, char **argv, struct options *ret_options, char *why,
				  size_t why_size);

/* The help text, at most 80 columns wide; writes at most `size` bytes, returns `text`. */
char *options_help(char *text, size_t size);

/*
 * The table behind options.h: parsing, --help, hints for mistyped options, the man page's OPTIONS,
 * the README's usage and both completions are made from it (tests/lint/generated.sh). Constant; any
 * thread.
 */

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
	OPTION_READ,
	OPTION_SPEED,
	OPTION_LOCAL,
	OPTION_TUI,
	OPTION_JSON,
	OPTION_CSV,
	OPTION_STREAM,
	OPTION_BATCH,
	OPTION_EVERY,
	OPTION_COUNT,
	OPTION_METRICS,
	OPTION_METRICS_FILE,
	OPTION_METRICS_SERIES,
	OPTION_ALERT,
	OPTION_EXIT_OVER,
	OPTION_TOTAL,
	OPTION_IPFIX,
	OPTION_IPFIX_MORE,
	OPTION_IPFIX_ACTIVE,
	OPTION_IPFIX_IDLE,
	OPTION_SORT,
	OPTION_FILTER,
	OPTION_BY,
	OPTION_LIMIT,
	OPTION_NAMES,
	OPTION_NO_OWNERS,
	OPTION_NO_INSPECT,
	OPTION_HIDE_OWN,
	OPTION_THEME,
	OPTION_PLAIN,
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
	const char *help;     /* sentences; %s is the list of values */
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
