/* SPDX-License-Identifier: MIT */
/*
 * The ring of snapshots: the only object the collector and its readers share. One writer, any
 * number of readers. The mutex is held for pointer work only; the writer never waits for a reader,
 * and a reader that holds a snapshot for an hour costs just that snapshot's memory.
 */
#ifndef PKTSTAT_RING_H
#define PKTSTAT_RING_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/* Default bound of the memory held by the ring: ten minutes of 1,000 active flows. */
#define RING_BUDGET_DEFAULT (20UL << 20)
/* Rows that an old snapshot keeps when it is thinned. */
#define RING_THIN_ROWS 100
/* Most snapshots kept, however small: an hour at the default interval. */
#define RING_SNAPSHOTS_MAX 3600

struct ring;

/* 0, -ENOMEM, or the error of eventfd(). */
int ring_new(size_t budget_bytes, struct ring **ret_ring);
/* Frees the ring and its own references; readers' references stay valid. NULL is allowed. */
void ring_free(struct ring *ring);

/*
 * Writer only. Publishes the snapshot, taking over the caller's reference, then thins and drops
 * old ones until the budget holds again (the newest is always kept), and signals the event.
 */
void ring_publish(struct ring *ring, struct snapshot *snapshot);

/*
 * File descriptor that becomes readable when something new is published. Owned by the ring;
 * ring_clear_event() makes it unreadable again. For one reader at a time.
 */
int ring_event_fd(const struct ring *ring);
void ring_clear_event(struct ring *ring);

/*
 * A further reader's own event: an eventfd (non-blocking) that every publish signals, owned by the
 * ring. Before the writer starts; at most RING_READERS_MAX. 0, -ENOSPC, or the error of eventfd().
 */
#define RING_READERS_MAX 16
int ring_add_reader(struct ring *ring, int *ret_fd);
/*
 * Any thread: signals the event of ring_event_fd() although nothing was published, because what a
 * snapshot refers to (owners) has become known.
 */
void ring_notify(struct ring *ring);

/* A reference to the newest snapshot, or NULL when nothing was published. */
struct snapshot *ring_latest(struct ring *ring);
/* A reference to the snapshot with that number, or to the nearest one still kept, or NULL. */
struct snapshot *ring_at(struct ring *ring, uint64_t seq);
/* Numbers of the oldest and the newest snapshot kept (0, 0: none). */
void ring_range(struct ring *ring, uint64_t *ret_oldest, uint64_t *ret_newest);
/*
 * References to up to `max` snapshots that end with number `seq`, newest first; returns how many.
 * The caller puts each.
 */
size_t ring_last(struct ring *ring, uint64_t seq, struct snapshot **ret_snapshots, size_t max);
/* Bytes of memory held by the snapshots and tables in the ring; and its bound. */
size_t ring_bytes(struct ring *ring);
size_t ring_budget(const struct ring *ring);

#endif
