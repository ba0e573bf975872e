/* SPDX-License-Identifier: MIT */
/* The two ends of a flow as the tables show them. Pure; any thread. */
#ifndef PKTSTAT_ENDPOINT_H
#define PKTSTAT_ENDPOINT_H

#include <stddef.h>

#include "flow_abi.h"

/* Room for the longest text, its end included. */
#define ENDPOINT_TEXT_MAX 128

/*
 * Source of a flow with what tells it apart: "10.0.0.4:51234", "[2001:db8::7]:443",
 * "192.0.2.1 echo-request", "10.0.0.1 spi 0x00001234", "10.0.0.1 request" (ARP). For a sum, what it
 * holds. Writes at most `size` bytes with the end; returns `text`.
 */
char *endpoint_source(const struct flow_key *key, char *text, size_t size);
/* Destination: address and port, or just the address; empty for a sum. */
char *endpoint_destination(const struct flow_key *key, char *text, size_t size);
/* The same with a host name, safe to print, in place of the address; not for sums. */
char *endpoint_source_named(const struct flow_key *key, const char *name, char *text, size_t size);
char *endpoint_destination_named(const struct flow_key *key, const char *name, char *text,
				 size_t size);

#endif
