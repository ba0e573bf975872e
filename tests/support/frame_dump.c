/* SPDX-License-Identifier: MIT */
/* See frame_dump.h. */
#include "frame_dump.h"

#include <errno.h>
#include <string.h>

static void dump_line(const struct frame *frame, int y, FILE *out)
{
	int end = frame->width;

	while (end > 0 && strcmp(frame_at(frame, end - 1, y)->text, " ") == 0)
		end--;
	for (int x = 0; x < end; x++)
		fputs(frame_at(frame, x, y)->text, out);
	fputc('\n', out);
}

static void dump_style(unsigned int style, FILE *out)
{
	static const char *const role[] = {"",	    " in",   " out",	" warn",
					   " accent", " head", " select", " tab"};

	fprintf(out, "%s%s%s%s%s%s\n", role[style & STYLE_ROLE], style & STYLE_BOLD ? " bold" : "",
		style & STYLE_DIM ? " dim" : "", style & STYLE_REVERSE ? " reverse" : "",
		style & STYLE_UNDERLINE ? " underline" : "", style & STYLE_TINT ? " tint" : "");
}

static void dump_styles_of_line(const struct frame *frame, int y, FILE *out)
{
	for (int x = 0; x < frame->width;) {
		unsigned int style = frame_at(frame, x, y)->style;
		int begin = x;

		while (x < frame->width && frame_at(frame, x, y)->style == style)
			x++;
		if (style == STYLE_PLAIN)
			continue;
		fprintf(out, "%d:%d-%d", y, begin, x - 1);
		dump_style(style, out);
	}
}

int frame_dump(const struct frame *frame, FILE *out)
{
	for (int y = 0; y < frame->height; y++)
		dump_line(frame, y, out);
	fputs("-- styles\n", out);
	for (int y = 0; y < frame->height; y++)
		dump_styles_of_line(frame, y, out);
	return ferror(out) ? -EIO : 0;
}
