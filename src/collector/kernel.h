/* SPDX-License-Identifier: MIT */
/* Facts about the running kernel that the programs are loaded with. Any thread. */
#ifndef PKTSTAT_KERNEL_H
#define PKTSTAT_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True on a PREEMPT_RT kernel, where the programs interrupt each other. /sys/kernel/realtime says
 * so, and the kernel's version (uname -v), which is there without /sys too.
 */
bool kernel_is_realtime(void);

/* The same from the text of that file (NULL: none) and from the version. */
bool kernel_says_realtime(const char *file, const char *version);

/* Jiffies in so many seconds: CLOCK_MONOTONIC_COARSE is as fine as a jiffy. */
uint64_t kernel_ticks(unsigned int seconds);

#endif
