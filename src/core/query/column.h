/* SPDX-License-Identifier: MIT */
/*
 * The columns of a flow table: one list that feeds the header, the cells, the sort keys, the
 * command line's --sort and the report. Pure; any thread.
 */
#ifndef PKTSTAT_COLUMN_H
#define PKTSTAT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

enum column {
	COLUMN_PROTO,
	COLUMN_DIR,
	COLUMN_SOURCE,
	COLUMN_DESTINATION,
	COLUMN_BPS,
	COLUMN_PPS,
	COLUMN_PACKETS,
	COLUMN_BYTES,
	COLUMN_PID,
	COLUMN_PROCESS, /* comm of the owner */
	COLUMN_USER,
	COLUMN_CONTAINER, /* unit or container of the owner */
	COLUMN_IFACE,
	COLUMN_TUPLE, /* never shown: the order by source, destination and protocol */
	/* For the live view only, not for --sort: */
	COLUMN_IN, /* bits per second by direction, of a row that has both */
	COLUMN_OUT,
	COLUMN_FLOWS, /* how many a group holds */
	COLUMN_AVERAGE_2S, /* bits per second over the last seconds */
	COLUMN_AVERAGE_10S,
	COLUMN_AVERAGE_40S,
	COLUMN_HISTORY, /* a graph of the last snapshots; not to sort by */
	COLUMNS,
};

struct column_info {
	enum column column;
	const char *name;       /* for --sort, lower case: "bps" */
	const char *title;      /* for the header: "BPS" */
	bool number;            /* right-aligned, sorted largest first; else smallest first */
};

const struct column_info *column_info(enum column column);
/* Column of a --sort name ("bps", "pps", "packets", "bytes", "source"/"src", "destination"/"dst",
 * "tuple", "proto", "dir", "pid", "process", "user", "container", "iface"), or -1. */
int column_of_name(const char *name);
/* All names, comma separated, for usage and error texts. Static storage. */
const char *column_names(void);

#endif
