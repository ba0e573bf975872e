/* SPDX-License-Identifier: MIT */
/*
 * One order: the view and the report put the same flows, and groups of them, in the same order, by
 * every column; with many ties, and with names that differ only behind their first letters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "array.h"
#include "flow.h"
#include "frozen.h"
#include "ledger.h"
#include "report_parts.h"
#include "view.h"

#define SECOND 1000000000LL
#define FLOWS  300

struct bed {
	struct ledger *ledger;
	struct snapshot *snapshot;
	struct owner_table *owners;
	uint32_t owner[7];
};

/* Few different values of everything, so that most rows are equal in most columns. */
static struct flow_key key_of(uint32_t i)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	struct flow_key key = {.sport = (uint16_t)(1000 + i),
			       .dport = (uint16_t)(i % 4 ? 443 : 53),
			       .ethertype = i % 6 ? ETH_P_IP : ETH_P_IPV6,
			       .ipproto = protocols[i % 3]};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[15] = (uint8_t)(i * 7 % 11);
	key.dst[15] = (uint8_t)(i * 5 % 13);
	key.where = FLOW_WHERE(0, i % FLOW_DIRS);
	if (i % 50 == 49)
		return flow_key_of_sum(FLOW_SUM_TRUNCATED, 0, ETH_P_IP, key.where);
	return key;
}

static void add_owners(struct bed *bed)
{
	static const char *const comm[] = {"a-name-longer-than-24-letters-x",
					   "A-name-longer-than-24-letters-b", "nginx", "sshd"};

	for (uint32_t i = 0; i < 4; i++) {
		const struct owner owner = {.pid = 40 + i,
					    .uid = i / 2,
					    .comm = comm[i],
					    .user = comm[i / 2],
					    .cgroup = "/",
					    .exe = "",
					    .unit = i == 3 ? "" : comm[2 - i]};

		assert_int_equal(owner_table_add(bed->owners, &owner, &bed->owner[i]), 0);
	}
	bed->owner[4] = OWNER_UNKNOWN;
	bed->owner[5] = OWNER_KERNEL;
	bed->owner[6] = OWNER_FORWARDED;
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	*state = bed;
	assert_int_equal(owner_table_new(&bed->owners), 0);
	add_owners(bed);
	assert_int_equal(ledger_new(LEDGER_FLOWS_DEFAULT, SECOND, &bed->ledger), 0);
	ledger_begin(bed->ledger, 0, SECOND);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct flow_key key = key_of(i);

		ledger_add(bed->ledger, &key, 1 + i % 3, 100 * (1 + i % 5));
	}
	assert_int_equal(ledger_snapshot(bed->ledger, SECOND, &bed->snapshot), 0);
	bed->snapshot->elapsed_ns = SECOND;
	for (uint32_t i = 0; i < bed->snapshot->count; i++) {
		struct flow_table_entry *entry =
			(struct flow_table_entry *)snapshot_entry(bed->snapshot, i);

		atomic_store(&entry->owner, bed->owner[i % 7]);
	}
	ledger_take_owners(bed->ledger);
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	snapshot_unref(bed->snapshot);
	ledger_free(bed->ledger);
	owner_table_free(bed->owners);
	free(bed);
	return 0;
}

static void expect_same(struct bed *bed, struct view *view, enum group_by by, enum column sort)
{
	const struct report report = {.ledger = bed->ledger,
				      .owners = bed->owners,
				      .running_ns = SECOND,
				      .by = by,
				      .sort = sort};
	struct report_rows rows;

	view_set_sort(view, sort, false);
	assert_int_equal(view_arrange(view), 0);
	assert_int_equal(report_rows_init(&rows, &report, false), 0);
	assert_int_equal(report_rows_sort(&rows, 0), 0);
	assert_int_equal(view_count(view), rows.count);
	for (size_t i = 0; i < rows.count; i++) {
		const struct flow_key *expected = by == GROUP_FLOW
							  ? &report_rows_flow(&rows, i)->key
							  : &report_rows_group(&rows, i)->key;
		struct row row;

		assert_true(view_get(view, i, &row));
		if (!flow_key_equal(&row.key, expected))
			fail_msg("row %zu differs, %s by %s", i, group_plural(by),
				 column_info(sort)->name);
	}
	report_rows_done(&rows);
}

