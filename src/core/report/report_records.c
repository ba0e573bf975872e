/* SPDX-License-Identifier: MIT */
/*
 * The report for programs: each row as an object of JSON, or as a line of CSV (record.h); or one object with
 * what all rows add up to.
 */
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "record.h"
#include "report.h"
#include "report_parts.h"
#include "text.h"

/* So much text is written at once: a million rows take no more memory than some. */
#define WRITE_SIZE 65536

static int flush_records(struct text *text, FILE *out)
{
	errno = 0;
	if (text->failed)
		return -ENOMEM;
	if (fwrite(text->at, 1, text->used, out) != text->used)
		return errno ? -errno : -EIO;
	text_clear(text);
	return 0;
}

static int end_records(FILE *out)
{
	errno = 0;
	if (fflush(out) == EOF)
		return errno ? -errno : -EIO;
	return 0;
}

static int put_records(const struct report_rows *rows, struct record *record, bool json,
		       struct text *text, FILE *out)
{
	int err = 0;

	record_put_head(record, text);
	for (size_t i = 0; !err && i < rows->count; i++) {
		const struct row row = report_rows_row(rows, i);

		if (json)
			text_put(text, i ? ",\n" : "[\n", 2);
		record_put(record, &row, text);
		if (text->used >= WRITE_SIZE || text->failed)
			err = flush_records(text, out);
	}
	if (json)
		text_add(text, rows->count ? "\n]\n" : "[]\n");
	return err ? err : flush_records(text, out);
}

static int write_records(const struct report_rows *rows, const struct report *report,
			 enum record_format format, FILE *out)
{
	const struct record_options options = {
		.format = format, .context = rows_context(&rows->rows), .names = report->names};
	struct text text = {0};
	struct record *record;
	int err = record_new(&options, &record);

	if (err)
		return err;
	err = put_records(rows, record, format == RECORD_JSON, &text, out);
	if (!err)
		err = end_records(out);
	text_done(&text);
	record_free(record);
	return err;
}

static int report_records(const struct report *report, enum record_format format, FILE *out)
{
	struct report_rows *rows = malloc(sizeof(*rows));
	int err;

	if (!rows)
		return -ENOMEM;
	err = report_rows_init(rows, report, false);
	if (!err)
		err = report_rows_sort(rows, report->limit);
	if (!err)
		err = write_records(rows, report, format, out);
	report_rows_done(rows);
	free(rows);
	return err;
}

int report_json(const struct report *report, FILE *out)
{
	return report_records(report, RECORD_JSON, out);
}

int report_csv(const struct report *report, FILE *out)
{
	return report_records(report, RECORD_CSV, out);
}

static void put_total(const struct report *report, const struct report_sums *sums, struct text *text)
{
	const struct flow_counts *in = &sums->dir[FLOW_IN], *out = &sums->dir[FLOW_OUT];
	uint64_t bytes = in->bytes + out->bytes;

	json_number(text, "bytes", bytes);
	json_number(text, "packets", in->packets + out->packets);
	json_decimal(text, "bitrate", rate_bps(bytes, report->running_ns));
	json_decimal(text, "duration", (double)report->running_ns / 1e9);
	json_number(text, "bytesIn", in->bytes);
	json_number(text, "packetsIn", in->packets);
	json_number(text, "bytesOut", out->bytes);
	json_number(text, "packetsOut", out->packets);
	json_number(text, "flows", sums->flows);
	if (!text->failed)
		*text->at = '{'; /* in place of the first comma */
	json_end(text);
}

int report_total(const struct report *report, FILE *out)
{
	struct report_rows *rows = malloc(sizeof(*rows));
	struct report_sums *sums = calloc(1, sizeof(*sums));
	struct text text = {0};
	int err = -ENOMEM;

	if (rows && sums) {
		err = report_rows_init(rows, report, true);
		if (!err) {
			report_sums_of_passed(rows, sums);
			put_total(report, sums, &text);
			err = flush_records(&text, out);
		}
		if (!err)
			err = end_records(out);
		report_rows_done(rows);
	}
	text_done(&text);
	free(rows);
	free(sums);
	return err;
}
