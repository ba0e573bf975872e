/* SPDX-License-Identifier: MIT */
/* The table of columns and its look-ups. Pure; any thread. */
#include "column.h"

#include <strings.h>

static const struct column_info columns[COLUMNS] = {
	[COLUMN_PROTO] = {COLUMN_PROTO, "proto", "PROTO", false},
	[COLUMN_DIR] = {COLUMN_DIR, "dir", "DIR", false},
	[COLUMN_SOURCE] = {COLUMN_SOURCE, "source", "SOURCE", false},
	[COLUMN_DESTINATION] = {COLUMN_DESTINATION, "destination", "DESTINATION", false},
	[COLUMN_BPS] = {COLUMN_BPS, "bps", "BPS", true},
	[COLUMN_PPS] = {COLUMN_PPS, "pps", "PPS", true},
	[COLUMN_PACKETS] = {COLUMN_PACKETS, "packets", "PACKETS", true},
	[COLUMN_BYTES] = {COLUMN_BYTES, "bytes", "BYTES", true},
	[COLUMN_PID] = {COLUMN_PID, "pid", "PID", true},
	[COLUMN_PROCESS] = {COLUMN_PROCESS, "process", "PROCESS", false},
	[COLUMN_USER] = {COLUMN_USER, "user", "USER", false},
	[COLUMN_CONTAINER] = {COLUMN_CONTAINER, "container", "CONTAINER", false},
	[COLUMN_IFACE] = {COLUMN_IFACE, "iface", "IFACE", false},
	[COLUMN_TUPLE] = {COLUMN_TUPLE, "tuple", "TUPLE", false},
	[COLUMN_IN] = {COLUMN_IN, "in", "IN", true},
	[COLUMN_OUT] = {COLUMN_OUT, "out", "OUT", true},
	[COLUMN_FLOWS] = {COLUMN_FLOWS, "flows", "FLOWS", true},
	[COLUMN_AVERAGE_2S] = {COLUMN_AVERAGE_2S, "avg2", "AVG2", true},
	[COLUMN_AVERAGE_10S] = {COLUMN_AVERAGE_10S, "avg10", "AVG10", true},
	[COLUMN_AVERAGE_40S] = {COLUMN_AVERAGE_40S, "avg40", "AVG40", true},
	[COLUMN_HISTORY] = {COLUMN_HISTORY, "history", "HISTORY", false},
};

static const struct {
	const char *name;
	enum column column;
} aliases[] = {
	{"src", COLUMN_SOURCE},
	{"dst", COLUMN_DESTINATION},
	{"protocol", COLUMN_PROTO}, /* as rows of it are called */
};

const struct column_info *column_info(enum column column)
{
	return &columns[column];
}

int column_of_name(const char *name)
{
	size_t i;

	for (i = 0; i <= COLUMN_TUPLE; i++) {
		if (strcasecmp(name, columns[i].name) == 0)
			return (int)i;
	}
	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcasecmp(name, aliases[i].name) == 0)
			return (int)aliases[i].column;
	}
	return -1;
}

const char *column_names(void)
{
	return "bps, pps, packets, bytes, source, destination, tuple, proto, dir, pid, "
	       "process, user, container, iface";
}
