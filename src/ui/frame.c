/* SPDX-License-Identifier: MIT */
/* The picture of the screen; see frame.h. Each frame belongs to its caller. */
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define REPLACEMENT "?"

int frame_init(struct frame *frame, int width, int height)
{
	struct frame_cell *cell;

	if (width < 1 || height < 1 || width > FRAME_SIDE_MAX || height > FRAME_SIDE_MAX)
		return -EINVAL;
	if (frame->width != width || frame->height != height) {
		cell = reallocarray(frame->cell, (size_t)width * (size_t)height, sizeof(*cell));
		if (!cell)
			return -ENOMEM;
		frame->cell = cell;
		frame->width = width;
		frame->height = height;
	}
	frame_clear(frame);
	return 0;
}

void frame_done(struct frame *frame)
{
	free(frame->cell);
	*frame = (struct frame){0};
}

static void set_cell(struct frame_cell *cell, const char *text, size_t length, int width,
		     unsigned int style)
{
	/* All bytes are set, so that cells can be compared as memory. */
	*cell = (struct frame_cell){.width = (uint8_t)width, .style = (uint16_t)style};
	memcpy(cell->text, text, length);
}

void frame_clear(struct frame *frame)
{
	for (int i = 0; i < frame->width * frame->height; i++)
		set_cell(&frame->cell[i], " ", 1, 1, STYLE_PLAIN);
}

/* The next character of the text: its bytes and columns, and what is shown for it. */
static size_t next_shown_character(const char *text, const char **ret_shown, size_t *ret_length,
				   int *ret_width)
{
	uint32_t code = 0;
	size_t length = utf8_decode(text, &code);
	bool shown = length && code != 0xfffd && !utf8_is_dangerous(code);
	int width = shown ? utf8_width(code) : -1;

	*ret_shown = width < 0 ? REPLACEMENT : text;
	*ret_length = width < 0 ? 1 : length;
	*ret_width = width < 0 ? 1 : width;
	return length ?: 1;
}

/* The cell that holds the character at a position. */
static struct frame_cell *base_cell(struct frame *frame, int x, int y)
{
	struct frame_cell *cell = frame_at(frame, x, y);

	return cell->width == 0 && x > 0 ? cell - 1 : cell;
}

static void combine(struct frame_cell *cell, const char *text, size_t length)
{
	size_t used = strnlen(cell->text, FRAME_TEXT_MAX);

	if (used + length < FRAME_TEXT_MAX)
		memcpy(cell->text + used, text, length);
}

/* Overwriting one half of a wide character blanks its other half. */
static void break_wide(struct frame *frame, int x, int y)
{
	struct frame_cell *cell = frame_at(frame, x, y);

	if (cell->width == 0 && x > 0)
		set_cell(cell - 1, " ", 1, 1, cell->style);
	if (cell->width == 2 && x + 1 < frame->width)
		set_cell(cell + 1, " ", 1, 1, cell->style);
}

static void put_character(struct frame *frame, int x, int y, const char *text, size_t length,
			  int width, unsigned int style)
{
	for (int i = 0; i < width; i++)
		break_wide(frame, x + i, y);
	set_cell(frame_at(frame, x, y), text, length, width, style);
	if (width == 2)
		set_cell(frame_at(frame, x + 1, y), "", 0, 0, style);
}

int frame_put(struct frame *frame, int x, int y, int width, unsigned int style, const char *text)
{
	int at = x, end = x + width;

	if (x < 0 || y < 0 || y >= frame->height)
		return 0;
	if (end > frame->width)
		end = frame->width;
	while (*text) {
		const char *shown;
		size_t length;
		int columns;

		text += next_shown_character(text, &shown, &length, &columns);
		if (columns == 0) {
			if (at > x)
				combine(base_cell(frame, at - 1, y), shown, length);
			continue;
		}
		if (at + columns > end)
			break;
		put_character(frame, at, y, shown, length, columns, style);
		at += columns;
	}
	return at - x;
}

void frame_put_right(struct frame *frame, int x, int y, int width, unsigned int style,
		     const char *text)
{
	int used = frame_text_width(text);
	int indent = used < width ? width - used : 0;

	frame_put(frame, x + indent, y, width - indent, style, text);
}

void frame_paint(struct frame *frame, int x, int y, int width, unsigned int style)
{
	if (y < 0 || y >= frame->height)
		return;
	for (int i = x < 0 ? 0 : x; i < x + width && i < frame->width; i++) {
		struct frame_cell *cell = frame_at(frame, i, y);

		if (style & STYLE_ROLE)
			cell->style &= (uint16_t)~STYLE_ROLE;
		cell->style |= (uint16_t)style;
	}
}

int frame_text_width(const char *text)
{
	int width = 0;

	while (*text) {
		const char *shown;
		size_t length;
		int columns;

		text += next_shown_character(text, &shown, &length, &columns);
		width += columns;
	}
	return width;
}

size_t frame_text_fit(const char *text, int columns)
{
	const char *at = text;

	while (*at) {
		const char *shown;
		size_t length, step;
		int width;

		step = next_shown_character(at, &shown, &length, &width);
		columns -= width;
		if (columns < 0)
			break;
		at += step;
	}
	return (size_t)(at - text);
}
