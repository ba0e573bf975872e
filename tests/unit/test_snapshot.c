/* SPDX-License-Identifier: MIT */
/* snapshot.h: flow tables, rows found by id, and thinning that keeps every sum. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "snapshot.h"

static struct flow_table_entry entry_of(uint32_t flow, uint8_t where)
{
	struct flow_table_entry entry = {.previous_id = FLOW_TABLE_NO_ID, .first_wall_ns = flow};

	entry.key.dst[10] = entry.key.dst[11] = 0xff;
	memcpy(&entry.key.src[12], &flow, sizeof(flow));
	entry.key.ethertype = 0x0800;
	entry.key.ipproto = 17;
	entry.key.where = where;
	return entry;
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* `count` rows over `wheres` places; ids have gaps, as those of a real interval. */
static struct snapshot *make(size_t count, unsigned int wheres, uint32_t seed)
{
	struct flow_table_entry entry;
	struct snapshot *snapshot;
	uint32_t id;

	assert_int_equal(snapshot_new(count, &snapshot), 0);
	assert_int_equal(flow_table_new(7, &snapshot->table), 0);
	snapshot->era = 7;
	for (size_t i = 0; i < 2 * count; i++) {
		entry = entry_of((uint32_t)i, (uint8_t)(i / 2 % wheres));
		assert_int_equal(flow_table_append(snapshot->table, &entry, &id), 0);
		assert_int_equal(id, i);
	}
	for (size_t i = 0; i < count; i++) {
		snapshot->row[i].id = 2 * i + 1;
		snapshot->row[i].delta_packets = next_random(&seed) % 50;
		snapshot->row[i].delta_bytes = next_random(&seed) % 5000;
		snapshot->row[i].packets = snapshot->row[i].delta_packets + 1 + i;
		snapshot->row[i].bytes = snapshot->row[i].delta_bytes + 1000 * (1 + i);
	}
	return snapshot;
}

static void test_table(void **state)
{
	const uint32_t count = 3 * FLOW_TABLE_CHUNK + 5;
	const struct flow_table_entry *first;
	struct flow_table_entry entry;
	struct flow_table *table;
	size_t empty_bytes;
	uint32_t id;

	assert_int_equal(flow_table_new(3, &table), 0);
	assert_int_equal(table->era, 3);
	assert_int_equal(table->count, 0);
	empty_bytes = flow_table_bytes(table);
	for (uint32_t i = 0; i < count; i++) {
		entry = entry_of(i, 0);
		assert_int_equal(flow_table_append(table, &entry, &id), 0);
		assert_int_equal(id, i);
		if (!i)
			first = flow_table_get(table, 0);
	}
	/* Entries never move: readers look at them without a lock. */
	assert_ptr_equal(flow_table_get(table, 0), first);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(flow_table_get(table, i)->first_wall_ns, i);
	assert_true(flow_table_bytes(table) - empty_bytes >= count * sizeof(entry));
	assert_ptr_equal(flow_table_ref(table), table);
	assert_null(flow_table_unref(table));
	assert_int_equal(flow_table_get(table, count - 1)->first_wall_ns, count - 1);
	assert_null(flow_table_unref(table));
	assert_null(flow_table_unref(NULL));
}

static void test_table_is_full(void **state)
{
	struct flow_table_entry entry = entry_of(1, 0);
	struct flow_table *table;
	uint32_t id = 12345;

	assert_int_equal(flow_table_new(1, &table), 0);
	table->count = FLOW_TABLE_ID_REMAINDER;
	assert_int_equal(flow_table_append(table, &entry, &id), -ENOSPC);
	assert_int_equal(id, 12345);
	table->count = 0;
	flow_table_unref(table);
	for (uint32_t room = 0; room <= 2 * FLOW_TABLE_CHUNK; room += FLOW_TABLE_CHUNK / 2) {
		assert_int_equal(flow_table_new_for(1, room, &table), 0);
		for (uint32_t i = 0; i < room; i++)
			assert_int_equal(flow_table_append(table, &entry, &id), 0);
		assert_int_equal(flow_table_append(table, &entry, &id), -ENOSPC);
		assert_true(flow_table_bytes(table) < room * sizeof(entry) + 128);
		flow_table_unref(table);
	}
}

