/* SPDX-License-Identifier: MIT */
/*
 * The terminal: opened once, shown frames, asked for keys, and restored however the program ends,
 * a crash included. One at a time; every function belongs to the thread that opened it.
 */
#ifndef PKTSTAT_SCREEN_H
#define PKTSTAT_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "frame.h"
#include "theme.h"

struct screen;

/* No key is waiting. */
#define SCREEN_NO_KEY (-1)
/* What was read is no key: a late answer of the terminal, or a key that curses does not know. */
#define SCREEN_ANSWER (-2)
/* The terminal has said that its background is not what it was taken for: draw again. */
#define SCREEN_COLORS (-3)

/* What the mouse did, if there is one. */
enum screen_mouse {
	MOUSE_NONE,
	MOUSE_OTHER, /* nothing that is asked for: a button let go */
	MOUSE_CLICK,
	MOUSE_WHEEL_UP,
	MOUSE_WHEEL_DOWN,
};

/*
 * Takes the terminal over. THEME_AUTO: COLORFGBG says whether it is dark, or else the terminal itself,
 * when it answers; screen_key() tells. 0, -ENOTTY (not a terminal), -EINVAL
 * (no description of the terminal, or too simple a one; *ret_why is a phrase in static storage),
 * -ENOMEM.
 */
int screen_open(FILE *input, FILE *output, enum theme theme, struct screen **ret_screen,
		const char **ret_why);
/* Restores and closes the terminal; NULL is allowed. */
void screen_close(struct screen *screen);

/*
 * The terminal type ("xterm") used because terminfo does not know the one in TERM; NULL: it does.
 * Static storage.
 */
const char *screen_stand_in(const struct screen *screen);

/* Which signs the terminal can show. */
enum screen_signs {
	SIGNS_ASCII,
	SIGNS_UTF8,
	SIGNS_CONSOLE, /* UTF-8 with a small font: the console of Linux */
};

enum screen_signs screen_signs(const struct screen *screen);
/* Size as of the last screen_resize(), at least 1 x 1. */
void screen_size(const struct screen *screen, int *ret_width, int *ret_height);
/* Asks the terminal for its size, after SIGWINCH. */
void screen_resize(struct screen *screen);

/* Writes what differs from what is shown; 0, or -EIO when the terminal is gone. */
int screen_show(struct screen *screen, const struct frame *frame);
/* Rings the terminal's bell, or lets it flash. */
void screen_ring(struct screen *screen);
/* Draws everything at the next screen_show(), after another program wrote to the terminal. */
void screen_forget(struct screen *screen);
/*
 * The next key as curses names them, SCREEN_ALT() of a digit pressed with Alt, SCREEN_CHARACTER() of a
 * character beyond ASCII (only where the locale is UTF-8), or SCREEN_NO_KEY. Never
 * waits longer than it takes to tell Escape from a function key. Answers of the terminal are
 * SCREEN_ANSWER or SCREEN_COLORS, piece by piece.
 */
#define SCREEN_ALT(key)		    (0x1000000 | (key))
#define SCREEN_CHARACTER(character) (0x2000000 | (int)(character))
#define SCREEN_IS_CHARACTER(key)    ((key) >= 0x2000000)
#define SCREEN_CODE_OF(key)	    ((uint32_t)(key) & 0x1fffff) /* the character that was typed */
int screen_key(struct screen *screen);

/*
 * Puts text into the clipboard of the terminal (OSC 52, XTerm Control Sequences), if that allows it.
 * False: this terminal has none.
 */
bool screen_copy(struct screen *screen, const char *text);

/* From now on a line of which anything changed is written as a whole, for who has it read aloud. */
void screen_use_lines(struct screen *screen);

/* Asks the terminal for clicks and the wheel. */
void screen_use_mouse(struct screen *screen);
/* What the mouse did, when `key` is the mouse; *ret_x and *ret_y are the cell. */
enum screen_mouse screen_mouse(struct screen *screen, int key, int *ret_x, int *ret_y);

/*
 * Stops the process as Ctrl-Z does for a program without a screen; returns after `fg`, or at once when
 * SIGCONT is pending. The caller has SIGTSTP and SIGCONT blocked.
 */
void screen_stop(struct screen *screen);
/* Takes the terminal over again after SIGCONT, whoever stopped the process. */
void screen_resume(struct screen *screen);

#endif
