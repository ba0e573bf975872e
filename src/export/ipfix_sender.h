/* SPDX-License-Identifier: MIT */
/*
 * Takes IPFIX messages to one collector (RFC 7011, section 10): over UDP at once, with the templates
 * again each minute; over TCP through a bounded queue that keeps each message until the collector's
 * machine has acknowledged it, and that is sent again on a new connection. The socket is made once,
 * so reconnecting takes no call but connect(2). Made by the main thread, used by that of the
 * publisher; the status is for any thread. Never prints.
 */
#ifndef PKTSTAT_IPFIX_SENDER_H
#define PKTSTAT_IPFIX_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ipfix_message.h"

/* Messages over TCP that wait or are not acknowledged: 2.9 MB. */
#define IPFIX_QUEUE_MESSAGES 2048
/* At the end: how long nothing may move before what is left is given up, and how long in all. */
#define IPFIX_GRACE_NS	   3000000000ULL
#define IPFIX_GRACE_ALL_NS 10000000000ULL
/* How often the templates are sent over UDP. */
#define IPFIX_TEMPLATES_NS 60000000000ULL

/* What became of the messages. Over UDP, sent is not received. */
struct ipfix_status {
	uint64_t messages, octets; /* sent, templates and all */
	uint64_t flows;		   /* flow records in them, and what these hold */
	struct flow_counts counts;
	uint64_t lost_flows; /* that could not be sent */
	struct flow_counts lost;
	uint64_t sessions; /* times that the collector was given the templates */
	bool up;	   /* TCP: connected; UDP: asked, and not refused */
	int error;	   /* negative errno of the last failure, 0: none */
};

struct ipfix_sender_options {
	struct sockaddr_storage address;
	socklen_t address_size;
	bool tcp;
	bool more; /* the templates have names */
	uint32_t domain;
};

struct ipfix_sender;

/*
 * Makes the socket, with UDP bound to the collector, with TCP not connected yet: ipfix_sender_ready()
 * does that. 0, -ENOMEM, or the error of socket(2) or connect(2).
 */
int ipfix_sender_new(const struct ipfix_sender_options *options, struct ipfix_sender **ret_sender);
void ipfix_sender_free(struct ipfix_sender *sender);

/*
 * True if messages may be put now; what the collector refuses at the moment shall wait with the
 * caller. Connects, notices when the collector has gone, sends templates that are due. To be called
 * from time to time also without anything to send. Waits for a few milliseconds at most.
 */
bool ipfix_sender_ready(struct ipfix_sender *sender);
/*
 * Sends an ended message, or queues it. 0, or -EAGAIN if there is no room. Over UDP it waits as
 * needed not to overrun the collector's buffer.
 */
int ipfix_sender_put(struct ipfix_sender *sender, const struct ipfix_message *message);
/*
 * The end has come: from now on ipfix_sender_put() waits for room, and when the grace has passed
 * takes messages as lost.
 */
void ipfix_sender_end(struct ipfix_sender *sender);
/* After the last message: waits until all are acknowledged, or the grace has passed. */
void ipfix_sender_finish(struct ipfix_sender *sender);

/* Any thread. */
void ipfix_sender_status(struct ipfix_sender *sender, struct ipfix_status *ret_status);

#endif