/* The table lives as long as its last snapshot. */
static void test_ownership(void **state)
{
	struct snapshot *snapshot = make(100, 2, 1), *other;
	struct flow_table *table = snapshot->table;

	assert_int_equal(snapshot_new(0, &other), 0);
	assert_int_equal(atomic_load(&other->references), 1);
	assert_int_equal(other->count, 0);
	assert_null(other->table);
	other->table = flow_table_ref(table);
	assert_ptr_equal(snapshot_ref(snapshot), snapshot);
	assert_null(snapshot_unref(snapshot));
	assert_int_equal(snapshot_entry(snapshot, 99)->first_wall_ns, 199);
	assert_null(snapshot_unref(snapshot));
	assert_int_equal(flow_table_get(other->table, 199)->first_wall_ns, 199);
	assert_null(snapshot_unref(other));
	assert_null(snapshot_unref(NULL));
}

static void test_size(void **state)
{
	struct snapshot *none, *thousand;

	assert_int_equal(snapshot_new(0, &none), 0);
	assert_int_equal(snapshot_new(1000, &thousand), 0);
	assert_int_equal(sizeof(struct snapshot_row), 32);
	assert_int_equal(snapshot_bytes(thousand) - snapshot_bytes(none), 32000);
	for (size_t i = 0; i < thousand->count; i++)
		assert_int_equal(thousand->row[i].bytes, 0);
	snapshot_unref(none);
	snapshot_unref(thousand);
	assert_int_equal(snapshot_new(SIZE_MAX / 32, &none), -ENOMEM);
}

static void test_find(void **state)
{
	for (size_t count = 0; count < 40; count++) {
		struct snapshot *snapshot = make(count, 2, 1);

		for (size_t i = 0; i < count; i++) {
			assert_int_equal(snapshot_find(snapshot, (uint32_t)(2 * i + 1)), i);
			assert_int_equal(snapshot_find(snapshot, (uint32_t)(2 * i)), -1);
		}
		assert_int_equal(snapshot_find(snapshot, (uint32_t)(2 * count)), -1);
		assert_int_equal(snapshot_find(snapshot, FLOW_TABLE_NO_ID), -1);
		snapshot_unref(snapshot);
	}
}

/* Sums of the rows at each `where`. */
static void sum_up(const struct snapshot *snapshot, uint64_t sums[FLOW_WHERES][4])
{
	memset(sums, 0, FLOW_WHERES * sizeof(sums[0]));
	for (size_t i = 0; i < snapshot->count; i++) {
		uint64_t *sum = sums[snapshot_key(snapshot, i)->where];

		sum[0] += snapshot->row[i].delta_packets;
		sum[1] += snapshot->row[i].delta_bytes;
		sum[2] += snapshot->row[i].packets;
		sum[3] += snapshot->row[i].bytes;
	}
}

/* Real rows of `thin` are those of `whole`, to the key; returns how many, and the least of them. */
static size_t expect_rows_of(const struct snapshot *thin, const struct snapshot *whole,
			     uint64_t *ret_least)
{
	uint64_t least = UINT64_MAX;
	size_t kept = 0;

	for (size_t i = 0; i < thin->count; i++) {
		const struct snapshot_row *row = &thin->row[i];
		long at = snapshot_find(whole, row->id);

		if (i)
			assert_true(thin->row[i - 1].id < row->id);
		assert_int_equal(snapshot_find(thin, row->id), i);
		if (flow_key_sum(snapshot_key(thin, i)) == FLOW_SUM_REMAINDER) {
			assert_int_equal(row->id,
					 FLOW_TABLE_ID_REMAINDER + snapshot_key(thin, i)->where);
			continue;
		}
		assert_true(at >= 0);
		assert_memory_equal(row, &whole->row[at], sizeof(*row));
		assert_memory_equal(snapshot_entry(thin, i), snapshot_entry(whole, (size_t)at),
				    sizeof(struct flow_table_entry));
		if (row->delta_bytes < least)
			least = row->delta_bytes;
		kept++;
	}
	*ret_least = least;
	return kept;
}

