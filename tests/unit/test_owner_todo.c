/* SPDX-License-Identifier: MIT */
/* todo.h: which flows are due, how often, since when, and what a new era changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "owner.h"
#include "todo.h"

#define S 1000000000ULL

struct bed {
	struct todo *todo;
	struct flow_table *table;
	struct snapshot *snapshot;
	const uint32_t *rows;
	size_t count;
	uint64_t seq;
};

static void append(struct bed *bed, uint32_t previous_id, uint32_t owner)
{
	struct flow_table_entry entry = {.previous_id = previous_id, .owner = owner};
	uint32_t id;

	entry.key.ipproto = 6;
	entry.key.sport = (uint16_t)bed->table->count;
	assert_int_equal(flow_table_append(bed->table, &entry, &id), 0);
}

/* The next second: rows for all entries from `first` on. */
static void next(struct bed *bed, uint32_t first)
{
	snapshot_unref(bed->snapshot);
	assert_int_equal(snapshot_new(bed->table->count - first, &bed->snapshot), 0);
	bed->snapshot->table = flow_table_ref(bed->table);
	bed->snapshot->era = bed->table->era;
	bed->snapshot->seq = ++bed->seq;
	bed->snapshot->mono_ns = (1000 + bed->seq) * S;
	bed->snapshot->elapsed_ns = S;
	for (uint32_t i = first; i < bed->table->count; i++)
		bed->snapshot->row[i - first].id = i;
	assert_int_equal(todo_collect(bed->todo, bed->snapshot, &bed->rows, &bed->count), 0);
}

static int set_up(void **state)
{
	static struct bed bed;

	memset(&bed, 0, sizeof(bed));
	assert_int_equal(todo_new(&bed.todo), 0);
	assert_int_equal(flow_table_new(1, &bed.table), 0);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	snapshot_unref(bed->snapshot);
	flow_table_unref(bed->table);
	todo_free(bed->todo);
	return 0;
}

static void test_found(void **state)
{
	struct bed *bed = *state;

	next(bed, 0);
	assert_int_equal(bed->count, 0);
	for (int i = 0; i < 3; i++)
		append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 1);
	assert_int_equal(bed->count, 2);
	assert_int_equal(bed->rows[0], 0);
	todo_found(bed->todo, bed->snapshot, 1, true);
	next(bed, 0);
	assert_int_equal(bed->count, 2);
	assert_int_equal(bed->rows[1], 1);
	/* A sum belongs to nobody. */
	append(bed, FLOW_TABLE_NO_ID, 0);
	bed->table->chunk[0][3].key = flow_key_of_sum(FLOW_SUM_AGED, 0, 0, 0);
	next(bed, 0);
	assert_int_equal(bed->count, 2);
}

/* An owner that may change: again after 1, 2 and 4 seconds, then no more. */
static void test_unsettled(void **state)
{
	static const unsigned int pauses[] = {2, 3, 5};
	struct bed *bed = *state;
	unsigned int waited;

	append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 0);
	assert_true(todo_found(bed->todo, bed->snapshot, 0, false));
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		for (waited = 0; waited == 0 || (!bed->count && waited < 100); waited++)
			next(bed, 0);
		assert_int_equal(waited, pauses[i]);
		assert_false(todo_found(bed->todo, bed->snapshot, 0, false));
	}
	for (waited = 0; waited < 200; waited++) {
		next(bed, 0);
		assert_int_equal(bed->count, 0);
	}
}

/* One that was found stays when it is looked for in vain. */
static void test_found_before(void **state)
{
	struct bed *bed = *state;

	for (int i = 0; i < 2; i++)
		append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 0);
	for (uint32_t i = 0; i < 2; i++)
		todo_found(bed->todo, bed->snapshot, i, false);
	for (int i = 0; i < 100 && !bed->count; i++)
		next(bed, 0);
	assert_int_equal(bed->count, 2);
	assert_false(todo_missed(bed->todo, bed->snapshot, 0));
	assert_false(todo_doubted(bed->todo, bed->snapshot, 1));
	for (int i = 0; i < 100; i++) {
		next(bed, 0);
		assert_int_equal(bed->count, 0);
	}
}

/* Doubt that later looks would not see any more ends it at once. */
static void test_doubted(void **state)
{
	struct bed *bed = *state;

	append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 0);
	assert_true(todo_doubted(bed->todo, bed->snapshot, 0));
	for (int i = 0; i < 100; i++) {
		next(bed, 0);
		assert_int_equal(bed->count, 0);
	}
}

/* Looked for in vain: again after 1, 2, 4, ... snapshots, and never less than every 64. */
static void test_missed(void **state)
{
	static const unsigned int pauses[] = {1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64};
	struct bed *bed = *state;
	unsigned int gave_up = 0, waited;

	append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 0);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		assert_int_equal(bed->count, 1);
		if (todo_missed(bed->todo, bed->snapshot, 0)) {
			assert_int_equal(i, TODO_TRIES - 1);
			gave_up++;
		}
		for (waited = 0; waited == 0 || !bed->count; waited++)
			next(bed, 0);
		assert_int_equal(waited, pauses[i]);
	}
	assert_int_equal(gave_up, 1);
}

static void test_begin(void **state)
{
	struct bed *bed = *state;

	append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 0);
	assert_int_equal(todo_begin_ns(bed->todo, bed->snapshot, 0), 0);
	next(bed, 0);
	next(bed, 0);
	append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 0);
	assert_int_equal(bed->seq, 4);
	assert_int_equal(todo_begin_ns(bed->todo, bed->snapshot, 0), 0);
	assert_int_equal(todo_begin_ns(bed->todo, bed->snapshot, 1), 1003 * S);
	/* The same snapshot again, when a look had to wait. */
	assert_int_equal(todo_collect(bed->todo, bed->snapshot, &bed->rows, &bed->count), 0);
	assert_int_equal(todo_begin_ns(bed->todo, bed->snapshot, 1), 1003 * S);
}

static void begin_era(struct bed *bed)
{
	struct flow_table *table;

	assert_int_equal(flow_table_new(bed->table->era + 1, &table), 0);
	flow_table_unref(bed->table);
	bed->table = table;
}

static void test_era(void **state)
{
	struct bed *bed = *state;

	for (int i = 0; i < 4; i++)
		append(bed, FLOW_TABLE_NO_ID, 0);
	next(bed, 0);
	todo_found(bed->todo, bed->snapshot, 1, true);
	todo_found(bed->todo, bed->snapshot, 2, true);
	todo_missed(bed->todo, bed->snapshot, 3);
	todo_missed(bed->todo, bed->snapshot, 3);
	begin_era(bed);
	append(bed, 3, 0);		     /* waits */
	append(bed, 2, 17);		     /* known */
	append(bed, 1, OWNER_UNKNOWN);	     /* known too late for the copy */
	append(bed, FLOW_TABLE_NO_ID, 0);    /* new */
	append(bed, FLOW_TABLE_NO_ID, 17);   /* returned: looked at again */
	next(bed, 0);
	assert_int_equal(bed->count, 3);
	assert_int_equal(bed->rows[0], 2);
	assert_int_equal(bed->rows[1], 3);
	assert_int_equal(bed->rows[2], 4);
	assert_int_equal(todo_begin_ns(bed->todo, bed->snapshot, 2), 0);
	/* An era that was never seen: nothing can be carried over. */
	begin_era(bed);
	begin_era(bed);
	append(bed, 1, 17);
	next(bed, 0);
	assert_int_equal(bed->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unsettled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_found_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_doubted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_begin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_era, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
