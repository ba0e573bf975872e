/* SPDX-License-Identifier: MIT */
/* Aligned columns; see grid.h. Keeps nothing; any thread. */
#include "grid.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define GRID_INDENT	2
#define GRID_GAP	2
#define GRID_SHORTEST	8
#define GRID_READABLE	21 /* an IPv4 address and port; of a longer one, enough to know it again */
#define GRID_SHORT_MARK ".."

struct layout {
	unsigned int width[GRID_COLUMNS_MAX];
	bool hidden[GRID_COLUMNS_MAX];
};

/* The next character of a UTF-8 text: its bytes, and its columns where the locale knows them. */
static size_t next_grid_character(const char *text, unsigned int *ret_width)
{
	uint32_t character = 0;
	size_t length;
	int width = 1;

	if ((unsigned char)*text < 0x80) {
		*ret_width = 1;
		return 1;
	}
	length = utf8_decode(text, &character);
	if (length)
		width = utf8_width(character);
	*ret_width = width < 0 ? 1 : (unsigned int)width;
	return length ?: 1;
}

static unsigned int text_width(const char *text)
{
	unsigned int width = 0, columns;

	while (*text) {
		text += next_grid_character(text, &columns);
		width += columns;
	}
	return width;
}

static void measure_row(const struct grid *grid, size_t row, struct layout *layout)
{
	char text[GRID_CELL_MAX];

	for (size_t i = 0; i < grid->columns; i++) {
		unsigned int width;

		if (grid->column[i].width)
			continue;
		grid->cell(grid, row, grid->column[i].id, text);
		width = text_width(text);
		if (width > layout->width[i])
			layout->width[i] = width;
	}
}

/* Row by row, not column by column: what a row shows is fetched from memory once. */
static void measure(const struct grid *grid, struct layout *layout)
{
	for (size_t i = 0; i < grid->columns; i++) {
		layout->width[i] = text_width(grid->column[i].title);
		if (grid->column[i].width > layout->width[i])
			layout->width[i] = grid->column[i].width;
	}
	for (size_t row = 0; row < grid->rows; row++)
		measure_row(grid, row, layout);
}

static unsigned int line_width(const struct grid *grid, const struct layout *layout)
{
	unsigned int width = GRID_INDENT;
	bool first = true;

	for (size_t i = 0; i < grid->columns; i++) {
		if (layout->hidden[i])
			continue;
		width += layout->width[i] + (first ? 0 : GRID_GAP);
		first = false;
	}
	return width;
}

/* Hides the next column in the order of hiding before `end`; false when there is none. */
static bool hide_one(const struct grid *grid, struct layout *layout, unsigned int end)
{
	size_t best = grid->columns;

	for (size_t i = 0; i < grid->columns; i++) {
		unsigned int drop = grid->column[i].drop;

		if (!drop || drop >= end || layout->hidden[i])
			continue;
		if (best == grid->columns || drop < grid->column[best].drop)
			best = i;
	}
	if (best == grid->columns)
		return false;
	layout->hidden[best] = true;
	return true;
}

/* Takes one character from the widest column that may be shortened to `least`; false: none may. */
static bool shorten_one(const struct grid *grid, struct layout *layout, unsigned int least)
{
	size_t best = grid->columns;

	for (size_t i = 0; i < grid->columns; i++) {
		if (!grid->column[i].shorten || layout->width[i] <= least)
			continue;
		if (best == grid->columns || layout->width[i] > layout->width[best])
			best = i;
	}
	if (best == grid->columns)
		return false;
	layout->width[best]--;
	return true;
}

static void fit(struct grid *grid, struct layout *layout)
{
	measure(grid, layout);
	if (!grid->width || line_width(grid, layout) <= grid->width)
		return;
	grid->compact = true;
	measure(grid, layout);
	while (line_width(grid, layout) > grid->width) {
		if (!hide_one(grid, layout, grid->worth ?: UINT_MAX) &&
		    !shorten_one(grid, layout, GRID_READABLE) &&
		    !hide_one(grid, layout, UINT_MAX) && !shorten_one(grid, layout, GRID_SHORTEST))
			return;
	}
}

/* What follows the characters that fit in so many columns. */
static char *behind(char *text, unsigned int width)
{
	while (*text) {
		unsigned int columns;
		size_t length = next_grid_character(text, &columns);

		if (columns > width)
			break;
		width -= columns;
		text += length;
	}
	return text;
}

/* The end of a text, of at most so many columns; it does not begin with half a character. */
static char *last_of(char *text, unsigned int width)
{
	unsigned int left = text_width(text), columns;
	size_t length;

	while (left > width) {
		text += next_grid_character(text, &columns);
		left -= columns;
	}
	while (*text) {
		length = next_grid_character(text, &columns);
		if (columns)
			break;
		text += length;
	}
	return text;
}

/* Cuts the middle out of a text. */
static void shorten(char *text, unsigned int width)
{
	unsigned int mark = strlen(GRID_SHORT_MARK);
	unsigned int head = (width - mark + 1) / 2, tail = width - mark - head;
	char *cut, *rest;

	if (text_width(text) <= width)
		return;
	/* More is cut out than the mark puts in. */
	cut = behind(text, head);
	rest = last_of(text, tail);
	memmove(cut + mark, rest, strlen(rest) + 1);
	memcpy(cut, GRID_SHORT_MARK, mark);
}

/* A line under construction. */
struct line {
	char text[GRID_COLUMNS_MAX * (GRID_CELL_MAX + GRID_GAP)];
	size_t used;
	size_t blanks; /* to be put before the next text, so that none stand at the end */
};

static void line_put(struct line *line, const char *text)
{
	size_t length = strlen(text);

	if (!length || line->blanks + length >= sizeof(line->text) - line->used)
		return;
	memset(line->text + line->used, ' ', line->blanks);
	memcpy(line->text + line->used + line->blanks, text, length);
	line->used += line->blanks + length;
	line->blanks = 0;
}

static void line_put_cell(struct line *line, const char *text, unsigned int width, bool number)
{
	unsigned int blanks = text_width(text);

	blanks = blanks < width ? width - blanks : 0;
	if (number)
		line->blanks += blanks;
	line_put(line, text);
	if (!number)
		line->blanks += blanks;
}

/* One line; `row` is SIZE_MAX for the titles. */
static int print_line(const struct grid *grid, const struct layout *layout, size_t row, FILE *out)
{
	struct line line;
	char text[GRID_CELL_MAX];

	line.used = 0;
	line.blanks = GRID_INDENT;
	for (size_t i = 0; i < grid->columns; i++) {
		const struct grid_column *column = &grid->column[i];

		if (layout->hidden[i])
			continue;
		if (row == SIZE_MAX)
			snprintf(text, sizeof(text), "%s", column->title);
		else
			grid->cell(grid, row, column->id, text);
		if (column->shorten)
			shorten(text, layout->width[i]);
		line_put_cell(&line, text, layout->width[i], column->number);
		line.blanks += GRID_GAP;
	}
	line.text[line.used++] = '\n';
	if (fwrite(line.text, 1, line.used, out) != line.used)
		return errno ? -errno : -EIO;
	return 0;
}

int grid_print(struct grid *grid, FILE *out)
{
	struct layout layout;
	int err;

	memset(&layout, 0, sizeof(layout));
	fit(grid, &layout);
	err = print_line(grid, &layout, SIZE_MAX, out);
	for (size_t row = 0; !err && row < grid->rows; row++)
		err = print_line(grid, &layout, row, out);
	return err;
}
