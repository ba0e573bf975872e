/* SPDX-License-Identifier: MIT */
/* --verify: the sums that must agree, checked and said. Main thread, after the capture. */
#ifndef PKTSTAT_VERIFY_H
#define PKTSTAT_VERIFY_H

#include <stdbool.h>
#include <stdio.h>

#include "ledger.h"
#include "snapshot.h"

struct link_counters;

struct verify {
	const struct ledger *ledger;
	const struct snapshot *last;         /* the last snapshot published */
	const char *iface;                   /* outside text */
	bool raw_ip;                         /* interface without an Ethernet header */
	const struct link_counters *before;  /* the interface's own counters around the capture; */
	const struct link_counters *after;   /* NULL where they could not be read */
};

/* Writes a line an identity to `out`. Returns whether all that must hold did hold. */
bool verify_print(const struct verify *verify, FILE *out);

#endif
