/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the cache of host names: any sequence of answers, of any text and time to
 * live, and of questions. What is shown may be printed, and the cache stays within its bound.
 *
 * Input: operations; the first byte says which and for which address, the second how long a name
 * follows it.
 */
#include "fuzz.h"
#include "fuzz_outside.h"
#include "name_cache.h"

#define NAMES 6 /* of eight addresses */

static void ask(struct name_cache *cache, const uint8_t address[16])
{
	static struct fuzz_exact exact;
	size_t room = address[15] & 1 ? NAME_TEXT_MAX : 9;
	char *text = fuzz_room(&exact, room);

	if (name_cache_get(cache, address, text, room))
		check(strnlen(text, room) < room && outside_is_safe(text));
}

static void answer(struct name_cache *cache, const uint8_t address[16], const uint8_t *name,
		   size_t length)
{
	static const uint32_t ttl_s[] = {0, 1, 3600, UINT32_MAX};
	static struct fuzz_exact exact;
	const char *text = fuzz_text(&exact, name, length);

	if (!length)
		name_cache_put(cache, address, NULL, NAME_NONE, 1);
	else
		name_cache_put(cache, address, text, length & 1 ? NAME_DNS : NAME_HOSTS,
			       ttl_s[length & 3]);
}

static void take_all(struct name_cache *cache)
{
	uint8_t address[16];
	unsigned int taken = 0;

	while (name_cache_take_question(cache, address))
		check(++taken <= 1024); /* an answer nobody asked for leaves the question */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
	const uint8_t *end = data + size;
	struct name_cache *cache;
	size_t length;

	if (name_cache_new(NAMES, &cache))
		return 0;
	while (end - data >= 2) {
		address[15] = data[0] & 7;
		length = data[1] < end - data - 2 ? data[1] : (size_t)(end - data - 2);
		switch (data[0] >> 6) {
		case 0: ask(cache, address); break;
		case 1: answer(cache, address, data + 2, length); break;
		case 2: take_all(cache); break;
		default: name_cache_set_asking(cache, data[1] & 1); break;
		}
		data += 2 + (data[0] >> 6 == 1 ? length : 0);
	}
	name_cache_free(cache);
	return 0;
}
