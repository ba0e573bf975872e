/* SPDX-License-Identifier: MIT */
/*
 * A strict reader of IPFIX messages, written from RFC 7011 and not from the writer: it learns
 * templates, and hands over each element of each record. Belongs to its caller; one thread.
 */
#ifndef TESTS_IPFIX_READER_H
#define TESTS_IPFIX_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPFIX_READER_FIELDS    32
#define IPFIX_READER_TEMPLATES 64

struct ipfix_reader_field {
	uint16_t element, length;
};

struct ipfix_reader_template {
	uint16_t scope;
	uint16_t count; /* 0: not known */
	struct ipfix_reader_field field[IPFIX_READER_FIELDS];
};

/* Begin with zeros and the two functions. */
struct ipfix_reader {
	struct ipfix_reader_template template[IPFIX_READER_TEMPLATES]; /* from id 256 on */
	uint32_t sequence;					       /* data records so far */
	uint32_t domain;
	const char *error; /* what is wrong with the last message */
	/* An element, those of ntop with the bit 0x8000; and the end of its record, with the template's scope. */
	void (*element)(void *context, uint16_t element, const uint8_t *data, size_t length);
	void (*record)(void *context, uint16_t template, uint16_t scope);
	void *context;
};

/* False when anything is not as it must be; then `error` says what. */
bool ipfix_reader_take(struct ipfix_reader *reader, const uint8_t *message, size_t size);

/* Number in network byte order, of at most 8 bytes. */
uint64_t ipfix_reader_number(const uint8_t *data, size_t length);

#endif
