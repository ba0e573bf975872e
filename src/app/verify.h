/* SPDX-License-Identifier: MIT */
/* --verify: the sums that must agree, checked and said. Main thread, after the capture. */
#ifndef PKTSTAT_VERIFY_H
#define PKTSTAT_VERIFY_H

#include <stdbool.h>
#include <stdio.h>

#include "ledger.h"
#include "link.h"
#include "snapshot.h"

/* An interface's own counters around the capture. */
struct verify_link {
	unsigned int index; /* of which interface `before` is; 0: not known */
	bool ended;	    /* `after` is known */
	struct link_counters before, after;
};

struct verify {
	const struct ledger *ledger;
	const struct snapshot *last; /* the last snapshot published, with its interfaces */
	const struct verify_link *link; /* by slot */
};

/* Writes a line an identity to `out`. Returns whether all that must hold did hold. */
bool verify_print(const struct verify *verify, FILE *out);

#endif
