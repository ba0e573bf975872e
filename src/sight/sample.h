/* SPDX-License-Identifier: MIT */
/*
 * Where the sampler's records come out: the ring buffer that the tc programs fill (sample_abi.h), or
 * the one that the program itself fills when it counts in user space, mapped by whoever reads names out
 * of packets. Once it is open, reading takes no system call but the wait for it. One owner, one thread
 * or process.
 */
#ifndef PKTSTAT_SAMPLE_H
#define PKTSTAT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "sample_abi.h"

struct sample_ring;

/* Takes a record; `payload` holds sample->captured bytes, which are not to be trusted. */
typedef void sample_take(void *arg, const struct flow_sample *sample, const uint8_t *payload);

/*
 * Maps the ring that `map_fd` is the map of; the descriptor stays the caller's and may be closed. 0 or
 * a negative errno. What is handed out by sample_ring_read() goes to `take`.
 */
int sample_ring_new(int map_fd, sample_take *take, void *arg, struct sample_ring **ret_ring);
/* The same with the descriptor of a shared ring (shared_ring.h). */
int sample_ring_new_shared(int fd, sample_take *take, void *arg, struct sample_ring **ret_ring);
/* NULL is allowed. */
void sample_ring_free(struct sample_ring *ring);

/*
 * Becomes readable when the ring is a quarter full. Below that nobody is woken: look every
 * SAMPLE_POLL_MS as well. -1 for a shared ring.
 */
int sample_ring_fd(const struct sample_ring *ring);

/* Hands out the records that are there, at most `most`. Returns how many, or a negative errno. */
long sample_ring_read(struct sample_ring *ring, size_t most);

#endif
