/* SPDX-License-Identifier: MIT */
/* Pages of lines; see page.h. The caller owns the writer; any thread. */
#include <stdio.h>

#include "format.h"
#include "page.h"

#define TITLE_LINES 2

static int page_end(const struct layout *layout)
{
	return layout->keys_y >= 0 ? layout->keys_y : layout->height;
}

static int page_top(const struct layout *layout)
{
	return page_end(layout) > TITLE_LINES + 1 ? TITLE_LINES : 0;
}

int page_room(const struct layout *layout)
{
	return page_end(layout) - page_top(layout);
}

struct page_writer page_begin(struct frame *frame, const struct layout *layout, const char *title,
			      int first, int label_width)
{
	struct page_writer page = {
		.frame = frame,
		.y = page_top(layout),
		.end = page_end(layout),
		.first = first,
		.label_width = label_width,
		.width = frame->width,
		.label_style = STYLE_BOLD | STYLE_ACCENT,
	};

	if (page.y) {
		page.title_width = frame_put(frame, 1, 0, frame->width, STYLE_BOLD, title);
	}
	return page;
}

void page_line(struct page_writer *page, unsigned int style, const char *label, const char *value)
{
	int y = page->y + page->line - page->first;
	int x = page->x + 2 + page->label_width + (page->label_width > 0);

	if (page->line++ < page->first || y >= page->end)
		return;
	frame_put(page->frame, page->x + 2, y, page->label_width, page->label_style, label);
	frame_put(page->frame, x, y, page->width - x, style, value);
}

void page_line_wrapped(struct page_writer *page, unsigned int style, const char *label,
		       const char *value)
{
	int room = page->width - page->x - 3 - page->label_width - (page->label_width > 0);
	char part[4 * 128];

	while (room > 8 && frame_text_width(value) > room) {
		size_t length = frame_text_fit(value, room), word = length;

		/* Break between words, unless that would waste the line. */
		while (word > length / 2 && value[word] != ' ')
			word--;
		if (value[word] == ' ')
			length = word;
		snprintf(part, sizeof(part), "%.*s", (int)length, value);
		page_line(page, style, label, part);
		value += length + (value[length] == ' ');
		label = "";
	}
	page_line(page, style, label, value);
}

void page_counts(struct page_writer *page, unsigned int style, const char *label,
		 const struct flow_counts *counts)
{
	char packets[FORMAT_TEXT_MAX], bytes[FORMAT_TEXT_MAX];
	char text[3 * FORMAT_TEXT_MAX];

	format_count(counts->packets, packets, sizeof(packets));
	format_count(counts->bytes, bytes, sizeof(bytes));
	snprintf(text, sizeof(text), "%s packet%s, %s bytes", packets,
		 format_plural(counts->packets), bytes);
	page_line(page, style, label, text);
}

int page_finish(const struct page_writer *page)
{
	int room = page->end - page->y;
	int last = page->first + room < page->line ? page->first + room : page->line;
	int begin = page->title_width + 3, width = page->frame->width - 1 - begin;
	char lines[48] = "", text[64];

	if (!page->y)
		return page->line;
	if (page->line > room)
		snprintf(lines, sizeof(lines), "%d-%d of %d", page->first + 1, last, page->line);
	snprintf(text, sizeof(text), "%s%sq closes", lines, *lines ? "  " : "");
	/* Numbers are never cut, and the line of the keys says how to close it, too. */
	if (frame_text_width(text) > width)
		snprintf(text, sizeof(text), "%s", *lines ? lines : "");
	if (frame_text_width(text) <= width)
		frame_put_right(page->frame, begin, 0, width, STYLE_DIM, text);
	return page->line;
}
