/* SPDX-License-Identifier: MIT */
/* --verify: checks and prints the sums that must agree. Main thread, after the capture. */
#ifndef PKTSTAT_VERIFY_H
#define PKTSTAT_VERIFY_H

#include <stdbool.h>
#include <stdio.h>

#include "ledger.h"
#include "link.h"
#include "snapshot.h"

/* The counters of a link before and after the capture. */
struct verify_link {
	unsigned int index; /* of the link that `before` belongs to; 0: not known */
	bool ended;	    /* `after` is known */
	struct link_counters before, after;
};

struct verify {
	const struct ledger *ledger;
	const struct snapshot *last; /* the last snapshot published, with its interfaces */
	const struct verify_link *link; /* by slot */
	bool file; /* packets come from a capture file: there is no hook, and no interface has counters */
};

/* Writes one line for each identity to `out`. True if all of them hold. */
bool verify_print(const struct verify *verify, FILE *out);

#endif
