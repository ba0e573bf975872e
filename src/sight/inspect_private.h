/* SPDX-License-Identifier: MIT */
/* Internal to inspecting: a conversation, and what inspect_tcp.c and inspect_udp.c share. */
#ifndef PKTSTAT_INSPECT_PRIVATE_H
#define PKTSTAT_INSPECT_PRIVATE_H

#include <stdbool.h>

#include "dns_cache.h"
#include "dns_message.h"
#include "hash_index.h"
#include "hello_pool.h"
#include "inspect.h"
#include "quic.h"
#include "sight.h"

/* What is known of one direction; the index is that of the key: 0 from its source, 1 back. */
struct inspect_side {
	bool synchronized; /* `start` is known */
	bool begun;	   /* a payload at the start was looked at */
	bool finished;	   /* nothing more is expected from its bytes */
	uint8_t rtp;	   /* packets in a row that could be RTP */
	uint16_t rtp_sequence;
	uint16_t dtls_message; /* of which pieces are kept */
	uint32_t start; /* sequence number of the first byte of payload */
	uint32_t rtp_source;
};

struct inspect_conversation {
	uint64_t serial; /* from 1 on; 0: the place is free */
	struct sight_finding finding;
	struct inspect_side side[2];
	uint64_t syn_ns, answer_ns; /* of SYN and SYN-ACK; 0: not seen, or seen twice */
	bool syn_repeated;
	uint8_t syn_where;
	struct quic_id quic;
};

struct inspect {
	struct inspect_sink sink;
	struct hash_index index;
	uint64_t serials;
	uint32_t next; /* place to be used next */
	struct hello_pool *pool;
	struct dns_cache *names;
	struct inspect_conversation conversation[INSPECT_CONVERSATIONS];
};

/* A packet in its conversation. */
struct inspect_case {
	struct inspect *inspect;
	struct inspect_conversation *of;
	const struct inspect_packet *packet;
	unsigned int from; /* side that sent it */
	bool changed;	   /* there is something to tell */
};

void inspect_tcp(struct inspect_case *now);
void inspect_udp(struct inspect_case *now);

/* Sets what is found; notes a change. */
void inspect_found(struct inspect_case *now, enum application application);
/* The name by which the client knows the server, and that this is the server. */
void inspect_named(struct inspect_case *now, unsigned int server, const char *name);
/* Looks up the server's name in DNS answers seen, `server` being the side that is asked for. */
bool inspect_ask_dns(struct inspect_case *now, unsigned int server);
/* A client's hello: name, protocol, version; `whole`: all of it, so that it has a fingerprint. */
void inspect_hello(struct inspect_case *now, const struct tls_hello *hello, bool whole, bool quic);
/* Learns the addresses of an answer. */
void inspect_learn_dns(struct inspect_case *now, const struct dns_message *message);
/* The number of the sender's stream in the pool. */
uint64_t inspect_stream(const struct inspect_case *now);

#endif
