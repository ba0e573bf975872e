/* SPDX-License-Identifier: MIT */
/*
 * A ring of records in memory that two processes share: one puts, the other takes, and neither takes
 * a system call for it. The one that puts creates the ring and trusts nothing that the other one can
 * write: a taker that lies gets fewer records, or garbage. One thread on each side.
 */
#ifndef PKTSTAT_SHARED_RING_H
#define PKTSTAT_SHARED_RING_H

#include <stddef.h>

struct shared_ring;

/*
 * A new ring with room for `size` bytes, a power of two and at least a page; each record takes its own
 * size rounded up to 8, and 8 more. Its memory cannot be resized by whoever gets the descriptor. 0 or
 * a negative errno.
 */
int shared_ring_new(size_t size, struct shared_ring **ret_ring);
/* Descriptor to hand to the taker; the ring's. -1 in the taker. */
int shared_ring_fd(const struct shared_ring *ring);
/*
 * The taker's side of a ring: maps what a descriptor from shared_ring_fd() refers to, which stays the
 * caller's. 0; -EINVAL: it is no such ring; or another negative errno.
 */
int shared_ring_map(int fd, struct shared_ring **ret_ring);
/* NULL is allowed. */
void shared_ring_free(struct shared_ring *ring);

/* Room for a record of `size` bytes, aligned to 8; NULL when the ring has none. */
void *shared_ring_reserve(struct shared_ring *ring, size_t size);
/* Hands the record over that was reserved last. */
void shared_ring_commit(struct shared_ring *ring);

/* The next record, which stays there until it is released; NULL when there is none. */
const void *shared_ring_next(struct shared_ring *ring, size_t *ret_size);
/* Gives the record's room back. */
void shared_ring_release(struct shared_ring *ring);

/* Bytes of the ring that are in use, headers included; either side. */
size_t shared_ring_used(const struct shared_ring *ring);

#endif
