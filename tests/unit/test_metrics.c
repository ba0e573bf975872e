/* SPDX-License-Identifier: MIT */
/*
 * metrics_family.h: whatever labels come and go, what a family holds adds up, no counter falls, and
 * labels that would break the text are told apart from the reserved ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics_family.h"

#define SECOND 1000000000LL
#define ROOM   8

static struct flow_counts sum_of(const struct metrics_family *family)
{
	struct flow_counts sum = {0};

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		flow_counts_add(&sum, &family->other[dir]);
		flow_counts_add(&sum, &family->retired[dir]);
		for (unsigned int i = 0; i < family->count; i++)
			flow_counts_add(&sum, &family->series[i].total[dir]);
	}
	return sum;
}

static const struct metrics_series *find(const struct metrics_family *family, const char *label)
{
	for (unsigned int i = 0; i < family->count; i++) {
		if (!strcmp(family->series[i].label, label))
			return &family->series[i];
	}
	return NULL;
}

static void add(struct metrics_family *family, const char *label, uint64_t packets, int64_t second)
{
	const struct flow_counts delta[FLOW_DIRS] = {{packets, packets * 100}, {1, 60}};

	assert_int_equal(metrics_family_add(family, label, delta, second * SECOND), 0);
}

/* Random labels, time passing in jumps. */
static void test_adds_up(void **state)
{
	struct metrics_family family = {0};
	uint64_t counted = 0, other = 0, retired = 0;
	uint32_t seed = 7;
	int64_t second = 1;

	assert_int_equal(metrics_family_init(&family, ROOM), 0);
	for (int i = 0; i < 20000; i++) {
		char label[16];

		seed = seed * 1664525 + 1013904223;
		snprintf(label, sizeof(label), "label %u", (seed >> 8) % 40);
		add(&family, label, 1 + i % 7, second);
		counted += 2 + (uint64_t)i % 7;
		if (i % 5)
			continue;
		metrics_family_settle(&family, second * SECOND);
		assert_int_equal(sum_of(&family).packets, counted);
		assert_true(family.count <= ROOM);
		assert_true(family.other[FLOW_IN].packets >= other);
		assert_true(family.retired[FLOW_IN].packets >= retired);
		other = family.other[FLOW_IN].packets;
		retired = family.retired[FLOW_IN].packets;
		second += seed >> 30 ? 1 : 500;
	}
	assert_true(retired > 0);
	metrics_family_done(&family);
}

/* The largest get the places; one that was given up never comes back. */
static void test_places(void **state)
{
	struct metrics_family family = {0};
	char label[16];

	assert_int_equal(metrics_family_init(&family, ROOM), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(label, sizeof(label), "%d", i);
		add(&family, label, (uint64_t)i + 1, 1);
	}
	metrics_family_settle(&family, SECOND);
	assert_non_null(find(&family, "19"));
	assert_non_null(find(&family, "12"));
	assert_null(find(&family, "11"));
	for (int i = 13; i < 20; i++) {
		snprintf(label, sizeof(label), "%d", i);
		add(&family, label, 1, 1000);
	}
	add(&family, "new", 5, 1000);
	metrics_family_settle(&family, 1000 * SECOND);
	assert_non_null(find(&family, "new"));
	assert_null(find(&family, "12"));
	assert_int_equal(family.retired[FLOW_IN].packets, 13);
	add(&family, "12", 100, 3000);
	metrics_family_settle(&family, 3000 * SECOND);
	assert_null(find(&family, "12"));
	metrics_family_done(&family);
}

/* Far more new labels in an interval than places: the largest get these, and memory is bounded. */
static void test_many_new(void **state)
{
	struct metrics_family family = {0};
	uint64_t counted = 0;
	char label[16];

	assert_int_equal(metrics_family_init(&family, ROOM), 0);
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t packets = 1 + i * 48271 % 100003; /* no two alike */

		snprintf(label, sizeof(label), "%u", (unsigned int)packets);
		add(&family, label, packets, 1);
		counted += packets + 1;
	}
	assert_true(family.candidate_room <= 1024);
	metrics_family_settle(&family, SECOND);
	assert_int_equal(sum_of(&family).packets, counted);
	assert_int_equal(family.count, ROOM);
	for (unsigned int i = 0; i < ROOM; i++)
		assert_true(family.series[i].total[FLOW_IN].packets > 100003 - 2 * ROOM);
	metrics_family_done(&family);
}

static void test_reserved(void **state)
{
	struct metrics_family family = {0};

	assert_int_equal(metrics_family_init(&family, ROOM), 0);
	add(&family, "other", 1, 1);
	add(&family, "retired", 1, 1);
	add(&family, "", 1, 1);
	metrics_family_settle(&family, SECOND);
	assert_int_equal(family.count, 0);
	assert_int_equal(family.other[FLOW_IN].packets, 3);
	metrics_family_done(&family);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_up),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_many_new),
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
