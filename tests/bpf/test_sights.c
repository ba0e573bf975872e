/* SPDX-License-Identifier: MIT */
/*
 * A reader that packets of the network have taken over: it says what cannot be, and never stops. What
 * hears it refuses that, and ends when it is told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
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

#define READER_FD   3 /* of the socket in the process, see sight_reader.c */
#define RING_BYTES  (1U << 20)
#define LIMIT_NS    60000000000ULL
#define IN_A_ROW    100 /* refused, until it counts as never stopping */
#define MESSAGE_MAX 16	 /* findings, see sight_reader.c */

static void prepare_nothing(void)
{
}

static void make_good(struct sight_finding *good, unsigned int number)
{
	*good = (struct sight_finding){.key = {.ipproto = IPPROTO_TCP}};
	memset(good->name, 'a', HOST_NAME_SIZE - 1);
	for (unsigned int at = 50; at < HOST_NAME_SIZE - 1; at += 50)
		good->name[at] = '.';
	for (unsigned int bit = 0; bit < 20; bit++)
		good->name[bit] = number >> bit & 1 ? 'b' : 'a';
	memcpy(good->dns, good->name, HOST_NAME_SIZE);
}

/*
 * In the process: findings by the thousand, each with a long name of its own, and some with a name that
 * would clear the screen; some in messages of several, and some messages longer than may be, or with
 * a part of a finding. Eight processes say them, so that it takes less time than to hear them.
 */
static int talk_forever(void)
{
	static const size_t sizes[] = {1, MESSAGE_MAX, MESSAGE_MAX + 1, 3};
	static struct sight_finding message[MESSAGE_MAX + 1];

	(void)!fork();
	(void)!fork();
	(void)!fork();
	for (unsigned int i = 0;; i++) {
		size_t size = sizes[i / 2 % 4] * sizeof(message[0]);

		for (unsigned int at = 0; at <= MESSAGE_MAX; at++)
			make_good(&message[at], i + at);
		if (i % 2)
			strcpy(message[0].name, "\033[2J");
		if (send(READER_FD, message, size - (i % 16 == 6), MSG_NOSIGNAL) < 0)
			_exit(0);
	}
}

/* In the process: one message of so many findings, and no more. */
static int say_at_once(void)
{
	struct sight_finding message[MESSAGE_MAX];

	for (unsigned int at = 0; at < MESSAGE_MAX; at++)
		make_good(&message[at], at);
	if (send(READER_FD, message, sizeof(message), MSG_NOSIGNAL) < 0)
		_exit(0);
	for (;;)
		pause();
}

/* In the process: it ends as if it had been killed. */
static int end_at_once(void)
{
	_exit(1);
}

static _Atomic bool *may_answer; /* shared with the process */

/* In the process: as one that is stopped and continued. It answers what it is asked, but not yet. */
static int answer_late(void)
{
	char message;

	for (;;) {
		if (!*may_answer)
			poll(NULL, 0, 1);
		else if (recv(READER_FD, &message, 1, 0) != 1 ||
			 send(READER_FD, &message, 1, MSG_NOSIGNAL) != 1)
			_exit(0);
	}
}

struct bed {
	struct ring *ring;
	struct sight_table *table;
	struct sight_reader *reader;
	struct sights *sights;
	uint64_t silent_ns;
	int map_fd;
};

static void bed_open(struct bed *bed, int (*confine)(void))
{
	struct sights_options options = {.silent_ns = bed->silent_ns};

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

/* An interval is over. */
static void publish(const struct bed *bed)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(0, &snapshot), 0);
	assert_int_equal(flow_table_new(1, &snapshot->table), 0);
	ring_publish(bed->ring, snapshot);
}

static struct sights_health await_health(const struct bed *bed, uint64_t findings, uint64_t refused,
					 enum sights_state state)
{
	uint64_t until_ns = clock_mono_ns() + LIMIT_NS;
	struct sights_health health;

	do {
		publish(bed);
		poll(NULL, 0, 1);
		sights_health(bed->sights, &health);
	} while (
		(health.findings < findings || health.refused < refused || health.state != state) &&
		clock_mono_ns() < until_ns);
	return health;
}

static void test_never_stops(void **state)
{
	struct sights_health health;
	struct bed bed = {0};

	bed_open(&bed, talk_forever);
	health = await_health(&bed, IN_A_ROW, IN_A_ROW, SIGHTS_READ);
	assert_true(health.refused >= IN_A_ROW);
	assert_true(health.findings >= IN_A_ROW);
	/* However much there still is to hear. */
	sights_finish(bed.sights);
	for (uint32_t id = SIGHT_NONE + 1; id <= sight_table_count(bed.table); id++)
		assert_int_equal(sight_table_get(bed.table, id)->name[HOST_NAME_SIZE - 2], 'a');
	bed_close(&bed);
}

/* All findings of a message are heard, each once, also when no other message follows. */
static void test_at_once(void **state)
{
	struct bed bed = {0};

	bed_open(&bed, say_at_once);
	assert_int_equal(await_health(&bed, MESSAGE_MAX, 0, SIGHTS_READ).findings, MESSAGE_MAX);
	sights_finish(bed.sights);
	assert_int_equal(sight_table_count(bed.table), MESSAGE_MAX);
	bed_close(&bed);
}

/* It does not answer, then it does; at the end it does not again, and is not waited for. */
static void test_silent(void **state)
{
	struct bed bed = {.silent_ns = 1000000};

	may_answer = mmap(NULL, sizeof(*may_answer), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(may_answer, MAP_FAILED);
	bed_open(&bed, answer_late);
	assert_int_equal(await_health(&bed, 0, 0, SIGHTS_SILENT).state, SIGHTS_SILENT);
	*may_answer = true;
	assert_int_equal(await_health(&bed, 0, 0, SIGHTS_READ).state, SIGHTS_READ);
	*may_answer = false;
	/* More than its socket holds. */
	for (int i = 0; i < 10000; i++)
		sight_reader_wake(bed.reader);
	sights_finish(bed.sights);
	bed_close(&bed);
}

static void test_dies(void **state)
{
	struct bed bed = {0};

	bed_open(&bed, end_at_once);
	assert_int_equal(await_health(&bed, 0, 0, SIGHTS_ENDED).state, SIGHTS_ENDED);
	sights_finish(bed.sights);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_stops),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
