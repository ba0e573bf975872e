/* SPDX-License-Identifier: MIT */
/*
 * Inside of the program, for its own files: app.c runs the stages, app_start.c gets everything
 * ready, app_end.c says what was counted. Main thread. A stage that fails has said so in one
 * sentence.
 */
#ifndef PKTSTAT_APP_PRIVATE_H
#define PKTSTAT_APP_PRIVATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app.h"
#include "collector.h"
#include "filter.h"
#include "format.h"
#include "iface.h"
#include "ledger.h"
#include "link.h"
#include "ring.h"
#include "source.h"

struct app {
	const struct options *options;
	struct iface iface;
	bool raw_ip;
	bool live;
	FILE *terminal; /* /dev/tty, when standard input or output is no terminal */
	int signal_fd;
	int deadline_fd;
	sigset_t old_signals;
	struct ring *ring;
	struct ledger *ledger;
	struct flow_source *source;
	struct collector *collector;
	struct filter *filter; /* --filter, or NULL */
	uint64_t start_mono_ns;
	int64_t start_wall_ns;
	struct link_counters link_before, link_after;
	bool link_known;
	const char *ended; /* why, for the report */
	int status;
};

/* Name of the interface, safe to print. Returns `text`. */
const char *app_iface_name(const struct app *app, char text[FORMAT_TEXT_MAX]);

/* Interface, privileges, mode, signals, memory, source, collector, deadline. 0 or an errno. */
int app_start(struct app *app);

/*
 * Ends counting, then, if asked to, writes the report. From here on a further Ctrl-C ends the
 * program.
 */
void app_end(struct app *app, bool report);

#endif
