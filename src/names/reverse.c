/* SPDX-License-Identifier: MIT */
/* Domain names of addresses, and the answers of DNS; see reverse.h. */
#include "reverse.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool ipv4_is_asked(const uint8_t a[4])
{
	return a[0] != 0 && a[0] != 127 && a[0] < 224 && !(a[0] == 169 && a[1] == 254);
}

bool reverse_is_asked(const uint8_t address[16])
{
	struct in6_addr ip;

	memcpy(&ip, address, sizeof(ip));
	if (IN6_IS_ADDR_V4MAPPED(&ip))
		return ipv4_is_asked(address + 12);
	return !IN6_IS_ADDR_UNSPECIFIED(&ip) && !IN6_IS_ADDR_LOOPBACK(&ip) &&
	       !IN6_IS_ADDR_MULTICAST(&ip) && !IN6_IS_ADDR_LINKLOCAL(&ip);
}

char *reverse_name(const uint8_t address[16], char text[REVERSE_NAME_MAX])
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *a = address + 12;
	struct in6_addr ip;
	char *at = text;

	memcpy(&ip, address, sizeof(ip));
	if (IN6_IS_ADDR_V4MAPPED(&ip)) {
		snprintf(text, REVERSE_NAME_MAX, "%u.%u.%u.%u.in-addr.arpa", a[3], a[2], a[1],
			 a[0]);
		return text;
	}
	for (int i = 15; i >= 0; i--) {
		*at++ = hex[address[i] & 0xf];
		*at++ = '.';
		*at++ = hex[address[i] >> 4];
		*at++ = '.';
	}
	snprintf(at, REVERSE_NAME_MAX - (size_t)(at - text), "ip6.arpa");
	return text;
}

/*
 * The first PTR record of an answer, also after aliases (RFC 2317).
 */

static void keep_name(struct ptr_answer *to, const char *name, uint32_t ttl_s)
{
	snprintf(to->name, sizeof(to->name), "%s", name);
	to->ttl_s = ttl_s;
}

#if PTR_ANSWER_RECORDS

int ptr_answer_read(const ares_dns_record_t *record, struct ptr_answer *ret_answer)
{
	size_t count = ares_dns_record_rr_cnt(record, ARES_SECTION_ANSWER);
	uint32_t ttl_s = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		const ares_dns_rr_t *rr =
			ares_dns_record_rr_get_const(record, ARES_SECTION_ANSWER, i);
		const char *name;

		if (ares_dns_rr_get_ttl(rr) < ttl_s)
			ttl_s = ares_dns_rr_get_ttl(rr);
		if (ares_dns_rr_get_type(rr) != ARES_REC_TYPE_PTR)
			continue;
		name = ares_dns_rr_get_str(rr, ARES_RR_PTR_DNAME);
		if (!name || !*name)
			return -EBADMSG;
		keep_name(ret_answer, name, ttl_s);
		return 0;
	}
	return -ENOENT;
}

#else

#define HEADER_BYTES   12
#define QUESTION_BYTES 4  /* after the name: type, class */
#define RECORD_BYTES   10 /* after the name: type, class, TTL, length of the data */
#define TYPE_PTR       12
#define CLASS_IN       1

/* A message and the read position; RFC 1035 4.1. */
struct cursor {
	const unsigned char *bytes, *at, *end;
};

static uint32_t number(const unsigned char *at, int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

/* Reads a name, into `name` unless that is NULL, and moves past it. */
static bool read_name(struct cursor *cursor, char *name)
{
	char *text;
	long length;

	if (cursor->at >= cursor->end ||
	    ares_expand_name(cursor->at, cursor->bytes, (int)(cursor->end - cursor->bytes), &text,
			     &length) != ARES_SUCCESS)
		return false;
	cursor->at += length;
	if (name)
		snprintf(name, PTR_NAME_MAX, "%s", text);
	ares_free_string(text);
	return true;
}

static bool skip_questions(struct cursor *cursor, unsigned int count)
{
	while (count--) {
		if (!read_name(cursor, NULL) || cursor->end - cursor->at < QUESTION_BYTES)
			return false;
		cursor->at += QUESTION_BYTES;
	}
	return true;
}

/* Reads a record. 1: a PTR, its name in `name`; 0: another type; -EBADMSG: malformed. */
static int read_record(struct cursor *cursor, char *name, uint32_t *ttl_s)
{
	const unsigned char *fixed;
	struct cursor data;
	uint32_t length;

	if (!read_name(cursor, NULL) || cursor->end - cursor->at < RECORD_BYTES)
		return -EBADMSG;
	fixed = cursor->at;
	length = number(fixed + 8, 2);
	if (cursor->end - fixed - RECORD_BYTES < (long)length)
		return -EBADMSG;
	data = (struct cursor){cursor->bytes, fixed + RECORD_BYTES, cursor->end};
	cursor->at = data.at + length;
	if (number(fixed + 4, 4) < *ttl_s)
		*ttl_s = number(fixed + 4, 4);
	if (number(fixed, 2) != TYPE_PTR || number(fixed + 2, 2) != CLASS_IN)
		return 0;
	return read_name(&data, name) && data.at == cursor->at && *name ? 1 : -EBADMSG;
}

int ptr_answer_read(const unsigned char *bytes, int length, struct ptr_answer *ret_answer)
{
	struct cursor cursor = {bytes, bytes + HEADER_BYTES, bytes + length};
	uint32_t ttl_s = UINT32_MAX;
	unsigned int answers;
	char name[PTR_NAME_MAX];

	if (length < HEADER_BYTES || !skip_questions(&cursor, number(bytes + 4, 2)))
		return -EBADMSG;
	answers = number(bytes + 6, 2);
	while (answers--) {
		int found = read_record(&cursor, name, &ttl_s);

		if (found < 0)
			return found;
		if (found) {
			keep_name(ret_answer, name, ttl_s);
			return 0;
		}
	}
	return -ENOENT;
}

#endif
