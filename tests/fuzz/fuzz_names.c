/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the cache of host names: any sequence of answers, of any text and time to
 * live, of questions, and of time that passes. What is shown may be printed, the cache stays within
 * its bound, and what it forgets is what was not used for longest.
 *
 * Input: the seed of the hash, then operations; the first byte says which and for which address,
 * the second how long a name follows it, or how much time has passed.
 */
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "fuzz_outside.h"
#include "name_cache.h"

#define NAMES	  6
#define ADDRESSES 8
#define EPOCH_S	  1000
#define STEP_S	  30 /* the longest step is longer than the middle time to live */

/* So that the same input is always the same run. */
static struct {
	uint8_t seed;
	time_t seconds;
} world;

/* What the cache must know. */
static struct {
	unsigned int used[ADDRESSES]; /* when last; 0: it is not there */
	bool named[ADDRESSES];
	unsigned int uses, count;
	bool asking;
} model;

/* In place of the C library's, for the cache. */
ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
	(void)flags;
	memset(buffer, world.seed, size);
	return (ssize_t)size;
}

/* The clock that only the cache reads is the input's; the fuzzer has its own. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, clock, now);
	*now = (struct timespec){.tv_sec = world.seconds};
	return 0;
}

FUZZ_JUDGE static void model_forget_oldest(void)
{
	unsigned int oldest = 0;

	for (unsigned int i = 0; i < ADDRESSES; i++) {
		if (model.used[i] && (!model.used[oldest] || model.used[i] < model.used[oldest]))
			oldest = i;
	}
	model.used[oldest] = 0;
	model.named[oldest] = false;
	model.count--;
}

FUZZ_JUDGE static void model_use(unsigned int i)
{
	if (!model.used[i] && model.count++ == NAMES)
		model_forget_oldest();
	model.used[i] = ++model.uses;
}

static void ask(struct name_cache *cache, const uint8_t address[16])
{
	static struct fuzz_exact exact;
	unsigned int i = address[15];
	size_t room = i & 1 ? NAME_TEXT_MAX : 9;
	char *text = fuzz_room(&exact, room);
	bool known = name_cache_get(cache, address, text, room);

	if (model.used[i] || model.asking)
		model_use(i);
	check(known ? model.used[i] != 0 : !model.named[i]);
	if (known)
		check(strnlen(text, room) < room && outside_is_safe(text));
}

static void answer(struct name_cache *cache, const uint8_t address[16], const uint8_t *name,
		   size_t length)
{
	static const uint32_t ttl_s[] = {0, 1, 3600, UINT32_MAX};
	static struct fuzz_exact exact;
	const char *text = fuzz_text(&exact, name, length);
	unsigned int i = address[15];

	if (!length)
		name_cache_put(cache, address, NULL, NAME_NONE, 1);
	else
		name_cache_put(cache, address, text, length & 1 ? NAME_DNS : NAME_HOSTS,
			       ttl_s[length & 3]);
	if (!model.used[i])
		model_use(i);
	model.named[i] = *text != '\0'; /* of no name, one from a better source may stay */
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

	if (!size)
		return 0;
	world.seed = *data++;
	world.seconds = EPOCH_S;
	memset(&model, 0, sizeof(model));
	check(!name_cache_new(NAMES, &cache));
	while (end - data >= 2) {
		address[15] = data[0] & (ADDRESSES - 1);
		length = data[1] < end - data - 2 ? data[1] : (size_t)(end - data - 2);
		switch (data[0] >> 6) {
		case 0: ask(cache, address); break;
		case 1: answer(cache, address, data + 2, length); break;
		case 2: take_all(cache); break;
		default:
			model.asking = data[1] & 1;
			name_cache_set_asking(cache, model.asking);
			world.seconds += (data[1] >> 1) * STEP_S;
			break;
		}
		check(name_cache_unanswered(cache) <= NAMES);
		data += 2 + (data[0] >> 6 == 1 ? length : 0);
	}
	name_cache_free(cache);
	return 0;
}
