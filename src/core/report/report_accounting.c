/* SPDX-License-Identifier: MIT */
/* The last lines of the report: what was seen, which rows it is in, and what is missing. */
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "report_text.h"

static const char *const reasons[REPORT_SUMS_MAX] = {
	[FLOW_SUM_ETHERTYPE] = "neither IP nor ARP",
	[FLOW_SUM_TRUNCATED] = "cut short",
	[FLOW_SUM_MALFORMED] = "malformed",
	[FLOW_SUM_ARP_OFF] = "ARP (--no-arp)",
	[FLOW_SUM_MAP_FULL] = "flow map full: flows new at that time, added up",
	[FLOW_SUM_AGED] = "over --max-flows: flows idle longest, added up",
	[FLOW_SUM_REMAINDER] = "remainder",
	[FLOW_SUM_UNSEEN] = "not seen, the socket's buffer was full",
	[FLOW_SUM_GONE] = "interfaces gone: their flows, added up",
};

static int put_identity(const char *unit, uint64_t seen, uint64_t in_rows, uint64_t other,
			FILE *out)
{
	char text[3][FORMAT_TEXT_MAX];

	return report_written(out, fprintf(out, "  %s seen %s = in rows %s + other %s\n", unit,
					   format_count(seen, text[0], sizeof(text[0])),
					   format_count(in_rows, text[1], sizeof(text[1])),
					   format_count(other, text[2], sizeof(text[2]))));
}

static int put_reasons(const struct report_sums *sums, FILE *out)
{
	int err = 0;

	for (size_t i = 0; !err && i < REPORT_SUMS_MAX; i++) {
		char packets[FORMAT_TEXT_MAX], bytes[FORMAT_TEXT_MAX];

		if (!sums->reason[i].packets)
			continue;
		format_count(sums->reason[i].packets, packets, sizeof(packets));
		format_count(sums->reason[i].bytes, bytes, sizeof(bytes));
		err = report_written(out,
				     fprintf(out, "  other: %s packets, %s bytes, %s\n", packets,
					     bytes, reasons[i] ? reasons[i] : "unnamed"));
	}
	return err;
}

static int put_difference(uint64_t seen, uint64_t counted, const char *unit, FILE *out)
{
	char text[FORMAT_TEXT_MAX];

	if (seen == counted)
		return 0;
	format_count(seen > counted ? seen - counted : counted - seen, text, sizeof(text));
	return report_written(out, fprintf(out, "  NOT exact: %s %s %s\n", text, unit,
					   seen > counted ? "that were seen are in no row"
							  : "in rows were not seen by the hook"));
}

/* What was not seen: our programs detached by another program, and programs that run before ours. */
static int put_unseen(const struct ifaces *ifaces, FILE *out)
{
	unsigned int count = ifaces ? ifaces->count : 0;
	char away[4 * FORMAT_TEXT_MAX];
	int err = 0;

	for (unsigned int slot = 0; slot < count && !err; slot++) {
		const struct ifaces_entry *entry = &ifaces->entry[slot];

		if (entry->removals)
			err = report_written(out,
					     fprintf(out, "  NOT complete: %s\n",
						     ifaces_entry_away(entry, away, sizeof(away))));
	}
	if (!err && ifaces_before(ifaces))
		err = report_written(out, fprintf(out,
						  "  programs of others that run before this "
						  "one: %u; packets they end are not seen\n",
						  ifaces_before(ifaces)));
	return err;
}

static int put_verdict(const struct report *report, const struct report_sums *sums, FILE *out)
{
	const struct flow_counts *hook = &report->health.hook;
	struct flow_counts counted = sums->in_rows;
	const char *verdict = "exact: every packet seen is in one row";
	int err;

	report_add(&counted, &sums->other);
	err = put_difference(hook->packets, counted.packets, "packets", out);
	if (!err)
		err = put_difference(hook->bytes, counted.bytes, "bytes", out);
	if (err || hook->packets != counted.packets || hook->bytes != counted.bytes)
		return err;
	if (sums->reason[FLOW_SUM_MAP_FULL].packets || sums->reason[FLOW_SUM_AGED].packets ||
	    sums->reason[FLOW_SUM_GONE].packets)
		verdict = "exact in sum: every packet seen is in one row, but some flows share one";
	if (ifaces_away_ns(report->ifaces) || report->health.unseen)
		verdict = "every packet seen is in one row, but not every packet was seen";
	return report_written(out, fprintf(out, "  %s\n", verdict));
}

static int put_read_errors(const struct snapshot_health *health, FILE *out)
{
	const char *why = strerrordesc_np(-health->last_error);

	if (!health->read_errors)
		return 0;
	return report_written(out,
			      fprintf(out, "  %u reads of the kernel's maps failed, the last: %s\n",
				      health->read_errors, why ? why : "unknown error"));
}

static int put_refusals(const struct snapshot_health *health, FILE *out)
{
	char room[FORMAT_TEXT_MAX];

	if (!health->map_failed)
		return 0;
	return report_written(
		out,
		fprintf(out,
			"  the kernel refused memory for a flow map %u times; they have room "
			"for %s flows\n",
			health->map_failed, format_count(health->map_entries, room, sizeof(room))));
}

/* What --hide-own keeps out of the rows above; it is counted in every sum. */
static int put_hidden(const struct report_parts *parts, FILE *out)
{
	const struct ledger *ledger = parts->report->ledger;
	struct flow_counts hidden = {0};
	char packets[FORMAT_TEXT_MAX], bytes[FORMAT_TEXT_MAX];

	if (!parts->report->hidden)
		return 0;
	for (size_t i = 0; i < ledger_count(ledger); i++) {
		if (rows_hides(&parts->rows.rows, i))
			report_add(&hidden, &ledger_get(ledger, i)->total);
	}
	format_count(hidden.packets, packets, sizeof(packets));
	format_count(hidden.bytes, bytes, sizeof(bytes));
	return report_written(out, fprintf(out,
					   "  own session, left out above: %s packets, %s "
					   "bytes\n",
					   packets, bytes));
}

static int put_exported(const struct report *report, FILE *out)
{
	if (!report->exported || !*report->exported)
		return 0;
	return report_written(out, fprintf(out, "  IPFIX: %s\n", report->exported));
}

static int put_alerts(const struct report *report, FILE *out)
{
	int err = 0;

	for (size_t i = 0; !err && i < report->alerts; i++)
		err = report_written(out, fprintf(out, "  alert: %s\n", report->alert[i]));
	return err;
}

int report_put_accounting(const struct report_parts *parts, FILE *out)
{
	const struct report *report = parts->report;
	const struct report_sums *sums = &parts->all;
	const struct flow_counts *hook = &report->health.hook;
	int err = report_written(out, fprintf(out, "\nAccounting\n"));

	if (!err)
		err = put_identity("packets", hook->packets, sums->in_rows.packets,
				   sums->other.packets, out);
	if (!err)
		err = put_identity("bytes  ", hook->bytes, sums->in_rows.bytes, sums->other.bytes,
				   out);
	if (!err)
		err = put_reasons(sums, out);
	if (!err)
		err = put_hidden(parts, out);
	if (!err)
		err = put_verdict(report, sums, out);
	if (!err)
		err = put_unseen(report->ifaces, out);
	if (!err)
		err = put_refusals(&report->health, out);
	if (!err)
		err = put_read_errors(&report->health, out);
	if (!err)
		err = put_alerts(report, out);
	return err ? err : put_exported(report, out);
}
