/* SPDX-License-Identifier: MIT */
/*
 * Counters and health of a run as metrics: OpenMetrics 1.0, or the older text format of Prometheus
 * (0.0.4). Counters by interface, protocol, host, service, process, container, site and application, each with
 * direction and a bounded number of labels. The labels of a family always add up to the total, and no counter
 * ever falls: what has no label of its own is in "other"; a label that was idle for long may be given
 * up for a new one, its past is in "retired" from then on, and it never comes back. One thread.
 */
#ifndef PKTSTAT_METRICS_H
#define PKTSTAT_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerts.h"
#include "change.h"
#include "row.h"
#include "text.h"

enum metrics_format {
	METRICS_PROMETHEUS,
	METRICS_OPENMETRICS,
};

struct metrics_options {
	unsigned int series; /* labels a family beside "other" and "retired"; of interfaces, at least 128 */
	struct alerts *alerts; /* limits that have a gauge; NULL: none. Borrowed */
	const char *program_version;
};

struct metrics;

/* 0, -ENOMEM, or an error of a limit. Borrows the texts. */
int metrics_new(const struct metrics_options *options, struct metrics **ret_metrics);
void metrics_free(struct metrics *metrics);
/* Before the first change: when counting began; owners, and what packets said. */
void metrics_prepare(struct metrics *metrics, int64_t start_wall_ns,
		     const struct about_tables *tables);
/* Adds what changed; 0 or -ENOMEM. */
int metrics_take(struct metrics *metrics, const struct change *change);
/* Writes everything, as of the last change. */
void metrics_write(const struct metrics *metrics, enum metrics_format format, struct text *text);

#endif
