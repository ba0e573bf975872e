/* SPDX-License-Identifier: MIT */
/*
 * The output of --ipfix: flow records to a collector. Everything counted is in one record, and all
 * records add up to the report, apart from what the status says was lost; filters and limits do not
 * apply. doc/ipfix.md has the elements. Made by the main thread, used by the thread of its publisher.
 */
#ifndef PKTSTAT_IPFIX_H
#define PKTSTAT_IPFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "change.h"
#include "ipfix_sender.h"
#include "row.h"

struct ipfix_options {
	struct sockaddr_storage address;
	socklen_t address_size;
	bool tcp;
	bool more; /* names of processes, users and containers */
	uint64_t active_ns, idle_ns;
	/* Called when the collector cannot be reached, and when it can again. Thread of the publisher. */
	void (*stuck)(void *context, int err);
	void *context;
};

struct ipfix;

/* Makes the socket. 0, -ENOMEM, or the error of socket(2), connect(2) or getrandom(2). */
int ipfix_new(const struct ipfix_options *options, struct ipfix **ret_ipfix);
void ipfix_free(struct ipfix *ipfix);
/* Before the thread starts: who owners are, and what packets said. */
void ipfix_prepare(struct ipfix *ipfix, const struct about_tables *tables);

/* For struct publisher_options; `ipfix` is a struct ipfix. They return 0. */
int ipfix_publish(void *ipfix, const struct change *change);
int ipfix_finish(void *ipfix, const struct snapshot *last);

/* Any thread. */
void ipfix_status(struct ipfix *ipfix, struct ipfix_status *ret_status);
/*
 * One line for a person: "1,204 records in 87 messages to NAME, 3 records (12 packets) lost". Writes at
 * most `size` bytes; returns `text`.
 */
char *ipfix_status_text(const struct ipfix_status *status, const char *name, char *text,
			size_t size);

#endif
