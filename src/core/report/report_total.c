/* SPDX-License-Identifier: MIT */
/* The report as one object: what all rows add up to. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "report.h"
#include "report_parts.h"

static int print_total(const struct report *report, const struct report_sums *sums, FILE *out)
{
	const struct flow_counts *in = &sums->dir[FLOW_IN], *out_counts = &sums->dir[FLOW_OUT];
	uint64_t bytes = in->bytes + out_counts->bytes;

	errno = 0;
	if (fprintf(out,
		    "{\"bytes\":%" PRIu64 ",\"packets\":%" PRIu64
		    ",\"bitrate\":%.3f,\"duration\":%.3f,\"bytesIn\":%" PRIu64
		    ",\"packetsIn\":%" PRIu64 ",\"bytesOut\":%" PRIu64 ",\"packetsOut\":%" PRIu64
		    ",\"flows\":%zu}\n",
		    bytes, (uint64_t)(in->packets + out_counts->packets),
		    rate_bps(bytes, report->running_ns), (double)report->running_ns / 1e9,
		    (uint64_t)in->bytes, (uint64_t)in->packets, (uint64_t)out_counts->bytes,
		    (uint64_t)out_counts->packets, sums->flows) < 0 ||
	    fflush(out) == EOF)
		return errno ? -errno : -EIO;
	return 0;
}

int report_total(const struct report *report, FILE *out)
{
	struct report_rows *rows = malloc(sizeof(*rows));
	struct report_sums *sums = calloc(1, sizeof(*sums));
	int err = -ENOMEM;

	if (rows && sums) {
		err = report_rows_init(rows, report, true);
		if (!err) {
			report_sums_of_passed(rows, sums);
			err = print_total(report, sums, out);
		}
		report_rows_done(rows);
	}
	free(rows);
	free(sums);
	return err;
}
