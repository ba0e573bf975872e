/* SPDX-License-Identifier: MIT */
/*
 * A ring of places, used in turn, and an index from the number of a stream to its place. What a place
 * has is noted bit by bit, so pieces may overlap, repeat and come in any order. See hello_pool.h.
 */
#include "hello_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash_index.h"

struct hello_stream {
	uint64_t number; /* 0: free */
	size_t front;	 /* bytes from the start on without a gap */
	uint8_t there[HELLO_BYTES_MAX / 8];
	uint8_t bytes[HELLO_BYTES_MAX];
};

struct hello_pool {
	struct hash_index index;
	uint32_t next; /* place to be used next */
	uint64_t lost;
	struct hello_stream stream[HELLO_POOL_STREAMS];
};

int hello_pool_new(struct hello_pool **ret_pool)
{
	struct hello_pool *pool = calloc(1, sizeof(*pool));
	int err;

	if (!pool)
		return -ENOMEM;
	err = hash_index_init(&pool->index);
	if (!err)
		err = hash_index_reserve(&pool->index, HELLO_POOL_STREAMS);
	if (err) {
		hello_pool_free(pool);
		return err;
	}
	*ret_pool = pool;
	return 0;
}

void hello_pool_free(struct hello_pool *pool)
{
	if (!pool)
		return;
	hash_index_done(&pool->index);
	free(pool);
}

static bool is_stream(const void *table, uint32_t place, const void *number)
{
	return ((const struct hello_pool *)table)->stream[place].number ==
	       *(const uint64_t *)number;
}

static uint32_t find_stream(const struct hello_pool *pool, uint64_t number, uint32_t *ret_hash)
{
	*ret_hash = hash_index_hash(&pool->index, &number, sizeof(number));
	return hash_index_find(&pool->index, *ret_hash, is_stream, pool, &number);
}

static void leave_place(struct hello_pool *pool, uint32_t place)
{
	struct hello_stream *stream = &pool->stream[place];
	uint32_t hash = hash_index_hash(&pool->index, &stream->number, sizeof(stream->number));

	hash_index_remove(&pool->index, hash, place);
	stream->number = 0;
}

static struct hello_stream *open_stream(struct hello_pool *pool, uint64_t number, uint32_t hash)
{
	uint32_t place = pool->next;
	struct hello_stream *stream = &pool->stream[place];

	if (stream->number) {
		leave_place(pool, place);
		pool->lost++;
	}
	if (hash_index_add(&pool->index, hash, place))
		return NULL; /* cannot be: there is room for all of them */
	pool->next = (place + 1) % HELLO_POOL_STREAMS;
	stream->number = number;
	stream->front = 0;
	memset(stream->there, 0, sizeof(stream->there));
	return stream;
}

static bool has_byte(const struct hello_stream *stream, size_t i)
{
	return stream->there[i / 8] >> (i % 8) & 1;
}

static void put_piece(struct hello_stream *stream, size_t offset, const uint8_t *bytes,
		      size_t length)
{
	for (size_t i = offset; i < offset + length; i++) {
		if (has_byte(stream, i))
			continue;
		stream->bytes[i] = bytes[i - offset];
		stream->there[i / 8] |= (uint8_t)(1U << (i % 8));
	}
	while (stream->front < HELLO_BYTES_MAX && has_byte(stream, stream->front))
		stream->front++;
}

size_t hello_pool_add(struct hello_pool *pool, uint64_t number, uint64_t offset,
		      const uint8_t *bytes, size_t length, const uint8_t **ret_bytes)
{
	uint32_t hash, place = find_stream(pool, number, &hash);
	struct hello_stream *stream =
		place == HASH_INDEX_NONE ? open_stream(pool, number, hash) : &pool->stream[place];

	*ret_bytes = NULL;
	if (!stream)
		return 0;
	if (offset < HELLO_BYTES_MAX) {
		if (length > HELLO_BYTES_MAX - offset)
			length = HELLO_BYTES_MAX - offset;
		put_piece(stream, offset, bytes, length);
	}
	*ret_bytes = stream->bytes;
	return stream->front;
}

void hello_pool_end(struct hello_pool *pool, uint64_t number)
{
	uint32_t hash, place = find_stream(pool, number, &hash);

	if (place != HASH_INDEX_NONE)
		leave_place(pool, place);
}

uint64_t hello_pool_lost(const struct hello_pool *pool)
{
	return pool->lost;
}

size_t hello_pool_bytes(void)
{
	return sizeof(struct hello_pool);
}
