/* SPDX-License-Identifier: MIT */
/*
 * Bytes that are read from front to back and never beyond their end. What is missing reads as
 * nothing and is noted, so that a parser checks once, at the end, and not at each field. Pure.
 */
#ifndef PKTSTAT_OCTETS_H
#define PKTSTAT_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct octets {
	const uint8_t *at, *end;
	bool cut; /* more was wanted than was there */
};

static inline struct octets octets_of(const void *bytes, size_t length)
{
	return (struct octets){.at = bytes, .end = (const uint8_t *)bytes + length};
}

static inline size_t octets_left(const struct octets *octets)
{
	return (size_t)(octets->end - octets->at);
}

/* The next `size` bytes; when fewer are left, those, and both are cut. */
static inline struct octets octets_take(struct octets *octets, size_t size)
{
	size_t left = octets_left(octets);
	struct octets taken = {.at = octets->at, .cut = octets->cut};

	if (size > left) {
		size = left;
		taken.cut = octets->cut = true;
	}
	taken.end = octets->at += size;
	return taken;
}

/* A number of `bytes` bytes, at most 4, in network byte order; 0 when fewer are left. */
static inline uint32_t octets_number(struct octets *octets, unsigned int bytes)
{
	struct octets taken = octets_take(octets, bytes);
	uint32_t value = 0;

	if (octets->cut)
		return 0;
	while (taken.at < taken.end)
		value = value << 8 | *taken.at++;
	return value;
}

/* The bytes behind a length of `bytes` bytes. */
static inline struct octets octets_vector(struct octets *octets, unsigned int bytes)
{
	return octets_take(octets, octets_number(octets, bytes));
}

/* Whether they begin with that text. */
static inline bool octets_begin(const struct octets *octets, const char *text)
{
	size_t length = strlen(text);

	return octets_left(octets) >= length && !memcmp(octets->at, text, length);
}

#endif
