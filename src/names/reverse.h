/* SPDX-License-Identifier: MIT */
/* What DNS calls an address when asked for its name. Pure; any thread. */
#ifndef PKTSTAT_REVERSE_H
#define PKTSTAT_REVERSE_H

#include <stdbool.h>
#include <stdint.h>

/* Room for the longest, its end included. */
#define REVERSE_NAME_MAX 80

/*
 * False for what no DNS server is asked about: unspecified, "this network" (0/8), loopback,
 * link-local, multicast, reserved (240/4) and broadcast. They have no name in DNS, and a question
 * about every multicast group would only tell the server what is going on here.
 */
bool reverse_is_asked(const uint8_t address[16]);

/*
 * The domain name of the PTR record: 4.3.2.1.in-addr.arpa (RFC 1035 3.5), nibbles under ip6.arpa
 * (RFC 3596 2.5). `address` is IPv4 as ::ffff:a.b.c.d or IPv6. Returns `text`.
 */
char *reverse_name(const uint8_t address[16], char text[REVERSE_NAME_MAX]);

#endif
