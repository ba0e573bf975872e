/* SPDX-License-Identifier: MIT */
/* Which capabilities the program needs and has. Any thread. */
#ifndef PKTSTAT_PRIVILEGES_H
#define PKTSTAT_PRIVILEGES_H

#include <stddef.h>

/*
 * Writes the names of the capabilities that are needed but not effective ("cap_bpf, cap_perfmon"),
 * at most `size` bytes with the end. Returns how many; 0 and "" when none is missing. CAP_SYS_ADMIN
 * stands for CAP_BPF and CAP_PERFMON, as it does in the kernel.
 */
int privileges_missing(char *text, size_t size);

#endif
