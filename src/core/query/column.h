/* SPDX-License-Identifier: MIT */
/*
 * The columns of a table of flows: one entry each, which the live view's layout, titles and cells,
 * orders, --sort, the report's table and its JSON read. A new column is a name here, an entry in
 * column.c and the function that it names. Pure; any thread.
 */
#ifndef PKTSTAT_COLUMN_H
#define PKTSTAT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "row.h"

/* From left to right. */
enum column {
	COLUMN_PROTO,
	COLUMN_DIR,
	COLUMN_IFACE,
	COLUMN_SOURCE,
	COLUMN_DESTINATION,
	COLUMN_PROCESS, /* comm of the owner */
	COLUMN_PID,
	COLUMN_USER,
	COLUMN_CONTAINER, /* unit or container of the owner */
	COLUMN_APP,	  /* the application, as packets said */
	COLUMN_SITE,	  /* the server's name, as packets or DNS said */
	COLUMN_HISTORY,	  /* a graph of the last snapshots; not to sort by */
	COLUMN_IN,	  /* bits per second by direction, of a row that has both */
	COLUMN_OUT,
	COLUMN_BPS,
	COLUMN_AVERAGE_2S, /* bits per second over the last seconds */
	COLUMN_AVERAGE_10S,
	COLUMN_AVERAGE_40S,
	COLUMN_SHARE, /* percent of what its direction, or both, had in the interval */
	COLUMN_PPS,
	COLUMN_PACKETS,
	COLUMN_BYTES_IN, /* since start, by direction */
	COLUMN_BYTES_OUT,
	COLUMN_BYTES,
	COLUMN_FLOWS, /* how many a group holds */
	COLUMN_TUPLE, /* never shown: the order by source, destination and protocol */
	COLUMNS,
};

/* What a column says, and so how it is written. */
enum column_kind {
	COLUMN_TEXT,
	COLUMN_COUNT,	/* a whole number */
	COLUMN_ID,	/* the same, without separators; 0 is none */
	COLUMN_BITS,	/* bits per second */
	COLUMN_RATE,	/* bits per second, or packets where these come first */
	COLUMN_PACKETS_PER_SECOND,
	COLUMN_PERCENT,
	COLUMN_GRAPH,
};

/* What a cell depends on beside its row. */
struct column_context {
	const struct owner_table *owners; /* NULL: not known */
	const struct sight_table *sights; /* NULL: not known */
	const struct ifaces *ifaces;
	enum group_by by;
	uint64_t elapsed_ns; /* of the deltas; 0: there are no rates */
	struct flow_counts all[FLOW_DIRS]; /* everything counted in that time */
	bool packets; /* COLUMN_RATE is of packets */
};

/*
 * When a column goes for want of room: in its turn, unless the addresses have `room` columns, or as many
 * as they need where that is known; of COLUMN_ROOMY, never fewer than they need.
 */
#define COLUMN_ROOMY 29 /* most IPv6 addresses and ports */
struct column_leave {
	uint8_t turn; /* the lowest goes first; 0: never */
	uint8_t room;
};

struct column_info {
	enum column column;
	const char *name;  /* for --sort and settings, lower case: "bps" */
	const char *title; /* for the header: "BPS" */
	const char *const *titles;	  /* by grouping, in the live view; NULL: `title` */
	const char *const *report_titles; /* the same in the report */
	enum column_kind kind;
	uint8_t sortable; /* place among the keys of --sort, from 1; 0: none of them */
	bool number;   /* right-aligned, sorted largest first; else smallest first */
	bool owner;    /* where owners are looked up */
	bool sight;    /* where packets are inspected */
	bool iface;    /* where there are several interfaces */
	bool past;     /* needs the snapshots before */
	unsigned int live;    /* groupings in the live view that have it, a bit each */
	unsigned int orders;  /* others there that can be in its order without having it */
	unsigned int report;  /* the same of the report */
	uint8_t width[3];     /* in the live view, below 100 columns, below 132, and beyond; 0: the rest */
	struct column_leave leave, late; /* `late`: a second, later turn */
	struct column_leave leave_group; /* instead of `leave` where rows are groups; turn 0: the same */
	uint8_t drop;	       /* turn to leave the report, of rows that are flows; 0: never */
	uint8_t drop_group;    /* of groups */
	bool shorten;	       /* in the report */
	const char *json;      /* in JSON and CSV, behind the members of record.c; NULL: none, or one of these */
	bool (*known)(const struct row *row); /* what `count` says; NULL: always */
	/* One of these says what stands in a row; `text` writes at most `size` bytes. */
	uint64_t (*count)(const struct column_context *context, const struct row *row);
	double (*real)(const struct column_context *context, const struct row *row);
	char *(*text)(const struct column_context *context, const struct row *row, char *text,
		      size_t size);
};

const struct column_info *column_info(enum column column);
/* Column of a --sort name, any case, or an alias ("src", "dst", "protocol"); or -1. */
int column_of_name(const char *name);
/* Whether rows of some live view can be in the order of a column: more of them than --sort knows. */
bool column_orders_view(enum column column);
/* All names for --sort, comma separated, for usage and error texts. Writes at most `size` bytes;
 * returns `text`. */
char *column_names(char *text, size_t size);
#define COLUMN_NAMES_MAX 256

/* Title in the live view, or in the report. */
const char *column_title(enum column column, enum group_by by);
const char *column_report_title(enum column column, enum group_by by);

/* The number that a column of numbers says; below 0: not known. */
double column_value(enum column column, const struct column_context *context,
		    const struct row *row);

#endif
