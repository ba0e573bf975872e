/* SPDX-License-Identifier: MIT */
/*
 * Fits the layout to what the rows on screen hold. Widths grow at once and shrink after a while, so that
 * columns stay where they are from one refresh to the next. One owner, one thread.
 */
#ifndef PKTSTAT_FIT_H
#define PKTSTAT_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "draw.h"

/* The widest texts of columns, over this stretch of snapshots and the previous one. Zeroed: none yet. */
struct widths {
	uint8_t now[COLUMNS], before[COLUMNS];
	uint8_t most[COLUMNS]; /* of both: for struct layout_wish */
	uint64_t since_seq;
	/* What they are of: another starts from nothing. */
	enum group_by by;
	bool drilled, names, hosts, sites;
};

/*
 * Fits the layout, arranges the scene's view for it, measures what is on screen, and fits again if that
 * takes more room. The view has all else that it needs. 0 or -ENOMEM.
 */
int fit_scene(const struct scene *scene, struct layout_wish *wish, struct widths *widths, int width,
	      int height, struct layout *ret_layout);

#endif
