/* SPDX-License-Identifier: MIT */
/*
 * A reader that packets of the network have taken over: it says what cannot be, and never stops. What
 * hears it refuses that, and ends when it is told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>

#include "clock.h"
#include "ring.h"
#include "sight.h"
#include "sights.h"

#define READER_FD  3 /* of the socket in the process, see sight_reader.c */
#define RING_BYTES (1U << 20)
#define LIMIT_NS   60000000000ULL
#define IN_A_ROW   1000 /* refused, until it counts as never stopping */

static void prepare_nothing(void)
{
}

/*
 * In the process: findings by the thousand, each with a long name of its own, and some with a name that
 * would clear the screen. Eight processes say them, so that it takes less time than to hear them.
 */
static int talk_forever(void)
{
	struct sight_finding bad = {.key = {.ipproto = IPPROTO_TCP}, .name = "\033[2J"};
	struct sight_finding good = {.key = {.ipproto = IPPROTO_TCP}};

	(void)!fork();
	(void)!fork();
	(void)!fork();
	for (unsigned int i = 0;; i++) {
		memset(good.name, 'a', HOST_NAME_SIZE - 1);
		for (unsigned int at = 50; at < HOST_NAME_SIZE - 1; at += 50)
			good.name[at] = '.';
		for (unsigned int bit = 0; bit < 20; bit++)
			good.name[bit] = i >> bit & 1 ? 'b' : 'a';
		memcpy(good.dns, good.name, HOST_NAME_SIZE);
		if (send(READER_FD, i % 8 ? &good : &bad, sizeof(good), MSG_NOSIGNAL) < 0)
			_exit(0);
	}
}

/* In the process: it ends as if it had been killed. */
static int end_at_once(void)
{
	_exit(1);
}

struct bed {
	struct ring *ring;
	struct sight_table *table;
	struct sight_reader *reader;
	struct sights *sights;
	int map_fd;
};

static void bed_open(struct bed *bed, int (*confine)(void))
{
	struct sights_options options = {0};

	bed->map_fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "samples", 0, 0, RING_BYTES, NULL);
	if (bed->map_fd < 0)
		skip();
	assert_int_equal(sight_reader_start(prepare_nothing, confine, &bed->reader), 0);
	assert_int_equal(ring_new(1U << 20, &bed->ring), 0);
	assert_int_equal(sight_table_new(&bed->table), 0);
	options.ring = bed->ring;
	options.table = bed->table;
	options.reader = bed->reader;
	assert_int_equal(sights_open(&options, &bed->sights), 0);
	assert_int_equal(sight_reader_give(bed->reader, READER_FROM_KERNEL, bed->map_fd), 0);
	assert_int_equal(sights_start(bed->sights), 0);
}

static void bed_close(struct bed *bed)
{
	sights_free(bed->sights);
	sight_reader_stop(bed->reader);
	sight_table_free(bed->table);
	ring_free(bed->ring);
	close(bed->map_fd);
}

static struct sights_health await_health(const struct bed *bed, uint64_t refused, bool dead)
{
	uint64_t until_ns = clock_mono_ns() + LIMIT_NS;
	struct sights_health health;

	do {
		poll(NULL, 0, 1);
		sights_health(bed->sights, &health);
	} while ((health.refused < refused || (dead && !health.dead)) &&
		 clock_mono_ns() < until_ns);
	return health;
}

static void test_never_stops(void **state)
{
	struct sights_health health;
	struct bed bed = {0};

	bed_open(&bed, talk_forever);
	health = await_health(&bed, IN_A_ROW, false);
	assert_true(health.refused >= IN_A_ROW);
	assert_true(health.findings >= IN_A_ROW);
	/* However much there still is to hear. */
	sights_finish(bed.sights);
	for (uint32_t id = SIGHT_NONE + 1; id <= sight_table_count(bed.table); id++)
		assert_int_equal(sight_table_get(bed.table, id)->name[HOST_NAME_SIZE - 2], 'a');
	bed_close(&bed);
}

static void test_dies(void **state)
{
	struct bed bed = {0};

	bed_open(&bed, end_at_once);
	assert_true(await_health(&bed, 0, true).dead);
	sights_finish(bed.sights);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_stops),
		cmocka_unit_test(test_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
