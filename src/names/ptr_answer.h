/* SPDX-License-Identifier: MIT */
/* What a DNS answer says: the first PTR record and how long it holds. Pure; any thread. */
#ifndef PKTSTAT_PTR_ANSWER_H
#define PKTSTAT_PTR_ANSWER_H

#include <ares.h>
#include <stdint.h>

/* Since 1.28 c-ares hands out records, and calls the functions on raw answers deprecated. */
#if ARES_VERSION >= 0x011c00
#define PTR_ANSWER_RECORDS 1
#else
#define PTR_ANSWER_RECORDS 0
#endif

/* Room for any domain name as text, every byte escaped, its end included. */
#define PTR_NAME_MAX 1024

struct ptr_answer {
	char name[PTR_NAME_MAX]; /* outside text, without the dot at the end */
	uint32_t ttl_s;		 /* the smallest on the way to the record */
};

/* 0; -ENOENT: no such record in it; -EBADMSG: malformed. */
#if PTR_ANSWER_RECORDS
int ptr_answer_read(const ares_dns_record_t *record, struct ptr_answer *ret_answer);
#else
int ptr_answer_read(const unsigned char *bytes, int length, struct ptr_answer *ret_answer);
#endif

#endif
