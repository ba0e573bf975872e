/* SPDX-License-Identifier: MIT */
/*
 * Rows for programs: a row as an object of JSON (RFC 8259) or as a line of CSV (RFC 4180). Both come
 * from one table of members, and most of these from the table of columns (column.h). The report, the
 * live view and streams write rows by it. A struct record belongs to its caller; one thread.
 */
#ifndef PKTSTAT_RECORD_H
#define PKTSTAT_RECORD_H

#include "column.h"
#include "name_cache.h"
#include "row.h"
#include "text.h"

enum record_format {
	RECORD_JSON,
	/*
	 * Each grouping has columns of its own, always the same ones; what a row does not have is empty.
	 * Untrusted text that a spreadsheet would take for a formula begins with an apostrophe.
	 */
	RECORD_CSV,
};

/* What is the same for all rows; all of it borrowed. */
struct record_options {
	enum record_format format;
	struct column_context context; /* rows_context(); `by` says what a row is */
	struct name_cache *names;      /* host names of flows; NULL: none */
};

struct record;

/* 0 or -ENOMEM. */
int record_new(const struct record_options *options, struct record **ret_record);
void record_free(struct record *record);

/* The line with the names of the columns; with JSON nothing. */
void record_put_head(const struct record *record, struct text *text);
/* One row: an object, without a line's end, or a line with its end. Errors are those of `text`. */
void record_put(struct record *record, const struct row *row, struct text *text);

#endif
