/* SPDX-License-Identifier: MIT */
/*
 * What a report is about: all flows of the ledger, or those that pass the filter, which is asked
 * once for each. The list belongs to the caller, the flows to the ledger; one thread.
 */
#ifndef PKTSTAT_REPORT_PICK_H
#define PKTSTAT_REPORT_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"
#include "report.h"

struct report_pick {
	const struct ledger *ledger;
	uint32_t *place; /* in the ledger; NULL: all of it */
	size_t count;
};

/* All flows, without memory of its own. */
struct report_pick report_pick_all(const struct ledger *ledger);
/* Those that pass the report's filter; 0 or -ENOMEM. */
int report_pick_init(const struct report *report, struct report_pick *ret_pick);
void report_pick_done(struct report_pick *pick);
/* Whether it is left out by --hide-own. */
bool report_hides(const struct report *report, const struct ledger_flow *flow);

/* Place in the ledger of the flow `i` of the list. */
static inline uint32_t report_pick_place(const struct report_pick *pick, size_t i)
{
	return pick->place ? pick->place[i] : (uint32_t)i;
}

static inline const struct ledger_flow *report_pick_get(const struct report_pick *pick, size_t i)
{
	return ledger_get(pick->ledger, report_pick_place(pick, i));
}

#endif
