/* SPDX-License-Identifier: MIT */
/*
 * Puts maps where programs find them: into an array of maps. The kernel waits then until no program
 * holds a previous map, once for each call that is made. Any thread; no state of its own.
 */
#ifndef PKTSTAT_OUTER_H
#define PKTSTAT_OUTER_H

#include <stdint.h>

/* Threads that wait at the same time, on kernels that take one map a call (before Linux 5.17). */
#define OUTER_THREADS 64

/*
 * Puts the maps `fd` into the array of maps `outer_fd`, each at its `index`. `ret_err` says of each
 * whether it is there: 0 or a negative errno. Returns when no program holds a map that was there
 * before. All waits are one where the kernel has batches of such maps; else they are made at the
 * same time, as far as the caller may start threads.
 */
void outer_put(int outer_fd, const uint32_t *index, const int *fd, int *ret_err, uint32_t count);

#endif
