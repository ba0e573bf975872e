/* SPDX-License-Identifier: MIT */
/*
 * A picture of the screen without a terminal: a grid of cells, each one character wide column of
 * text with a style. Drawn again for every refresh, compared with the previous one by screen.c, and
 * dumped as text by tests. Owned and used by one thread.
 */
#ifndef PKTSTAT_FRAME_H
#define PKTSTAT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest width and height of a terminal that are accepted. */
#define FRAME_SIDE_MAX 1000

/* A style is a role, which may have a colour, and attributes, which say the same without one. */
enum frame_style {
	STYLE_PLAIN = 0,
	STYLE_IN = 1,	  /* received */
	STYLE_OUT = 2,	  /* sent */
	STYLE_WARN = 3,	  /* not exact, not live */
	STYLE_ACCENT = 4, /* keys, labels */
	STYLE_HEAD = 5,	  /* titles of columns */
	STYLE_SELECT = 6, /* the selected row */
	STYLE_TAB = 7,	  /* the open view */
	STYLE_ROLE = 0x0f,
	STYLE_BOLD = 0x10,
	STYLE_DIM = 0x20,
	STYLE_REVERSE = 0x40,
	STYLE_UNDERLINE = 0x80,
	STYLE_TINT = 0x100, /* a bar behind the text */
};

#define FRAME_TEXT_MAX 14

struct frame_cell {
	char text[FRAME_TEXT_MAX]; /* UTF-8: a character and what combines with it */
	uint16_t style;
	uint8_t width; /* 1; 2; 0: right half of the previous one */
	uint8_t unused; /* 0, so that cells can be compared as memory */
};

struct frame {
	int width, height;
	struct frame_cell *cell; /* by line */
};

/* Makes the frame that large and blank; 0, -EINVAL (a side beyond 1 to FRAME_SIDE_MAX), -ENOMEM. */
int frame_init(struct frame *frame, int width, int height);
/* Frees the cells; the frame may be zeroed, half made or done before. */
void frame_done(struct frame *frame);
/* All cells blank and plain. */
void frame_clear(struct frame *frame);

/* Cell at a place inside the frame. */
static inline struct frame_cell *frame_at(const struct frame *frame, int x, int y)
{
	return &frame->cell[y * frame->width + x];
}

/*
 * Writes UTF-8 text from x on, not beyond `width` columns and the frame's edge; returns the columns
 * used. Control, bidirectional and undecodable characters, and those the locale cannot show,
 * appear as "?"; a wide character that does not fit leaves blanks.
 */
int frame_put(struct frame *frame, int x, int y, int width, unsigned int style, const char *text);
/* The same, against the right edge of the `width` columns. */
void frame_put_right(struct frame *frame, int x, int y, int width, unsigned int style,
		     const char *text);
/* Adds a style to cells that are there. */
void frame_paint(struct frame *frame, int x, int y, int width, unsigned int style);
/* Columns that the text takes. */
int frame_text_width(const char *text);
/* Bytes at the start of the text that take at most `columns` columns. */
size_t frame_text_fit(const char *text, int columns);

#endif
