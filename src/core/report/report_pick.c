/* SPDX-License-Identifier: MIT */
/* Asks the filter about every flow; see report_pick.h. */
#include "report_pick.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "rate.h"

struct report_pick report_pick_all(const struct ledger *ledger)
{
	return (struct report_pick){.ledger = ledger, .count = ledger_count(ledger)};
}

static bool passes(const struct report *report, const struct filter *filter,
		   const struct ledger_flow *flow)
{
	uint64_t running_ns = report->running_ns;
	struct filter_subject subject = {
		.key = &flow->key,
		.bps = running_ns ? rate_bps(flow->total.bytes, running_ns) : -1.0,
		.pps = running_ns ? rate_pps(flow->total.packets, running_ns) : -1.0,
		.packets = flow->total.packets,
		.bytes = flow->total.bytes,
		.names = report->names,
		.ifaces = report->ifaces,
	};

	if (report->owners)
		subject.owner = owner_table_get(report->owners, flow->owner);
	return filter_match(filter, &subject);
}

bool report_hides(const struct report *report, const struct ledger_flow *flow)
{
	return report->hidden && passes(report, report->hidden, flow);
}

int report_pick_init(const struct report *report, struct report_pick *ret_pick)
{
	struct report_pick pick = report_pick_all(report->ledger);
	size_t known = pick.count;

	if (report->filter || report->hidden) {
		pick.place = calloc(known ? known : 1, sizeof(*pick.place));
		if (!pick.place)
			return -ENOMEM;
		pick.count = 0;
		for (size_t i = 0; i < known; i++) {
			const struct ledger_flow *flow = ledger_get(report->ledger, i);

			if (passes(report, report->filter, flow) && !report_hides(report, flow))
				pick.place[pick.count++] = (uint32_t)i;
		}
	}
	*ret_pick = pick;
	return 0;
}

void report_pick_done(struct report_pick *pick)
{
	free(pick->place);
	pick->place = NULL;
}