static void expect_thinned(const struct snapshot *whole, size_t keep)
{
	uint64_t before[FLOW_WHERES][4], after[FLOW_WHERES][4], least;
	size_t kept, larger = 0;
	struct snapshot *thin;

	assert_int_equal(snapshot_thin(whole, keep, &thin), 0);
	assert_true(thin->thin);
	assert_int_equal(thin->era, whole->era);
	assert_int_equal(thin->table->era, whole->era);
	sum_up(whole, before);
	sum_up(thin, after);
	assert_memory_equal(before, after, sizeof(before));
	kept = expect_rows_of(thin, whole, &least);
	assert_int_equal(kept, keep < whole->count ? keep : whole->count);
	/* No row that was left out is larger than one that was kept. */
	for (size_t i = 0; i < whole->count; i++)
		larger += whole->row[i].delta_bytes > least;
	assert_true(larger < kept || !kept);
	assert_true(kept == 0 || larger <= kept - 1);
	snapshot_unref(thin);
}

static void test_thin(void **state)
{
	static const size_t keeps[] = {0, 1, 2, 50, 99, 100, 101, 499, 500, 501};

	for (unsigned int wheres = 1; wheres <= FLOW_WHERES; wheres *= 4) {
		for (size_t i = 0; i < sizeof(keeps) / sizeof(keeps[0]); i++) {
			struct snapshot *whole = make(500, wheres, (uint32_t)i + wheres);

			expect_thinned(whole, keeps[i]);
			snapshot_unref(whole);
		}
	}
}

/* Everything but the rows is copied, and the copy outlives what it was made of. */
static void test_thin_head(void **state)
{
	struct snapshot *whole = make(300, 2, 9), *thin;
	struct snapshot_health health;

	whole->seq = 12;
	whole->wall_ns = 13;
	whole->mono_ns = 14;
	whole->elapsed_ns = whole->sample.elapsed_ns = 15;
	whole->running_ns = 16;
	whole->flows_active = 17;
	whole->flows_known = 18;
	whole->state = SNAPSHOT_LOST;
	whole->dir[FLOW_OUT].total.bytes = 19;
	whole->dir[FLOW_IN].peak_bps = 20;
	whole->health.missed_deadlines = 21;
	health = whole->health;
	assert_int_equal(snapshot_thin(whole, 10, &thin), 0);
	snapshot_unref(whole);
	assert_int_equal(atomic_load(&thin->references), 1);
	assert_int_equal(thin->seq, 12);
	assert_int_equal(thin->wall_ns, 13);
	assert_int_equal(thin->mono_ns, 14);
	assert_int_equal(thin->elapsed_ns, 15);
	assert_int_equal(thin->sample.elapsed_ns, 15);
	assert_int_equal(thin->running_ns, 16);
	assert_int_equal(thin->flows_active, 17);
	assert_int_equal(thin->flows_known, 18);
	assert_int_equal(thin->state, SNAPSHOT_LOST);
	assert_int_equal(thin->dir[FLOW_OUT].total.bytes, 19);
	assert_true(thin->dir[FLOW_IN].peak_bps == 20.0);
	assert_memory_equal(&thin->health, &health, sizeof(health));
	assert_int_equal(snapshot_key(thin, 0)->where < 2, 1);
	snapshot_unref(thin);
}

/* A thinned snapshot is smaller, its table included, for the ring makes room by it. */
static void test_thin_is_smaller(void **state)
{
	struct snapshot *whole = make(400, 2, 5), *thin;

	assert_int_equal(snapshot_thin(whole, 100, &thin), 0);
	assert_true(snapshot_bytes(thin) + flow_table_bytes(thin->table) < snapshot_bytes(whole));
	snapshot_unref(thin);
	snapshot_unref(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_is_full),
		cmocka_unit_test(test_ownership),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_thin),
		cmocka_unit_test(test_thin_head),
		cmocka_unit_test(test_thin_is_smaller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
