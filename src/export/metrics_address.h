/* SPDX-License-Identifier: MIT */
/* Where metrics are served, as people type it: "[ADDR:]PORT". Pure; any thread. */
#ifndef PKTSTAT_METRICS_ADDRESS_H
#define PKTSTAT_METRICS_ADDRESS_H

#include <stdbool.h>

#define METRICS_ADDRESS_MAX 272

struct metrics_address {
	char host[METRICS_ADDRESS_MAX]; /* a name or an address, without brackets; "": not given */
	char port[6];			/* a number from 1 to 65535 */
};

/* Reads "9435", "192.0.2.7:9435", "[2001:db8::7]:9435"; false if it is none of these. */
bool metrics_address_parse(const char *text, struct metrics_address *ret_address);

#endif
