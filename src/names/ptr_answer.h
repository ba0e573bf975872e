/* SPDX-License-Identifier: MIT */
/* Reads a DNS answer: the first PTR record and its time to live. Pure; any thread. */
#ifndef PKTSTAT_PTR_ANSWER_H
#define PKTSTAT_PTR_ANSWER_H

#include <ares.h>
#include <stdint.h>

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
