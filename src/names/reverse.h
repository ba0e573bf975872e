/* SPDX-License-Identifier: MIT */
/* Domain names of reverse DNS. Pure; any thread. */
#ifndef PKTSTAT_REVERSE_H
#define PKTSTAT_REVERSE_H

#include <ares.h>
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

/* Reads a DNS answer: the first PTR record and its time to live. Pure; any thread. */

/* c-ares 1.28 and newer returns records, and deprecates the functions for raw answers. */
#if ARES_VERSION >= 0x011c00
#define PTR_ANSWER_RECORDS 1
#else
#define PTR_ANSWER_RECORDS 0
#endif

/* Size of the longest domain name as text, every byte escaped, with the terminating zero. */
#define PTR_NAME_MAX 1024

struct ptr_answer {
	char name[PTR_NAME_MAX]; /* untrusted text, without the trailing dot */
	uint32_t ttl_s;		 /* seconds; the smallest of the record and the aliases before it */
};

/* 0; -ENOENT: no PTR record; -EBADMSG: malformed. */
#if PTR_ANSWER_RECORDS
int ptr_answer_read(const ares_dns_record_t *record, struct ptr_answer *ret_answer);
#else
int ptr_answer_read(const unsigned char *bytes, int length, struct ptr_answer *ret_answer);
#endif

#endif
