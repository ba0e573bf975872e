/* SPDX-License-Identifier: MIT */
/* The ring of snapshots. Slots are an array used in a circle: oldest first. */
#include "ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "wait.h"

struct ring {
	pthread_mutex_t lock; /* of everything below it that readers see */
	struct snapshot *slot[RING_SNAPSHOTS_MAX];
	size_t first, count;
	size_t bytes; /* as of the last publish */
	size_t budget;
	int event_fd;
	int reader_fd[RING_READERS_MAX]; /* fixed before the writer starts */
	size_t readers;
};

int ring_new(size_t budget_bytes, struct ring **ret_ring)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	ring->budget = budget_bytes;
	ring->event_fd = wait_new_event();
	if (ring->event_fd < 0) {
		err = ring->event_fd;
		goto out_free;
	}
	err = -pthread_mutex_init(&ring->lock, NULL);
	if (err)
		goto out_close;
	*ret_ring = ring;
	return 0;
out_close:
	close(ring->event_fd);
out_free:
	free(ring);
	return err;
}

static struct snapshot **ring_slot(struct ring *ring, size_t i)
{
	return &ring->slot[(ring->first + i) % RING_SNAPSHOTS_MAX];
}

void ring_free(struct ring *ring)
{
	size_t i;

	if (!ring)
		return;
	for (i = 0; i < ring->count; i++)
		snapshot_unref(*ring_slot(ring, i));
	for (i = 0; i < ring->readers; i++)
		close(ring->reader_fd[i]);
	pthread_mutex_destroy(&ring->lock);
	close(ring->event_fd);
	free(ring);
}

/* Memory held by all slots; what neighbours share counts once. Writer only. */
static size_t ring_measure(struct ring *ring)
{
	const struct flow_table *table = NULL;
	const struct ifaces *ifaces = NULL;
	const struct snapshot *snapshot;
	size_t i, bytes = 0;

	for (i = 0; i < ring->count; i++) {
		snapshot = *ring_slot(ring, i);
		bytes += snapshot_bytes(snapshot);
		if (snapshot->table && snapshot->table != table)
			bytes += flow_table_bytes(snapshot->table);
		if (snapshot->ifaces && snapshot->ifaces != ifaces)
			bytes += ifaces_bytes(snapshot->ifaces);
		table = snapshot->table;
		ifaces = snapshot->ifaces;
	}
	return bytes;
}

static void ring_drop_oldest(struct ring *ring)
{
	struct snapshot *oldest;

	pthread_mutex_lock(&ring->lock);
	oldest = *ring_slot(ring, 0);
	*ring_slot(ring, 0) = NULL;
	ring->first = (ring->first + 1) % RING_SNAPSHOTS_MAX;
	ring->count--;
	pthread_mutex_unlock(&ring->lock);
	snapshot_unref(oldest);
}

/*
 * Puts a thinned copy in the place of the oldest whole snapshot that has much to lose, the newest
 * excepted. False when there is none.
 */
static bool ring_thin_one(struct ring *ring)
{
	struct snapshot *whole, *thin;
	size_t i;

	for (i = 0; i + 1 < ring->count; i++) {
		whole = *ring_slot(ring, i);
		if (!whole->thin && whole->count >= 4 * RING_THIN_ROWS)
			break;
	}
	if (i + 1 >= ring->count || snapshot_thin(whole, RING_THIN_ROWS, &thin))
		return false;
	pthread_mutex_lock(&ring->lock);
	*ring_slot(ring, i) = thin;
	pthread_mutex_unlock(&ring->lock);
	snapshot_unref(whole);
	return true;
}

static void ring_fit_budget(struct ring *ring)
{
	size_t bytes;

	while ((bytes = ring_measure(ring)) > ring->budget && ring->count > 1) {
		if (!ring_thin_one(ring))
			ring_drop_oldest(ring);
	}
	pthread_mutex_lock(&ring->lock);
	ring->bytes = bytes;
	pthread_mutex_unlock(&ring->lock);
}

void ring_publish(struct ring *ring, struct snapshot *snapshot)
{
	size_t i;

	if (ring->count == RING_SNAPSHOTS_MAX)
		ring_drop_oldest(ring);
	pthread_mutex_lock(&ring->lock);
	*ring_slot(ring, ring->count) = snapshot;
	ring->count++;
	pthread_mutex_unlock(&ring->lock);
	wait_signal_event(ring->event_fd);
	for (i = 0; i < ring->readers; i++)
		wait_signal_event(ring->reader_fd[i]);
	ring_fit_budget(ring);
}

int ring_event_fd(const struct ring *ring)
{
	return ring->event_fd;
}

void ring_clear_event(struct ring *ring)
{
	wait_take_event(ring->event_fd);
}

int ring_add_reader(struct ring *ring, int *ret_fd)
{
	int fd;

	if (ring->readers == RING_READERS_MAX)
		return -ENOSPC;
	fd = wait_new_event();
	if (fd < 0)
		return fd;
	ring->reader_fd[ring->readers++] = fd;
	*ret_fd = fd;
	return 0;
}

void ring_notify(struct ring *ring)
{
	wait_signal_event(ring->event_fd);
}

struct snapshot *ring_latest(struct ring *ring)
{
	struct snapshot *snapshot = NULL;

	pthread_mutex_lock(&ring->lock);
	if (ring->count)
		snapshot = snapshot_ref(*ring_slot(ring, ring->count - 1));
	pthread_mutex_unlock(&ring->lock);
	return snapshot;
}

/* Place of the snapshot nearest to `seq`; the ring is locked and not empty. */
static size_t ring_nearest(struct ring *ring, uint64_t seq)
{
	uint64_t oldest = (*ring_slot(ring, 0))->seq;

	if (seq <= oldest)
		return 0;
	/* Numbers have no gaps: only the oldest are ever dropped. */
	return seq - oldest < ring->count ? (size_t)(seq - oldest) : ring->count - 1;
}

struct snapshot *ring_at(struct ring *ring, uint64_t seq)
{
	struct snapshot *snapshot = NULL;

	pthread_mutex_lock(&ring->lock);
	if (ring->count)
		snapshot = snapshot_ref(*ring_slot(ring, ring_nearest(ring, seq)));
	pthread_mutex_unlock(&ring->lock);
	return snapshot;
}

void ring_range(struct ring *ring, uint64_t *ret_oldest, uint64_t *ret_newest)
{
	pthread_mutex_lock(&ring->lock);
	*ret_oldest = ring->count ? (*ring_slot(ring, 0))->seq : 0;
	*ret_newest = ring->count ? (*ring_slot(ring, ring->count - 1))->seq : 0;
	pthread_mutex_unlock(&ring->lock);
}

size_t ring_last(struct ring *ring, uint64_t seq, struct snapshot **ret_snapshots, size_t max)
{
	size_t count = 0, i;

	pthread_mutex_lock(&ring->lock);
	if (ring->count) {
		i = ring_nearest(ring, seq) + 1;
		while (i > 0 && count < max)
			ret_snapshots[count++] = snapshot_ref(*ring_slot(ring, --i));
	}
	pthread_mutex_unlock(&ring->lock);
	return count;
}

size_t ring_bytes(struct ring *ring)
{
	size_t bytes;

	pthread_mutex_lock(&ring->lock);
	bytes = ring->bytes;
	pthread_mutex_unlock(&ring->lock);
	return bytes;
}

size_t ring_budget(const struct ring *ring)
{
	return ring->budget;
}
