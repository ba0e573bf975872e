/* SPDX-License-Identifier: MIT */
/* answer.h: the terminal's answer in one piece, in many, late, and keys that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "answer.h"

#define MS 1000000ULL

/* Sends all of the text, so long apart; the step of the last. */
static enum answer_step send_text(struct answer *answer, const char *text, uint64_t apart_ns)
{
	enum answer_step step = ANSWER_KEY;

	for (uint64_t now_ns = answer->last_ns; *text; text++) {
		now_ns += apart_ns;
		step = answer_take(answer, *text, now_ns);
		if (text[1])
			assert_int_equal(step, ANSWER_PART);
	}
	return step;
}

static void test_answers(void **state)
{
	static const char *const end[] = {"\a", "\033\\"};
	struct answer answer;

	for (int i = 0; i < 2; i++) {
		char text[64] = "11;rgb:ffff/ffff/ffff";

		strcat(text, end[i]);
		answer_begin(&answer, ']', 5);
		/* However slow the network is. */
		assert_int_equal(send_text(&answer, text, 1900 * MS), ANSWER_WHOLE);
		assert_true(answer_is_background(&answer));
		assert_string_equal(answer.text, "]11;rgb:ffff/ffff/ffff");
		/* What follows is a key. */
		assert_int_equal(answer_take(&answer, 'q', 6), ANSWER_KEY);
	}
}

static void test_sequences(void **state)
{
	struct answer answer;

	answer_begin(&answer, '[', 5);
	assert_int_equal(send_text(&answer, "?62;22c", 5 * MS), ANSWER_WHOLE);
	assert_false(answer_is_background(&answer));
	answer_begin(&answer, ']', 5);
	assert_int_equal(send_text(&answer, "4;1;rgb:00/00/00\a", MS), ANSWER_WHOLE);
	assert_false(answer_is_background(&answer));
}

/* Alt with a bracket, and then a key of its own. */
static void test_keys(void **state)
{
	static const struct {
		int kind;
		uint64_t later_ns;
		int key;
	} keys[] = {{'[', 150 * MS, 'q'}, {']', 2100 * MS, 'q'}, {']', MS, 3}, {'[', MS, 0x1b},
		    {']', MS, 0x102}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct answer answer;

		answer_begin(&answer, keys[i].kind, 5);
		assert_int_equal(answer_take(&answer, keys[i].key, 5 + keys[i].later_ns), ANSWER_KEY);
		assert_int_equal(answer_take(&answer, 'j', 6 + keys[i].later_ns), ANSWER_KEY);
	}
}

/* Longer than any answer: cut, and its end is still found. */
static void test_long(void **state)
{
	struct answer answer;

	answer_begin(&answer, ']', 5);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(answer_take(&answer, 'x', 5), ANSWER_PART);
	assert_int_equal(answer_take(&answer, '\a', 5), ANSWER_WHOLE);
	assert_int_equal(strlen(answer.text), ANSWER_TEXT_MAX - 1);
}

static void test_mouse(void **state)
{
	static const char *const wrong[] = {"<0;5M", "<0;0;3M", "0;230;5M", "<0;230;5u", "<0;230;5;6M", "<;;M"};
	struct answer_mouse mouse = {0};
	struct answer answer;

	answer_begin(&answer, '[', 5);
	assert_int_equal(send_text(&answer, "<65;230;5M", MS), ANSWER_WHOLE);
	assert_true(answer_is_mouse(&answer, &mouse));
	assert_int_equal(mouse.button, 65);
	assert_int_equal(mouse.x, 229);
	assert_int_equal(mouse.y, 4);
	assert_true(mouse.pressed);
	answer_begin(&answer, '[', 5);
	assert_int_equal(send_text(&answer, "<0;1;1m", MS), ANSWER_WHOLE);
	assert_true(answer_is_mouse(&answer, &mouse));
	assert_false(mouse.pressed);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		answer_begin(&answer, '[', 5);
		send_text(&answer, wrong[i], MS);
		assert_false(answer_is_mouse(&answer, &mouse));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_mouse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