static void test_view_and_report(void **state)
{
	struct bed *bed = *state;
	struct view *view;

	assert_int_equal(view_new(COLUMN_BPS, &view), 0);
	view_set_owners(view, bed->owners);
	view_set_height(view, FLOWS);
	view_set_snapshot(view, bed->snapshot);
	for (int by = GROUP_FLOW; by < GROUPS; by++) {
		view_set_group(view, (enum group_by)by);
		for (int sort = 0; sort < COLUMNS; sort++)
			if (column_info((enum column)sort)->sortable)
				expect_same(bed, view, (enum group_by)by, (enum column)sort);
	}
	view_free(view);
}

/* Names are compared to their end, and without regard to case. */
static void test_long_names(void **state)
{
	struct bed *bed = *state;
	const struct report report = {.ledger = bed->ledger,
				      .owners = bed->owners,
				      .running_ns = SECOND,
				      .by = GROUP_PROCESS,
				      .sort = COLUMN_PROCESS};
	struct report_rows rows;

	assert_int_equal(report_rows_init(&rows, &report, false), 0);
	assert_int_equal(report_rows_sort(&rows, 0), 0);
	assert_int_equal(group_id_of_key(&report_rows_group(&rows, 0)->key), bed->owner[1]);
	assert_int_equal(group_id_of_key(&report_rows_group(&rows, 1)->key), bed->owner[0]);
	report_rows_done(&rows);
}

/* What is equal in the column stands with most bytes first. */
static void test_ties(void **state)
{
	static const enum column columns[] = {COLUMN_PROTO, COLUMN_DIR, COLUMN_USER};
	struct bed *bed = *state;

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
		const struct report report = {.ledger = bed->ledger,
					      .owners = bed->owners,
					      .running_ns = SECOND,
					      .sort = columns[c]};
		struct report_rows rows;
		unsigned int ascents = 0;

		assert_int_equal(report_rows_init(&rows, &report, false), 0);
		assert_int_equal(report_rows_sort(&rows, 0), 0);
		for (size_t i = 1; i < rows.count; i++)
			ascents += report_rows_total(&rows, i).bytes >
				   report_rows_total(&rows, i - 1).bytes;
		/* No more often than the column's value changes. */
		assert_true(ascents <= 5);
		report_rows_done(&rows);
	}
}

/* Ends in one network, with few different hosts and ports: every part of them decides somewhere. */
static void set_ipv6_ends(struct flow_key *key, uint32_t i)
{
	static const uint8_t network[8] = {0x20, 0x01, 0x0d, 0xb8};

	memset(key, 0, sizeof(*key));
	memcpy(key->src, network, sizeof(network));
	memcpy(key->dst, network, sizeof(network));
	key->src[8] = (uint8_t)(i * 7 % 2);
	key->src[15] = (uint8_t)(i * 11 % 3);
	key->sport = (uint16_t)(i * 13 % 4);
	key->dst[8] = (uint8_t)(i * 17 % 2);
	key->dst[15] = (uint8_t)(i * 19 % 3);
	key->dport = (uint16_t)(i * 23 % 5);
	key->ethertype = ETH_P_IPV6;
	key->ipproto = i % 2 ? IPPROTO_TCP : IPPROTO_UDP;
	key->where = FLOW_WHERE(0, i / 2 % FLOW_DIRS);
}

