/* SPDX-License-Identifier: MIT */
/*
 * Metrics in a file, in the text format of Prometheus, for node-exporter's textfile collector: an
 * output of a publisher. A reader sees the old file or the new one, never a part.
 */
#ifndef PKTSTAT_METRICS_FILE_H
#define PKTSTAT_METRICS_FILE_H

#include "metrics.h"

struct metrics_file {
	struct metrics *metrics; /* borrowed */
	/*
	 * Opens a new file beside the old one: a descriptor; puts it in the old one's place: 0. Or a
	 * negative errno.
	 */
	int (*open)(void *context);
	int (*replace)(void *context);
	/* Removes the new file, which could not be written. */
	void (*remove)(void *context);
	/* Called when it cannot be written, and when it can again. */
	void (*stuck)(void *context, int err);
	void *context;
	/* Its own. */
	struct text text;
	bool is_stuck;
};

/* For struct publisher_options; `file` is a struct metrics_file. */
int metrics_file_publish(void *file, const struct change *change);
int metrics_file_finish(void *file, const struct snapshot *last);
void metrics_file_done(struct metrics_file *file);

#endif
