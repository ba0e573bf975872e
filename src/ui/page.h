/* SPDX-License-Identifier: MIT */
/* A page of lines, each a label and a value, that scrolls when it is too long. Pure. */
#ifndef PKTSTAT_PAGE_H
#define PKTSTAT_PAGE_H

#include "draw.h"

/* A line after the end of any page. */
#define PAGE_LINE_LAST 1000000

struct page_writer {
	struct frame *frame;
	int y, end;	 /* lines of the frame it may use: y to end - 1 */
	int line, first; /* number of the next line; the first one shown */
	int label_width;
	int title_width;
	int x, width;		  /* columns of the frame it may use */
	unsigned int label_style; /* of labels */
};

/* Lines of a page that are visible at once. */
int page_room(const struct layout *layout);
/* Begins a page with a title; `first` lines are scrolled away. */
struct page_writer page_begin(struct frame *frame, const struct layout *layout, const char *title,
			      int first, int label_width);
/* A label and a value; either may be empty. */
void page_line(struct page_writer *page, unsigned int style, const char *label, const char *value);
/* The same, with a long value wrapped to further lines. */
void page_line_wrapped(struct page_writer *page, unsigned int style, const char *label,
		       const char *value);
/* The same with packets and bytes as its value. */
void page_counts(struct page_writer *page, unsigned int style, const char *label,
		 const struct flow_counts *counts);
/* Ends the page: says which lines are visible unless all are. Returns the number of lines. */
int page_finish(const struct page_writer *page);

#endif
