/* SPDX-License-Identifier: MIT */
/* Answers of the terminal; see answer.h. Keeps nothing itself; any thread. */
#include "answer.h"

#include <stdio.h>
#include <string.h>

#define ESCAPE 27
#define BELL   7

/*
 * After this time a byte is a key again: what looked like a sequence was a key pressed with Alt. Answers
 * are strings, and a network may delay one half of them; what a key sends comes at once.
 */
#define STRING_STALLED_NS  2000000000ULL
#define CONTROL_STALLED_NS 100000000ULL

static void append_answer(struct answer *answer, int key)
{
	if (answer->length < ANSWER_TEXT_MAX - 1) {
		answer->text[answer->length] = (char)key;
		answer->text[answer->length + 1] = '\0';
	}
	answer->length++;
}

void answer_begin(struct answer *answer, int kind, uint64_t now_ns)
{
	*answer = (struct answer){.last_ns = now_ns};
	append_answer(answer, kind);
}

/* A control sequence ends with a letter or the like (ECMA-48, 5.4). */
static enum answer_step take_of_control(struct answer *answer, int key)
{
	if (key < 0x20 || key > 0x7e)
		return ANSWER_KEY;
	append_answer(answer, key);
	return key >= 0x40 ? ANSWER_WHOLE : ANSWER_PART;
}

/* A string ends with BEL, or with Escape and a backslash. */
static enum answer_step take_of_string(struct answer *answer, int key)
{
	if (key == BELL || (answer->escaped && key == '\\'))
		return ANSWER_WHOLE;
	if (answer->escaped || (key != ESCAPE && (key < 0x20 || key > 0x7e)))
		return ANSWER_KEY;
	answer->escaped = key == ESCAPE;
	if (key != ESCAPE)
		append_answer(answer, key);
	return ANSWER_PART;
}

enum answer_step answer_take(struct answer *answer, int key, uint64_t now_ns)
{
	bool control = *answer->text == '[';
	uint64_t stalled_ns = control ? CONTROL_STALLED_NS : STRING_STALLED_NS;
	enum answer_step step = ANSWER_KEY;

	if (!answer->length)
		return ANSWER_KEY;
	if (now_ns - answer->last_ns <= stalled_ns)
		step = control ? take_of_control(answer, key) : take_of_string(answer, key);
	answer->last_ns = now_ns;
	if (step != ANSWER_PART)
		answer->length = 0;
	return step;
}

bool answer_is_background(const struct answer *answer)
{
	return !strncmp(answer->text, "]11;", strlen("]11;"));
}

bool answer_is_mouse(const struct answer *answer, struct answer_mouse *ret_mouse)
{
	unsigned int button, x, y;
	char end, rest;

	if (sscanf(answer->text, "[<%4u;%5u;%5u%c%c", &button, &x, &y, &end, &rest) != 4 ||
	    (end != 'M' && end != 'm') || !x || !y || x > UINT16_MAX || y > UINT16_MAX)
		return false;
	*ret_mouse = (struct answer_mouse){button, (int)x - 1, (int)y - 1, end == 'M'};
	return true;
}
