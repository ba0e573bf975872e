/* SPDX-License-Identifier: MIT */
/*
 * What the reader says of one conversation: a message of one size. It comes from a process that reads
 * hostile bytes, so whoever takes it checks it first (sight_finding_check()). Pure; any thread.
 */
#ifndef PKTSTAT_SIGHT_FINDING_H
#define PKTSTAT_SIGHT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "host_name.h"
#include "ja4.h"
#include "tls_hello.h"

struct sight_finding {
	struct flow_key key;		       /* sight_key() of both directions */
	uint32_t server_rtt_us, client_rtt_us; /* of the handshake; 0: not known */
	uint16_t tls_version;
	uint8_t application;	   /* enum application */
	uint8_t initiator;	   /* enum sight_end of the key */
	uint8_t named;		   /* enum sight_end of the key: the server */
	uint8_t ech;		   /* 0 or 1 */
	char name[HOST_NAME_SIZE]; /* texts end with a zero; "": not known */
	char dns[HOST_NAME_SIZE];
	char alpn[TLS_ALPN_SIZE];
	char ja4[JA4_SIZE];
};

/*
 * The key that both directions of a flow have on all interfaces: `where` is 0, and the smaller of the
 * two ends is the source. *ret_turned: the ends changed places.
 */
struct flow_key sight_key(const struct flow_key *key, bool *ret_turned);

/* True if the finding is one that could have been made; only then may it be used. */
bool sight_finding_check(const struct sight_finding *finding);

#endif
