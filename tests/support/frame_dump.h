/* SPDX-License-Identifier: MIT */
/* A frame as text, to compare with what is expected. */
#ifndef PKTSTAT_FRAME_DUMP_H
#define PKTSTAT_FRAME_DUMP_H

#include <stdio.h>

#include "frame.h"

/* Writes the text of all lines, then each run of cells with one style. 0 or a negative errno. */
int frame_dump(const struct frame *frame, FILE *out);

#endif
