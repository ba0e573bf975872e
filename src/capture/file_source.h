/* SPDX-License-Identifier: MIT */
/*
 * A capture file or pipe as a source of counts. Time is that of its packets: intervals end where
 * theirs do, however fast they are read. Opened and freed by the main thread, used by the collector
 * thread in between.
 */
#ifndef PKTSTAT_FILE_SOURCE_H
#define PKTSTAT_FILE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "local_nets.h"
#include "reader.h"
#include "sampler.h"
#include "source.h"
#include "timing.h"

/* Bounds of the speed, beside "as fast as it can be read". */
#define FILE_SOURCE_SPEED_MIN 0.01
#define FILE_SOURCE_SPEED_MAX 1000000.0

struct file_source_options {
	const char *path; /* "-": standard input */
	double speed;	  /* times as fast as it was captured; 0: as fast as it can be read */
	bool no_arp;
	const struct sampler_outlet *samples; /* of packets; NULL: none are taken */
	const struct local_nets *local; /* by which direction is told where the file does not say; NULL: none */
};

/*
 * Opens the capture and reads its first packet, for which a pipe is waited for. 0, or the errors of
 * reader_open() with `ret_why` set where it sets `why`.
 */
int file_source_open(const struct file_source_options *options, struct flow_source **ret_source,
		     char ret_why[READER_WHY_MAX]);
/* NULL is allowed. */
void file_source_free(struct flow_source *source);

/* Its time, for the collector; the source's. */
struct timing *file_source_timing(struct flow_source *source);
/* When the capture begins, by that time. */
uint64_t file_source_start_mono_ns(const struct flow_source *source);
int64_t file_source_start_wall_ns(const struct flow_source *source);

/* Any thread: ends a wait for the other side of a pipe, before the collector is stopped. */
void file_source_stop(struct flow_source *source);

/*
 * When the collector has ended: what was wrong with the file, as reader_next() says. 0: nothing.
 * `ret_packets` are those read before.
 */
int file_source_error(const struct flow_source *source, uint64_t *ret_packets,
		      const char **ret_why);
/* Then, too: true if its first packets have no time, and were taken as of now. */
bool file_source_is_timeless(const struct flow_source *source);

#endif
