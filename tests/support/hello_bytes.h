/* SPDX-License-Identifier: MIT */
/* Hellos of TLS and Initial packets of QUIC for tests, made byte by byte. */
#ifndef PKTSTAT_HELLO_BYTES_H
#define PKTSTAT_HELLO_BYTES_H

#include <stddef.h>
#include <stdint.h>

#define HELLO_BYTES 1024

/*
 * A hello like Chrome's, with GREASE, the ciphers and extensions of the example in the description of
 * JA4, and that server name. Returns its length.
 */
size_t hello_make_chrome(const char *name, uint8_t bytes[HELLO_BYTES]);
/* A handshake record with these bytes; returns its length. */
size_t hello_put_record(const uint8_t *bytes, size_t length, uint8_t *record);

#define INITIAL_BYTES 1500
#define INITIAL_TEXT  1130 /* bytes of frames in a packet */

struct initial_keys {
	uint8_t key[16], iv[12], mask[16];
};

/* One piece of the handshake. */
struct initial_piece {
	uint64_t offset;
	size_t length;
};

/* An Initial packet of the client with these frames, at most INITIAL_TEXT bytes. Returns its length. */
size_t initial_seal(uint32_t version, const uint8_t *id, size_t id_length,
		    const struct initial_keys *keys, const uint8_t *frames, size_t length,
		    uint8_t packet[INITIAL_BYTES]);
/*
 * An Initial packet of the client of that version, filled up to 1,200 bytes, with pieces of a
 * handshake in CRYPTO frames. Returns its length.
 */
size_t initial_make(uint32_t version, const uint8_t *id, size_t id_length,
		    const struct initial_keys *keys, const uint8_t *handshake,
		    const struct initial_piece *pieces, size_t count,
		    uint8_t packet[INITIAL_BYTES]);

#endif
