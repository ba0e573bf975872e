/* SPDX-License-Identifier: MIT */
/*
 * What the C library's heap is left with after many intervals: tables and snapshots of many sizes come
 * and go, and holes that nothing fits into must stay few. Nothing can be said of another allocator.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "ledger.h"
#include "random.h"
#include "ring.h"
#include "snapshot.h"

#define SECOND	  1000000000LL
#define MAX_FLOWS 50000U
#define FLOWS	  25000U /* of a round, in each direction */
#define ROUND	  20
#define INTERVALS 100
#define BUDGET	  (10UL << 20)

#ifdef __GLIBC__

static struct flow_key key_of(uint32_t number, enum flow_dir dir)
{
	struct flow_key key = {.where = FLOW_WHERE(0, dir), .ipproto = 17};

	memcpy(key.src, &number, sizeof(number));
	return key;
}

/* Half of the packets are of any flow, half of few; each round has flows of its own. */
static void count_interval(struct ledger *ledger, int interval, uint64_t *random)
{
	uint32_t first = (uint32_t)(interval / ROUND) * FLOWS, number;
	struct flow_key key;

	for (uint32_t i = 0; i < 2 * FLOWS; i++) {
		number = (uint32_t)(random_next(random) % FLOWS);
		if (i % 2)
			number = (uint32_t)(random_next(random) % (number + 1));
		key = key_of(first + number, i % 2 ? FLOW_OUT : FLOW_IN);
		ledger_add(ledger, &key, 1, 100);
	}
}

static void test_holes(void **state)
{
	uint64_t random = 1;
	struct ledger *ledger;
	struct snapshot *snapshot;
	struct ring *ring;
	struct mallinfo2 heap;

	(void)state;
	mallopt(M_MMAP_THRESHOLD, 128 << 10); /* as main() does */
	assert_int_equal(ledger_new(MAX_FLOWS, 3 * SECOND, &ledger), 0);
	assert_int_equal(ledger_log_idle(ledger), 0);
	assert_int_equal(ring_new(BUDGET, &ring), 0);
	for (int i = 1; i <= INTERVALS; i++) {
		ledger_begin(ledger, (i - 1) * SECOND, i * SECOND);
		count_interval(ledger, i, &random);
		assert_int_equal(ledger_snapshot(ledger, (uint64_t)(i * SECOND), &snapshot), 0);
		snapshot->seq = (uint64_t)i;
		ring_publish(ring, snapshot);
	}
	heap = mallinfo2();
	printf("heap: %zu kB in use, %zu kB free\n", heap.uordblks / 1024, heap.fordblks / 1024);
	assert_true(heap.fordblks <= heap.uordblks / 5);
	ring_free(ring);
	ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}

#else

int main(void)
{
	puts("skipped: the heap of this C library says nothing of itself");
	return 77;
}

#endif
