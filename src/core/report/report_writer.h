/* SPDX-License-Identifier: MIT */
/*
 * Writes a JSON array of objects, row by row; a million rows take no more memory than one. Rows of
 * one kind have the same members. A writer belongs to its caller; one thread. (Changing values of
 * one Jansson object and dumping it took nine times as long, yajl's generator alone nearly three.)
 */
#ifndef PKTSTAT_REPORT_WRITER_H
#define PKTSTAT_REPORT_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report.h"
#include "report_parts.h"

#define REPORT_KINDS_MAX  32
#define REPORT_FIELDS_MAX 48

/*
 * What of a row is known beside its counts: rows of one kind that differ in it have different
 * members. The owner's state in the lower two bits, a bit each for host names.
 */
enum report_variant {
	REPORT_NO_OWNER = 0,
	REPORT_PSEUDO_OWNER = 1, /* the kernel, or forwarded */
	REPORT_PROCESS = 2,
	REPORT_OWN_PROCESS = 3, /* this program itself */
	REPORT_SRC_NAME = 4,
	REPORT_DST_NAME = 8,
	REPORT_VARIANTS = 16,
};

enum report_type {
	REPORT_TEXT,
	REPORT_INTEGER, /* up to 2^64 - 1 */
	REPORT_REAL,
	REPORT_TRUE, /* is set by being there */
};

/* A member; members are written in the order of the table they stand in. */
struct report_field {
	const char *name;
	enum report_type type;
	unsigned int kinds;    /* of rows that have it, a bit each */
	unsigned int variants; /* of these, a bit each; 0: all */
};

struct report_writer;

/*
 * A writer of rows with these members to `out`, and behind them those of the table of columns. It
 * knows the names of the report's interfaces. 0 or -ENOMEM.
 */
int report_writer_new(const struct report *report, const struct report_field *fields, size_t count,
		      FILE *out, struct report_writer **ret_writer);
void report_writer_free(struct report_writer *writer);

/* Begins a row of that kind and variant; 0, -ENOMEM or the negative errno of a failed write. */
int report_writer_begin(struct report_writer *writer, unsigned int kind, unsigned int variant);
/* Set a member of the row; nothing happens when rows of its kind do not have it. */
void report_writer_text(struct report_writer *writer, unsigned int field, const char *text);
void report_writer_number(struct report_writer *writer, unsigned int field, uint64_t number);
void report_writer_real(struct report_writer *writer, unsigned int field, double number);
void report_writer_time(struct report_writer *writer, unsigned int field, int64_t wall_ns);
void report_writer_iface(struct report_writer *writer, unsigned int field, unsigned int slot);
/* Text from outside, made safe. */
void report_writer_outside(struct report_writer *writer, unsigned int field, const char *text);
/* Sets the members of row `i` that are columns. */
void report_writer_columns(struct report_writer *writer, const struct report_rows *rows, size_t i);
/* Writes the row; the same errors. */
int report_writer_end(struct report_writer *writer);
/* Ends the array and flushes `out`; the same errors. */
int report_writer_finish(struct report_writer *writer);

/* All rows as JSON, where rows are flows, or groups; the same errors. */
int report_write_flows(const struct report *report, const struct report_rows *rows, FILE *out);
int report_write_groups(const struct report *report, const struct report_rows *rows, FILE *out);

#endif
