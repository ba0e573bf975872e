/* SPDX-License-Identifier: MIT */
/*
 * A memfd: a page with the taker's position, one with the putter's, and the data, which is mapped
 * twice in a row so that no record is in two pieces. Positions count up for ever. See shared_ring.h.
 */
#include "shared_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

/* In front of each record. */
struct shared_header {
	uint32_t size;
	uint32_t unused;
};

struct shared_ring {
	int fd; /* -1 in the taker */
	size_t size, page;
	uint8_t *memory;       /* all that is mapped */
	uint64_t *taken, *put; /* positions, in their pages */
	uint8_t *data;
	uint64_t at;   /* own position */
	uint64_t next; /* own position behind the record at hand */
};

static size_t whole_size(size_t size)
{
	return sizeof(struct shared_header) + ((size + 7) & ~(size_t)7);
}

static int map_part(uint8_t *at, size_t length, int protection, int fd, size_t offset)
{
	void *mapped = mmap(at, length, protection, MAP_SHARED | MAP_FIXED, fd, (off_t)offset);

	return mapped == MAP_FAILED ? -errno : 0;
}

/* The taker can write its own position alone. */
static int map_parts(struct shared_ring *ring, int fd)
{
	const int all = PROT_READ | PROT_WRITE, data = ring->fd < 0 ? PROT_READ : all;
	const size_t pages = 2 * ring->page;
	int err;

	ring->memory =
		mmap(NULL, pages + 2 * ring->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring->memory == MAP_FAILED) {
		ring->memory = NULL;
		return -errno;
	}
	ring->taken = (uint64_t *)ring->memory;
	ring->put = (uint64_t *)(ring->memory + ring->page);
	ring->data = ring->memory + pages;
	err = map_part(ring->memory, ring->page, all, fd, 0);
	if (!err)
		err = map_part(ring->memory + ring->page, ring->page, data, fd, ring->page);
	if (!err)
		err = map_part(ring->data, ring->size, data, fd, pages);
	if (!err)
		err = map_part(ring->data + ring->size, ring->size, data, fd, pages);
	return err;
}

static int make_memfd(size_t size)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("pktstat-samples", flags | MFD_NOEXEC_SEAL), err;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("pktstat-samples", flags);
	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, (off_t)size) && !fcntl(fd, F_ADD_SEALS, seals))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int shared_ring_new(size_t size, struct shared_ring **ret_ring)
{
	struct shared_ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = size;
	ring->fd = make_memfd(2 * ring->page + size);
	err = ring->fd < 0 ? ring->fd : map_parts(ring, ring->fd);
	if (err) {
		shared_ring_free(ring);
		return err;
	}
	*ret_ring = ring;
	return 0;
}

int shared_ring_map(int fd, struct shared_ring **ret_ring)
{
	struct shared_ring *ring;
	struct stat status;
	int err;

	if (fstat(fd, &status))
		return -errno;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->fd = -1;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = (size_t)status.st_size - 2 * ring->page;
	err = status.st_size <= (off_t)(2 * ring->page) || ring->size & (ring->size - 1)
		      ? -EINVAL
		      : map_parts(ring, fd);
	if (err) {
		shared_ring_free(ring);
		return err;
	}
	ring->at = __atomic_load_n(ring->taken, __ATOMIC_RELAXED);
	*ret_ring = ring;
	return 0;
}

void shared_ring_free(struct shared_ring *ring)
{
	if (!ring)
		return;
	if (ring->memory)
		munmap(ring->memory, 2 * ring->page + 2 * ring->size);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring);
}

int shared_ring_fd(const struct shared_ring *ring)
{
	return ring->fd;
}

size_t shared_ring_used(const struct shared_ring *ring)
{
	uint64_t taken = ring->fd < 0 ? ring->at : __atomic_load_n(ring->taken, __ATOMIC_ACQUIRE);
	uint64_t put = ring->fd < 0 ? __atomic_load_n(ring->put, __ATOMIC_ACQUIRE) : ring->at;
	uint64_t used = put - taken;

	/* A position that cannot be: nothing more goes in, or comes out. */
	if (used > ring->size)
		return ring->fd < 0 ? 0 : ring->size;
	return (size_t)used;
}

void *shared_ring_reserve(struct shared_ring *ring, size_t size)
{
	size_t whole = whole_size(size);
	struct shared_header *header;

	if (size > UINT32_MAX || whole > ring->size - shared_ring_used(ring))
		return NULL;
	header = (struct shared_header *)(ring->data + (ring->at & (ring->size - 1)));
	*header = (struct shared_header){.size = (uint32_t)size};
	ring->next = ring->at + whole;
	return header + 1;
}

void shared_ring_commit(struct shared_ring *ring)
{
	ring->at = ring->next;
	__atomic_store_n(ring->put, ring->at, __ATOMIC_RELEASE);
}

const void *shared_ring_next(struct shared_ring *ring, size_t *ret_size)
{
	const struct shared_header *header;
	size_t used = shared_ring_used(ring);

	if (used < sizeof(*header))
		return NULL;
	header = (const struct shared_header *)(ring->data + (ring->at & (ring->size - 1)));
	if (whole_size(header->size) > used)
		return NULL;
	ring->next = ring->at + whole_size(header->size);
	*ret_size = header->size;
	return header + 1;
}

void shared_ring_release(struct shared_ring *ring)
{
	ring->at = ring->next;
	__atomic_store_n(ring->taken, ring->at, __ATOMIC_RELEASE);
}
