/* SPDX-License-Identifier: MIT */
/* Inside of a stream: stream.c selects rows, stream_json.c and stream_text.c write them. */
#ifndef PKTSTAT_STREAM_PRIVATE_H
#define PKTSTAT_STREAM_PRIVATE_H

#include "format.h"
#include "outlet.h"
#include "record.h"
#include "stream.h"
#include "text.h"

/* Why rows are in one sum. */
enum stream_rest {
	STREAM_REST_LIMIT,  /* --limit */
	STREAM_REST_BEHIND, /* the stream was too far behind to tell flows apart */
};

struct stream {
	struct stream_options options;
	const struct stream_writer *writer;
	struct about_tables tables;
	struct name_cache *names;
	struct outlet outlet;
	struct text text;
	uint32_t *order; /* of flows of the change, or of groups */
	size_t room;
	struct group *group;
	uint64_t alerts_seen;
	bool begun;
	uint64_t intervals;
	struct flow_counts written[FLOW_DIRS];
	/* Of the interval that is written. */
	const struct change *change;
	const struct snapshot *now;
	uint64_t elapsed_ns;
	struct record *record; /* writes rows of this interval; NULL: of text for people */
	char time[FORMAT_TEXT_MAX];
};

/* The records of a format; each adds to `stream->text`. */
struct stream_writer {
	void (*begin)(struct stream *stream);
	/* `rows` will follow, apart from ends and rests. */
	void (*interval)(struct stream *stream, size_t rows);
	void (*flow)(struct stream *stream, const struct changed_flow *flow);
	void (*group)(struct stream *stream, const struct row *row);
	void (*ended)(struct stream *stream, const struct changed_flow *flow);
	void (*rest)(struct stream *stream, enum stream_rest why, enum flow_dir dir, size_t rows,
		     const struct flow_counts *delta);
	void (*alert)(struct stream *stream, const struct alert_news *news);
	void (*final)(struct stream *stream, const struct snapshot *last);
};

/*
 * Rows as record.h writes them. A flow has its totals, as in the report; a group those of the
 * interval, for who belonged to it before is not known any more.
 */
struct row stream_flow_row(const struct stream *stream, const struct changed_flow *flow);
struct row stream_group_row(const struct stream *stream, const struct row *group);

extern const struct stream_writer stream_json_writer, stream_csv_writer, stream_text_writer;

#endif
