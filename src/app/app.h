/* SPDX-License-Identifier: MIT */
/* The program as a whole: owns ring, ledger, source, collector and view, and logs failures. */
#ifndef PKTSTAT_APP_H
#define PKTSTAT_APP_H

#include "options.h"

/* Exit statuses. */
enum {
	APP_OK = 0,
	APP_FAILED = 1,
	APP_USAGE = 2,
	APP_LIMIT = 3, /* --exit-over */
};

/* Runs until stopped, then writes the report. Returns the exit status. Main thread. */
int app_run(const struct options *options);

#endif
