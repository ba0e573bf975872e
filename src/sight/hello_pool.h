/* SPDX-License-Identifier: MIT */
/*
 * Puts the beginning of streams together from pieces that arrive in any order: TLS hellos over TCP
 * segments, and over CRYPTO frames of QUIC datagrams. All memory is allocated at the start; when a
 * new stream finds none free, the oldest one loses its place. One owner, one thread.
 */
#ifndef PKTSTAT_HELLO_POOL_H
#define PKTSTAT_HELLO_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HELLO_POOL_STREAMS 1024
#define HELLO_BYTES_MAX	   8192 /* of one stream; what is behind is not kept */

struct hello_pool;

/* An empty pool; 0 or -ENOMEM. */
int hello_pool_new(struct hello_pool **ret_pool);
void hello_pool_free(struct hello_pool *pool);

/*
 * Adds a piece to the stream of that number, which is the caller's choice and not 0; its first piece
 * opens it. Bytes that are there already stay. Returns how many bytes the stream has from its start
 * on without a gap, and where they are, until the next call.
 */
size_t hello_pool_add(struct hello_pool *pool, uint64_t stream, uint64_t offset,
		      const uint8_t *bytes, size_t length, const uint8_t **ret_bytes);
/* Ends a stream, which need not be there. */
void hello_pool_end(struct hello_pool *pool, uint64_t stream);

/* Streams that lost their place to others. */
uint64_t hello_pool_lost(const struct hello_pool *pool);
/* Bytes of memory held. */
size_t hello_pool_bytes(void);

#endif
