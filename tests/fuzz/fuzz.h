/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: a check that is never compiled out, and memory with an exact end. A
 * byte behind it cannot be touched unnoticed, as behind a malloc() of that size; but it is made
 * once and not for each input, which would take longer than what is tested.
 */
#ifndef PKTSTAT_FUZZ_H
#define PKTSTAT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

/* For what judges an answer: a branch in there is no reason to keep an input. */
#define FUZZ_JUDGE __attribute__((no_sanitize("coverage")))

#define FUZZ_EXACT_MAX 8192 /* with the granule behind the end */
#define FUZZ_GRANULE   8    /* of the address sanitizer: bytes are poisoned up to a border of one */
#define FUZZ_FRESH     0xbe /* what untouched memory holds; above all no end of a text */

/* Begin with {0}; kept from input to input. */
struct fuzz_exact {
	uint8_t *bytes;
	size_t size; /* bytes that may be touched, from the first on */
};

FUZZ_JUDGE static inline void check(bool holds)
{
	if (!holds)
		abort();
}

/* Moves the end to the front. */
FUZZ_JUDGE static inline void fuzz_shorten(struct fuzz_exact *exact, size_t size)
{
	check(size <= exact->size);
	ASAN_POISON_MEMORY_REGION(exact->bytes + size, exact->size - size + FUZZ_GRANULE);
	check(__asan_address_is_poisoned(exact->bytes + size));
	check(!size || !__asan_address_is_poisoned(exact->bytes + size - 1));
	exact->size = size;
}

/* Room for exactly `size` bytes, in place of what was there before. */
FUZZ_JUDGE static inline void *fuzz_room(struct fuzz_exact *exact, size_t size)
{
	check(size <= FUZZ_EXACT_MAX - FUZZ_GRANULE);
	if (!exact->bytes) {
		exact->bytes = malloc(FUZZ_EXACT_MAX);
		check(exact->bytes);
		ASAN_POISON_MEMORY_REGION(exact->bytes, FUZZ_EXACT_MAX);
	}
	fuzz_shorten(exact, 0);
	ASAN_UNPOISON_MEMORY_REGION(exact->bytes, size);
	exact->size = size;
	memset(exact->bytes, FUZZ_FRESH, size);
	check(__asan_address_is_poisoned(exact->bytes + size));
	return exact->bytes;
}

FUZZ_JUDGE static inline void *fuzz_copy(struct fuzz_exact *exact, const void *data, size_t size)
{
	return memcpy(fuzz_room(exact, size), data, size);
}

/* A copy that ends with a zero byte, and there. */
FUZZ_JUDGE static inline char *fuzz_text(struct fuzz_exact *exact, const void *data, size_t size)
{
	char *text = fuzz_room(exact, size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
