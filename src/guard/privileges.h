/* SPDX-License-Identifier: MIT */
/* Which capabilities the program needs and has. Any thread. */
#ifndef PKTSTAT_PRIVILEGES_H
#define PKTSTAT_PRIVILEGES_H

#include <stddef.h>

/*
 * Writes the names of required capabilities that are not effective ("cap_bpf, cap_perfmon"), at
 * most `size` bytes with the terminating zero. Returns their number; 0 and "" if none is missing.
 * CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON, as in the kernel.
 */
int privileges_missing(char *text, size_t size);

#endif
