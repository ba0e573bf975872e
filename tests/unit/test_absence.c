/* SPDX-License-Identifier: MIT */
/* absence.h: how long, and how politely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "absence.h"

#define S 1000000000ULL

static void test_once(void **state)
{
	struct absence absence = {0};

	absence_attached(&absence, 10 * S);
	assert_false(absence_looked(&absence, true, 11 * S));
	assert_false(absence_is_due(&absence, 11 * S));
	/* Gone since some moment after the last look. */
	assert_true(absence_looked(&absence, false, 12 * S));
	assert_int_equal(absence.total_ns, 1 * S);
	assert_true(absence_is_due(&absence, 12 * S));
	absence_tried(&absence, true, 12 * S + 5);
	assert_int_equal(absence.total_ns, 1 * S + 5);
	assert_false(absence.away);
	assert_false(absence_looked(&absence, true, 13 * S));
	assert_int_equal(absence.total_ns, 1 * S + 5);
	assert_int_equal(absence.times, 1);
}

/* What lasts is counted as it lasts; only its beginning is news. */
static void test_lasting(void **state)
{
	struct absence absence = {0};

	absence_attached(&absence, 1 * S);
	assert_true(absence_looked(&absence, false, 2 * S));
	absence_tried(&absence, false, 2 * S);
	assert_false(absence_is_due(&absence, 2 * S + S / 2));
	assert_false(absence_looked(&absence, false, 3 * S));
	assert_int_equal(absence.total_ns, 2 * S);
	assert_true(absence_is_due(&absence, 3 * S));
	absence_tried(&absence, false, 3 * S);
	assert_false(absence_is_due(&absence, 4 * S));
	assert_true(absence_is_due(&absence, 5 * S));
	/* Somebody else may put them back. */
	assert_false(absence_looked(&absence, true, 6 * S));
	assert_false(absence.away);
	assert_int_equal(absence.total_ns, 5 * S);
	assert_int_equal(absence.times, 1);
}

/* Taken off whenever they are back: tried ever less often, in the end once a minute. */
static void test_fight(void **state)
{
	struct absence absence = {0};
	unsigned int tries = 0;

	absence_attached(&absence, 1);
	for (uint64_t s = 1; s <= 3600; s++) {
		absence_looked(&absence, false, s * S);
		if (!absence_is_due(&absence, s * S))
			continue;
		absence_tried(&absence, true, s * S);
		tries++;
	}
	assert_in_range(tries, 55, 70);
	assert_in_range(absence.total_ns, 3500 * S, 3600 * S);
}

/* Left alone for a minute, the next time is the first again. */
static void test_calm(void **state)
{
	struct absence absence = {0};

	absence_attached(&absence, 1 * S);
	absence_looked(&absence, false, 2 * S);
	absence_tried(&absence, true, 2 * S);
	absence_looked(&absence, false, 3 * S);
	assert_false(absence_is_due(&absence, 3 * S));
	assert_true(absence_is_due(&absence, 4 * S));
	absence_tried(&absence, true, 4 * S);
	absence_looked(&absence, true, 70 * S);
	absence_looked(&absence, false, 71 * S);
	assert_true(absence_is_due(&absence, 71 * S));
	assert_int_equal(absence.times, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_lasting),
		cmocka_unit_test(test_fight),
		cmocka_unit_test(test_calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
