/* SPDX-License-Identifier: MIT */
/*
 * Answers of the terminal among the keys: it was asked for its background (OSC 11, XTerm Control
 * Sequences), and may answer at any time, in any number of pieces. Control sequences that no key sends
 * are recognized in the same way. Pure; belongs to its caller.
 */
#ifndef PKTSTAT_ANSWER_H
#define PKTSTAT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWER_TEXT_MAX 64

/* What asks for the background. */
#define ANSWER_QUESTION "\033]11;?\033\\"

/* What has come of a sequence; zeroed: nothing. */
struct answer {
	char text[ANSWER_TEXT_MAX]; /* without its Escape and its end, cut to fit */
	size_t length;		    /* of all of it; 0: none has begun */
	bool escaped;		    /* an Escape in it, which may begin its end */
	uint64_t last_ns;	    /* CLOCK_MONOTONIC, when the last of it came */
};

enum answer_step {
	ANSWER_KEY,   /* no part of a sequence: none has begun, it was invalid, or it stalled */
	ANSWER_PART,  /* part of a sequence */
	ANSWER_WHOLE, /* its end: text[] holds it */
};

/* After Escape: '[' or ']' begins a sequence. */
void answer_begin(struct answer *answer, int kind, uint64_t now_ns);
/* What comes next. */
enum answer_step answer_take(struct answer *answer, int key, uint64_t now_ns);
/* True for an answer about the background, once it is whole. */
bool answer_is_background(const struct answer *answer);

/* What a mouse report says: its button in the terminal's numbers, and the cell, counted from 0. */
struct answer_mouse {
	unsigned int button;
	int x, y;
	bool pressed; /* or let go */
};

/*
 * True, with *ret_mouse, for a report of the mouse in the form without a largest column (SGR, mode 1006 of
 * XTerm Control Sequences), once it is whole.
 */
bool answer_is_mouse(const struct answer *answer, struct answer_mouse *ret_mouse);

#endif