/* Rows that are equal else stand in the order of flow_key_compare(), also where it is long ends that differ. */
static void test_ipv6_ends(void **state)
{
	static const enum column columns[] = {COLUMN_TUPLE, COLUMN_PACKETS, COLUMN_SOURCE};
	struct bed *bed = *state;
	struct view *view;

	for (size_t i = 0; i < bed->snapshot->count; i++) {
		const struct flow_table_entry *entry = snapshot_entry(bed->snapshot, i);

		set_ipv6_ends(&((struct flow_table_entry *)entry)->key, (uint32_t)i);
		bed->snapshot->row[i].packets = bed->snapshot->row[i].bytes = 1;
	}
	assert_int_equal(view_new(COLUMN_TUPLE, &view), 0);
	view_set_height(view, FLOWS);
	view_set_snapshot(view, bed->snapshot);
	for (size_t c = 0; c < 2 * sizeof(columns) / sizeof(columns[0]); c++) {
		bool reversed = c % 2 && columns[c / 2] != COLUMN_PACKETS;
		struct row row, last;

		view_set_sort(view, columns[c / 2], c % 2);
		assert_int_equal(view_arrange(view), 0);
		assert_true(view_get(view, 0, &last));
		for (size_t i = 1; i < view_count(view); i++, last = row) {
			int order;

			assert_true(view_get(view, i, &row));
			order = flow_key_compare(&last.key, &row.key);
			assert_true(reversed ? order >= 0 : order <= 0);
		}
	}
	view_free(view);
}

/* A row that is selected is found again at its place: counting and sorting know the same order. */
static void expect_ranks(struct view *view, const struct bed *bed)
{
	for (size_t i = 0; i < view_count(view); i++) {
		view_select_line(view, i);
		assert_int_equal(view_arrange(view), 0);
		view_set_owners(view, bed->owners);
		assert_int_equal(view_arrange(view), 0);
		assert_int_equal(view_selected(view), i);
	}
}

/* The highest addresses there are begin with the number that sums have, which come after them. */
static void test_sums_and_high_addresses(void **state)
{
	static const enum column columns[] = {COLUMN_PACKETS, COLUMN_SOURCE, COLUMN_DESTINATION};
	struct bed *bed = *state;
	struct view *view;

	for (size_t i = 0; i < bed->snapshot->count; i++) {
		struct flow_key *key =
			&((struct flow_table_entry *)snapshot_entry(bed->snapshot, i))->key;

		set_ipv6_ends(key, (uint32_t)i);
		memset(key->src, 0xff, 8);
		memset(key->dst, 0xff, 8);
		key->sport = (uint16_t)i;
		if (i % 5 == 0)
			*key = flow_key_of_sum(FLOW_SUM_TRUNCATED, (uint16_t)i, ETH_P_IP,
					       key->where);
		bed->snapshot->row[i].packets = bed->snapshot->row[i].bytes = 1;
	}
	assert_int_equal(view_new(COLUMN_PACKETS, &view), 0);
	view_set_height(view, FLOWS);
	view_set_snapshot(view, bed->snapshot);
	for (size_t c = 0; c < 2 * ARRAY_SIZE(columns); c++) {
		view_set_sort(view, columns[c / 2], c % 2);
		assert_int_equal(view_arrange(view), 0);
		expect_ranks(view, bed);
	}
	view_free(view);
}

/* Rows below `known` have the place that is 1000 less their number, all others none. */
static void expect_places(const struct frozen *frozen, const struct flow_key *const key[],
			  size_t known)
{
	uint32_t place[FROZEN_BATCH];

	for (size_t done = 0; done < FLOWS; done += FROZEN_BATCH) {
		size_t some = FLOWS - done < FROZEN_BATCH ? FLOWS - done : FROZEN_BATCH;

		frozen_places(frozen, key + done, some, place);
		for (size_t i = 0; i < some; i++)
			assert_int_equal(place[i],
					 done + i < known ? 1000 - (done + i) : FROZEN_NONE);
	}
}

