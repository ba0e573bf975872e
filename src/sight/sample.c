/* SPDX-License-Identifier: MIT */
/* Reading the sampler's ring: that of the kernel by libbpf. See sample.h. */
#include "sample.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "shared_ring.h"

struct sample_ring {
	struct ring_buffer *ring;   /* of the kernel; NULL: */
	struct shared_ring *shared; /* of the program */
	sample_take *take;
	void *arg;
	size_t most, taken; /* of the read that is going on */
};

/* One record; what cannot be one is passed over. */
static void take_record(struct sample_ring *ring, const struct flow_sample *sample, size_t size)
{
	ring->taken++;
	if (size >= sizeof(*sample) && sample->captured <= size - sizeof(*sample))
		ring->take(ring->arg, sample, (const uint8_t *)(sample + 1));
}

/* An error ends the read; libbpf counts the record as taken all the same. */
static int hand_sample(void *arg, void *data, size_t size)
{
	struct sample_ring *ring = arg;

	take_record(ring, data, size);
	return ring->taken < ring->most ? 0 : -ECANCELED;
}

static struct sample_ring *new_sample_ring(sample_take *take, void *arg)
{
	struct sample_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	ring->take = take;
	ring->arg = arg;
	return ring;
}

int sample_ring_new(int map_fd, sample_take *take, void *arg, struct sample_ring **ret_ring)
{
	struct sample_ring *ring = new_sample_ring(take, arg);

	if (!ring)
		return -ENOMEM;
	ring->ring = ring_buffer__new(map_fd, hand_sample, ring, NULL);
	if (!ring->ring) {
		int err = -errno;

		free(ring);
		return err;
	}
	*ret_ring = ring;
	return 0;
}

int sample_ring_new_shared(int fd, sample_take *take, void *arg, struct sample_ring **ret_ring)
{
	struct sample_ring *ring = new_sample_ring(take, arg);
	int err = ring ? shared_ring_map(fd, &ring->shared) : -ENOMEM;

	if (err) {
		free(ring);
		return err;
	}
	*ret_ring = ring;
	return 0;
}

void sample_ring_free(struct sample_ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->ring);
	shared_ring_free(ring->shared);
	free(ring);
}

int sample_ring_fd(const struct sample_ring *ring)
{
	return ring->ring ? ring_buffer__epoll_fd(ring->ring) : -1;
}

/* A record is given back when its findings were sent: an empty ring has no more to tell. */
static long read_shared(struct sample_ring *ring)
{
	const struct flow_sample *sample;
	size_t size;

	while (ring->taken < ring->most && (sample = shared_ring_next(ring->shared, &size))) {
		take_record(ring, sample, size);
		shared_ring_release(ring->shared);
	}
	return (long)ring->taken;
}

long sample_ring_read(struct sample_ring *ring, size_t most)
{
	int r;

	ring->most = most;
	ring->taken = 0;
	if (ring->shared)
		return read_shared(ring);
	r = most ? ring_buffer__consume(ring->ring) : 0;
	return r < 0 && r != -ECANCELED ? r : (long)ring->taken;
}
