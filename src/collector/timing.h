/* SPDX-License-Identifier: MIT */
/*
 * The time that a collector counts in: the machine's, or that of a capture file, where time is what
 * its packets say. Owned by whoever made it and outlives the collector, which alone uses it once it
 * runs.
 */
#ifndef PKTSTAT_TIMING_H
#define PKTSTAT_TIMING_H

#include <stdint.h>

struct timing;

struct timing_ops {
	/* Nanoseconds from some start; never goes back. */
	uint64_t (*mono_ns)(const struct timing *timing);
	/* The same moment for first and last seen, since 1970; never goes back either. */
	int64_t (*seen_ns)(const struct timing *timing);
	/* What a clock on the wall shows at that moment. */
	int64_t (*wall_ns)(const struct timing *timing);
	/* Becomes readable at a deadline, and stays so until it is taken. */
	int (*fd)(const struct timing *timing);
	/*
	 * Sets the next deadline, at `first_ns` of mono_ns() or, when that has passed, now, and those
	 * behind it, `interval_ns` apart. 0 or a negative errno.
	 */
	int (*arm)(struct timing *timing, uint64_t first_ns, uint64_t interval_ns);
	/* Takes the deadline: how many have passed since the last one was taken; 0: none after all. */
	uint64_t (*take)(struct timing *timing);
};

struct timing {
	const struct timing_ops *ops;
};

/* The machine's clocks and a timerfd. */
struct machine_timing {
	struct timing base;
	int timer_fd;
	int64_t start_wall_ns;
	uint64_t start_boot_ns; /* when counting began, by CLOCK_BOOTTIME */
};

/* `start_*` say when counting began. 0 or a negative errno, with machine_timing_close() due. */
int machine_timing_open(struct machine_timing *machine, uint64_t start_mono_ns,
			int64_t start_wall_ns);
/* Safe to call twice. */
void machine_timing_close(struct machine_timing *machine);

#endif
