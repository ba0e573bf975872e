/* SPDX-License-Identifier: MIT */
/*
 * From sampled packets to findings: remembers the conversations that packets were seen of lately, puts
 * the beginning of streams together, asks the parsers, and tells what became known. All memory is
 * allocated at the start. One owner, one thread; the reader process is the one that packets of the
 * network reach.
 */
#ifndef PKTSTAT_INSPECT_H
#define PKTSTAT_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "sight_finding.h"

/* Conversations remembered; the one that came first is forgotten first. */
#define INSPECT_CONVERSATIONS 16384

/* Flags of TCP (RFC 9293, 3.1). */
#define INSPECT_FIN 0x01
#define INSPECT_SYN 0x02
#define INSPECT_RST 0x04
#define INSPECT_ACK 0x10

struct inspect_packet {
	struct flow_key key;
	uint64_t time_ns;     /* CLOCK_MONOTONIC, or the time of a capture */
	bool untimed;	      /* it is about so: good enough for all but handshakes */
	uint32_t sequence;    /* of TCP */
	uint8_t flags;	      /* of TCP */
	const uint8_t *bytes; /* payload */
	size_t length;	      /* bytes that are there */
	size_t whole;	      /* bytes that were sent, at least as many */
};

/* Who hears what became known; a later finding of a conversation replaces the earlier ones. */
struct inspect_sink {
	void (*tell)(void *arg, const struct sight_finding *finding);
	void *arg;
};

struct inspect;

/* 0 or -ENOMEM. */
int inspect_new(const struct inspect_sink *sink, struct inspect **ret_inspect);
void inspect_free(struct inspect *inspect);

void inspect_take(struct inspect *inspect, const struct inspect_packet *packet);

#endif
