/* SPDX-License-Identifier: MIT */
/*
 * DNS messages (RFC 1035, 4): whether bytes are one, and which addresses an answer gives for the name
 * that was asked for. Also those of mDNS (RFC 6762) and LLMNR (RFC 4795). Pure; any thread.
 */
#ifndef PKTSTAT_DNS_MESSAGE_H
#define PKTSTAT_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_name.h"

#define DNS_ADDRESSES_MAX 64 /* of one message; further ones are left out */

struct dns_address {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint32_t ttl_s;	     /* the smallest of the record and the aliases before it */
};

struct dns_message {
	bool response;
	bool whole; /* nothing is cut short or left over */
	char name
		[HOST_NAME_SIZE]; /* asked for; of mDNS, the owner of the first address; "": none */
	unsigned int addresses;
	struct dns_address address[DNS_ADDRESSES_MAX];
};

/*
 * Reads a message. 0; -EBADMSG: it is none. A message that is cut short gives what is there: the
 * addresses of the records that are whole.
 */
int dns_message_read(const uint8_t *bytes, size_t length, struct dns_message *ret_message);

#endif
