/* SPDX-License-Identifier: MIT */
/* The cryptography that reading packets takes, by nettle, in one place. Pure; any thread. */
#ifndef PKTSTAT_DIGEST_H
#define PKTSTAT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32 /* of SHA-256 */
#define CIPHER_KEY  16 /* of AES-128 */
#define CIPHER_IV   12
#define CIPHER_TAG  16

void digest_of(const void *data, size_t length, uint8_t ret_digest[DIGEST_SIZE]);

/* HKDF-Extract with SHA-256 (RFC 5869, 2.2). */
void digest_extract(const uint8_t *salt, size_t salt_length, const uint8_t *secret, size_t length,
		    uint8_t ret_key[DIGEST_SIZE]);
/* HKDF-Expand-Label without a context (RFC 8446, 7.1). */
void digest_expand(const uint8_t secret[DIGEST_SIZE], const char *label, uint8_t *ret_key,
		   size_t size);

/* One block of AES-128 (ECB). */
void cipher_block(const uint8_t key[CIPHER_KEY], const uint8_t from[16], uint8_t ret_block[16]);
/*
 * Opens AES-128-GCM: `length` bytes with their tag at the end, to `text`, which has room for length -
 * CIPHER_TAG. False if the tag is wrong.
 */
bool cipher_open(const uint8_t key[CIPHER_KEY], const uint8_t iv[CIPHER_IV], const uint8_t *header,
		 size_t header_length, const uint8_t *sealed, size_t length, uint8_t *text);

#endif
