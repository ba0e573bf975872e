/* SPDX-License-Identifier: MIT */
/*
 * IPFIX messages (RFC 7011) as this program writes them: which elements of IANA's registry a record
 * has stands in one table, from which templates and records are made. Pure; any thread. A message
 * belongs to its caller, and is decoded by any collector once it has the templates.
 */
#ifndef PKTSTAT_IPFIX_MESSAGE_H
#define PKTSTAT_IPFIX_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "owner.h"
#include "sight.h"

/* Fits into one frame over tunnels, too, so that no message is fragmented. */
#define IPFIX_MESSAGE_MAX 1400
#define IPFIX_HEADER_SIZE 16
/* Longest text of an element, in bytes; longer ones are cut off between characters. */
#define IPFIX_TEXT_MAX 254

/* flowEndReason: why a record ends. */
enum ipfix_end_reason {
	IPFIX_END_IDLE = 1,
	IPFIX_END_ACTIVE = 2,
	IPFIX_END_FORCED = 4,	 /* the program ended */
	IPFIX_END_RESOURCES = 5, /* no memory to keep the flow apart */
};

/* What is written about a flow, or about a sum of flows. */
struct ipfix_flow {
	struct flow_key key;
	struct flow_counts counts; /* frames, as everywhere in this program */
	uint64_t octets;	   /* the same without link headers */
	int64_t start_wall_ns;
	int64_t end_wall_ns;
	uint32_t ifindex; /* 0: several interfaces */
	enum ipfix_end_reason reason;
	const char *what;	   /* of a sum: what it holds; NULL: named by its key */
	/* For the names of --ipfix-more; NULL: not known. */
	const struct owner *owner;
	const struct sight *sight;
};

/* What the exporter says of itself, since start. */
struct ipfix_statistics {
	uint64_t messages, octets, records; /* sent */
	uint64_t lost_records, lost_packets, lost_octets;
	uint64_t ignored_packets, ignored_octets; /* counted, but in no flow */
};

struct ipfix_message {
	uint8_t at[IPFIX_MESSAGE_MAX];
	size_t size;
	size_t set; /* where the open set begins; 0: none */
	uint16_t set_id;
	uint32_t records; /* data records: what sequence numbers count */
	uint32_t flows;	  /* of these: flow records, and what they hold */
	struct flow_counts counts;
};

/* An empty message of that observation domain. */
void ipfix_message_begin(struct ipfix_message *message, uint32_t domain);
/* Closes it: its first `size` bytes can be sent once they are stamped. */
void ipfix_message_end(struct ipfix_message *message);
/* Sets what is known only when it is sent: data records sent before it, and the time, in seconds. */
void ipfix_message_stamp(uint8_t *message, uint32_t sequence, uint32_t time_s);

/*
 * Each adds to a message that is open. False, with the message as it was, if there is no room; an
 * empty one has room for any of them. `more`: records have names, and the templates say so.
 */
bool ipfix_message_add_templates(struct ipfix_message *message, bool more);
bool ipfix_message_add_flow(struct ipfix_message *message, const struct ipfix_flow *flow,
			    bool more);
/* Every packet was looked at: sampling 1 out of 1. */
bool ipfix_message_add_sampling(struct ipfix_message *message);
bool ipfix_message_add_statistics(struct ipfix_message *message, uint32_t domain,
				  const struct ipfix_statistics *statistics);
/* `name` is untrusted text. */
bool ipfix_message_add_interface(struct ipfix_message *message, uint32_t ifindex, const char *name);

#endif