/* The same rows again keep their places, and take no room of others. */
static void test_frozen_places(void **state)
{
	struct flow_key key[FLOWS];
	const struct flow_key *asked[FLOWS];
	uint32_t place[FLOWS], other[FLOWS];
	struct frozen *frozen;

	for (uint32_t i = 0; i < FLOWS; i++) {
		key[i] = key_of(0);
		key[i].sport = (uint16_t)(1 + i);
		asked[i] = &key[i];
		place[i] = 1000 - i;
		other[i] = i;
	}
	assert_int_equal(frozen_new(50, &frozen), 0);
	expect_places(frozen, asked, 0);
	frozen_add(frozen, asked, place, FROZEN_BATCH);
	frozen_add(frozen, asked, other, FROZEN_BATCH);
	expect_places(frozen, asked, FROZEN_BATCH);
	frozen_add(frozen, asked + FROZEN_BATCH, place + FROZEN_BATCH, 18);
	frozen_add(frozen, asked + 50, place + 50, 1);
	expect_places(frozen, asked, 50);
	frozen_free(frozen);
}

/* A frozen order is the order there was, whatever rows count since; what is new comes last. */
static void test_frozen_view(void **state)
{
	struct bed *bed = *state;

	for (int by = GROUP_FLOW; by <= GROUP_HOST; by++) {
		struct flow_key before[FLOWS];
		struct view *view;
		struct row row;
		size_t count;

		assert_int_equal(view_new(COLUMN_PACKETS, &view), 0);
		view_set_group(view, (enum group_by)by);
		view_set_height(view, FLOWS);
		view_set_snapshot(view, bed->snapshot);
		assert_int_equal(view_arrange(view), 0);
		count = view_count(view);
		assert_true(count > 1);
		for (size_t i = 0; i < count; i++) {
			assert_true(view_get(view, i, &row));
			before[i] = row.key;
		}
		view_set_frozen(view, true);
		for (int turn = 0; turn < 2; turn++) {
			view_set_owners(view, bed->owners);
			assert_int_equal(view_arrange(view), 0);
			assert_int_equal(view_count(view), count);
			for (size_t i = 0; i < count; i++) {
				assert_true(view_get(view, i, &row));
				assert_memory_equal(&row.key, &before[i], sizeof(row.key));
			}
		}
		view_free(view);
	}
}

/* New rows of a frozen order, more than are sorted by comparing them. */
static void test_new_rows(void **state)
{
	static const enum column columns[] = {COLUMN_DESTINATION, COLUMN_SOURCE, COLUMN_PACKETS,
					      COLUMN_PROTO};
	struct bed *bed = *state;

	for (size_t c = 0; c < 2 * ARRAY_SIZE(columns); c++) {
		struct snapshot *next;
		struct view *view;

		assert_int_equal(view_new(columns[c / 2], &view), 0);
		view_set_height(view, 3 * FLOWS);
		view_set_sort(view, columns[c / 2], c % 2);
		view_set_snapshot(view, bed->snapshot);
		view_set_frozen(view, true);
		assert_int_equal(view_arrange(view), 0);
		ledger_begin(bed->ledger, (c + 1) * SECOND, SECOND);
		for (uint32_t i = 0; i < FLOWS / 3; i++) {
			struct flow_key key = key_of(i);

			key.sport = (uint16_t)(10000 + 1000 * c + i);
			ledger_add(bed->ledger, &key, 1, 100);
		}
		assert_int_equal(ledger_snapshot(bed->ledger, (c + 2) * SECOND, &next), 0);
		next->elapsed_ns = SECOND;
		view_set_snapshot(view, next);
		assert_int_equal(view_arrange(view), 0);
		assert_true(view_count(view) > 90);
		expect_ranks(view, bed);
		snapshot_unref(next);
		view_free(view);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_view_and_report, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ties, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ipv6_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sums_and_high_addresses, set_up, tear_down),
		cmocka_unit_test(test_frozen_places),
		cmocka_unit_test_setup_teardown(test_frozen_view, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_new_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
