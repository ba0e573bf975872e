/* SPDX-License-Identifier: MIT */
/* From the kernel's random numbers, or, before it has any, from what else differs; see seed.h. */
#include "seed.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>

#include "hash_index.h" /* XXH3 */

/*
 * The kernel has no random numbers yet only in the first seconds after boot. Then a seed is made
 * from the 16 bytes that it gave this process at its start (AT_RANDOM), and the time: harder to
 * guess than a constant, and no two are the same.
 */
static uint64_t fallback_seed(const uint64_t *place)
{
	const void *random =
		(const void *)getauxval(AT_RANDOM); /* NOLINT(performance-no-int-to-ptr) */
	struct {
		struct timespec now;
		const uint64_t *place;
		uint8_t random[16];
	} from = {.place = place};

	clock_gettime(CLOCK_MONOTONIC, &from.now);
	if (random)
		memcpy(from.random, random, sizeof(from.random));
	return XXH3_64bits(&from, sizeof(from));
}

void seed_draw(uint64_t *seed, size_t count)
{
	size_t size = count * sizeof(*seed);

	if (getrandom(seed, size, GRND_NONBLOCK) == (ssize_t)size)
		return;
	for (size_t i = 0; i < count; i++)
		seed[i] = fallback_seed(&seed[i]);
}
