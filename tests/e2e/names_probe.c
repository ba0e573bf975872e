/* SPDX-License-Identifier: MIT */
/*
 * The resolver alone: names_probe SECONDS ADDRESS... looks addresses up, at most for that long, and
 * prints each with its name or "-", then how long it took and how long the end took, in ms.
 * With "burst:N" as address: N addresses under 10.78/15, of which it prints how many have a name,
 * and the longest name_cache_get() while frames of 16 ms asked for them.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "resolver.h"

static struct name_cache *cache;

static bool get(const uint8_t address[16], char text[NAME_TEXT_MAX])
{
	return name_cache_get(cache, address, text, NAME_TEXT_MAX);
}

static bool read_address(const char *text, uint8_t address[16])
{
	memcpy(address, (uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12);
	return inet_pton(AF_INET, text, address + 12) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

static void burst_address(uint32_t i, uint8_t address[16])
{
	uint32_t ip = htonl((10U << 24 | 78U << 16) + i);

	memcpy(address, (uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12);
	memcpy(address + 12, &ip, 4);
}

/* One frame looks at all of them; returns how many have a name. */
static unsigned int frame(unsigned int count, uint64_t *longest_ns, uint64_t *sum_ns)
{
	unsigned int named = 0;
	char text[NAME_TEXT_MAX];
	uint8_t address[16];

	for (unsigned int i = 0; i < count; i++) {
		uint64_t took_ns = clock_mono_ns();

		burst_address(i, address);
		named += get(address, text);
		took_ns = clock_mono_ns() - took_ns;
		*sum_ns += took_ns;
		if (took_ns > *longest_ns)
			*longest_ns = took_ns;
	}
	return named;
}

static void burst(unsigned int count, uint64_t deadline_ns)
{
	uint64_t longest_ns = 0, longest_frame_ns = 0, sum_ns = 0, start_ns = clock_mono_ns();
	unsigned int named = 0, frames = 0;

	while (named < count && clock_mono_ns() < deadline_ns) {
		uint64_t took_ns = clock_mono_ns();

		named = frame(count, &longest_ns, &sum_ns);
		took_ns = clock_mono_ns() - took_ns;
		if (took_ns > longest_frame_ns)
			longest_frame_ns = took_ns;
		frames++;
		poll(NULL, 0, 16);
	}
	printf("names %u of %u in %.1f s, %u frames, longest frame %.2f ms, call: mean %.0f ns, "
	       "longest %.1f us\n",
	       named, count, (double)(clock_mono_ns() - start_ns) / 1e9, frames,
	       (double)longest_frame_ns / 1e6, (double)sum_ns / frames / count,
	       (double)longest_ns / 1e3);
}

static void print_names(int count, char **text)
{
	char name[NAME_TEXT_MAX];
	uint8_t address[16];

	for (int i = 0; i < count; i++) {
		if (!read_address(text[i], address) || !get(address, name))
			memcpy(name, "-", 2);
		printf("%s %s\n", text[i], name);
	}
}

static void look_up(int count, char **text, uint64_t deadline_ns)
{
	uint64_t start_ns = clock_mono_ns();
	char name[NAME_TEXT_MAX];
	uint8_t address[16];

	for (int i = 0; i < count; i++) {
		if (read_address(text[i], address))
			get(address, name);
	}
	while (name_cache_unanswered(cache) && clock_mono_ns() < deadline_ns) {
		struct pollfd wait = {.fd = name_cache_event_fd(cache), .events = POLLIN};

		poll(&wait, 1, 50);
		name_cache_clear_event(cache);
	}
	print_names(count, text);
	printf("took %.0f\n", (double)(clock_mono_ns() - start_ns) / 1e6);
}

int main(int argc, char **argv)
{
	uint64_t deadline_ns, stop_ns;
	struct resolver *resolver;

	if (argc < 3 || name_cache_new(NAMES_MAX_DEFAULT, &cache) ||
	    resolver_start(cache, NULL, NULL, &resolver))
		return 2;
	deadline_ns = clock_mono_ns() + (uint64_t)(strtod(argv[1], NULL) * 1e9);
	name_cache_set_asking(cache, true);
	if (!strncmp(argv[2], "burst:", 6))
		burst((unsigned int)strtoul(argv[2] + 6, NULL, 10), deadline_ns);
	else
		look_up(argc - 2, argv + 2, deadline_ns);
	stop_ns = clock_mono_ns();
	resolver_stop(resolver);
	printf("stop %.0f\n", (double)(clock_mono_ns() - stop_ns) / 1e6);
	name_cache_free(cache);
	return 0;
}
