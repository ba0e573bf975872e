/* SPDX-License-Identifier: MIT */
/*
 * How long the programs of an interface were taken off by somebody else, and when they are put back.
 * At once the first time; if they are taken off again soon afterwards, later each time, up to once a
 * minute: whoever does that on purpose is not fought. Pure; owned by struct attachment.
 */
#ifndef PKTSTAT_ABSENCE_H
#define PKTSTAT_ABSENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Programs that stay on for so long were not taken off on purpose. */
#define ABSENCE_CALM_NS	 60000000000ULL
#define ABSENCE_FIRST_NS 1000000000ULL
#define ABSENCE_MOST_NS	 60000000000ULL

struct absence {
	bool away;
	uint64_t seen_ns; /* when they were last known to be there, or total_ns was last added to */
	uint64_t total_ns;  /* at most, of all times */
	unsigned int times; /* they were taken off */
	uint64_t back_ns;   /* when they were put back; 0: never */
	uint64_t wait_ns;
	uint64_t due_ns; /* not put back before */
};

/* They were attached at `now_ns`; what is known of earlier absences stays. */
void absence_attached(struct absence *absence, uint64_t now_ns);
/* They were looked for at `now_ns`. True when they are missing, and were not before. */
bool absence_looked(struct absence *absence, bool there, uint64_t now_ns);
/* Whether to put them back now. */
bool absence_is_due(const struct absence *absence, uint64_t now_ns);
/* It was tried at `now_ns`. */
void absence_tried(struct absence *absence, bool done, uint64_t now_ns);

#endif
