/* SPDX-License-Identifier: MIT */
/* Domain names of reverse DNS. Pure; any thread. */
#ifndef PKTSTAT_REVERSE_H
#define PKTSTAT_REVERSE_H

#include <stdbool.h>
#include <stdint.h>

/* Size of the longest name, with the terminating zero. */
#define REVERSE_NAME_MAX 80

/*
 * False for addresses without a name in DNS: unspecified, "this network" (0/8), loopback,
 * link-local, multicast, reserved (240/4) and broadcast. A query for them would only tell the
 * server about local traffic.
 */
bool reverse_is_asked(const uint8_t address[16]);

/*
 * The domain name of the PTR record: 4.3.2.1.in-addr.arpa (RFC 1035 3.5), nibbles under ip6.arpa
 * (RFC 3596 2.5). `address` is IPv4 as ::ffff:a.b.c.d or IPv6. Returns `text`.
 */
char *reverse_name(const uint8_t address[16], char text[REVERSE_NAME_MAX]);

#endif
