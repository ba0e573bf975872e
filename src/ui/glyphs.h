/* SPDX-License-Identifier: MIT */
/* The few signs that are not letters, for a terminal with UTF-8 and for one without. Constant. */
#ifndef PKTSTAT_GLYPHS_H
#define PKTSTAT_GLYPHS_H

#include <stdbool.h>

struct glyphs {
	bool utf8;
	bool braille;	       /* for graphs */
	const char *mark;      /* the selected row */
	const char *ascending; /* behind the title of the sorted column */
	const char *descending;
	const char *arrow[2]; /* by enum flow_dir */
	const char *cut;      /* what was left out of the middle */
	const char *bar[4];   /* of time: its ends, its line and where you are */
};

extern const struct glyphs glyphs_utf8;
extern const struct glyphs glyphs_ascii;
/* For the console of Linux, which shows UTF-8 but has signs for few characters. */
extern const struct glyphs glyphs_console;

#endif
