/* SPDX-License-Identifier: MIT */
/*
 * The output of --stream: what was counted in each interval, as JSON Lines, CSV or text. The deltas of
 * all rows add up to what the report shows; doc/streams.md has the records. Made by the main thread,
 * used by the thread of its publisher.
 */
#ifndef PKTSTAT_STREAM_H
#define PKTSTAT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerts.h"
#include "change.h"
#include "column.h"
#include "filter.h"
#include "group.h"
#include "name_cache.h"
#include "row.h"
#include "stream_format.h"

/* Version of the records, in the first one. Members may be added without a new one. */
#define STREAM_VERSION 1

/* What is the same in all of the stream. Pointers are borrowed until the stream is freed. */
struct stream_options {
	enum stream_format format;
	const struct filter *filter;	  /* NULL: all */
	const struct filter *hidden;	  /* NULL: none is left out */
	const char *filter_text;	  /* outside text, or NULL */
	enum group_by by;
	enum column sort; /* which rows are written where there is a limit, and the order of text */
	size_t limit;	  /* rows an interval; 0: all */
	bool sums_only;	  /* no rows at all */
	struct alerts *alerts; /* what alert records tell of; NULL: nothing */
	const char *program_version;
	const char *host; /* outside text */
	int64_t start_wall_ns;
	/* Called when nothing can be written for now, and when it can again. */
	void (*stuck)(void *context, int err);
	void *context;
};

struct stream;

/* Writes to `fd`, which is closed at the end if `owned`. 0 or -ENOMEM. */
int stream_new(const struct stream_options *options, int fd, bool owned,
	       struct stream **ret_stream);
void stream_free(struct stream *stream);
/* Before the thread starts: what tells it to end, when counting began, owners and what packets said, and
 * host names (or NULL). */
void stream_prepare(struct stream *stream, int stop_fd, int64_t start_wall_ns,
		    const struct about_tables *tables, struct name_cache *names);
/* Any thread: continues in another file, which it takes over. */
void stream_reopen(struct stream *stream, int fd);

/* For struct publisher_options; `stream` is a struct stream. */
int stream_publish(void *stream, const struct change *change);
int stream_finish(void *stream, const struct snapshot *last);

#endif
