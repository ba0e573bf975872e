/* SPDX-License-Identifier: MIT */
/* Where flow records go, as people type it: "HOST[:PORT][,udp|tcp]". Pure; any thread. */
#ifndef PKTSTAT_IPFIX_TARGET_H
#define PKTSTAT_IPFIX_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#define IPFIX_PORT "4739" /* of IANA, for UDP and TCP */

struct ipfix_target {
	char host[256]; /* a name or an address, without brackets: untrusted text */
	char port[6];	/* a number from 1 to 65535 */
	bool tcp;
};

/*
 * Reads "collector", "192.0.2.7:9995", "[2001:db8::7]:4739,tcp", "2001:db8::7". 0 or -EINVAL, with the
 * end of a sentence in `ret_why` that says what is wrong; static storage.
 */
int ipfix_target_parse(const char *text, struct ipfix_target *ret_target, const char **ret_why);

#endif
