/* SPDX-License-Identifier: MIT */
/* SHA-256, HKDF and AES-128-GCM of nettle; version 4 dropped the length of digests. See digest.h. */
#include "digest.h"

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <nettle/version.h>
#include <string.h>

#define LABEL_SIZE 32

void digest_of(const void *data, size_t length, uint8_t ret_digest[DIGEST_SIZE])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, length, data);
#if NETTLE_VERSION_MAJOR >= 4
	sha256_digest(&context, ret_digest);
#else
	sha256_digest(&context, DIGEST_SIZE, ret_digest);
#endif
}

void digest_extract(const uint8_t *salt, size_t salt_length, const uint8_t *secret, size_t length,
		    uint8_t ret_key[DIGEST_SIZE])
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, salt_length, salt);
	hkdf_extract(&context, (nettle_hash_update_func *)hmac_sha256_update,
		     (nettle_hash_digest_func *)hmac_sha256_digest, DIGEST_SIZE, length, secret,
		     ret_key);
}

void digest_expand(const uint8_t secret[DIGEST_SIZE], const char *label, uint8_t *ret_key,
		   size_t size)
{
	struct hmac_sha256_ctx context;
	uint8_t info[LABEL_SIZE] = {(uint8_t)(size >> 8), (uint8_t)size,
				    (uint8_t)(6 + strlen(label))};
	size_t length = strlen(label);

	/* "tls13 ", the label, and a context of length 0. */
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, length);
	hmac_sha256_set_key(&context, DIGEST_SIZE, secret);
	hkdf_expand(&context, (nettle_hash_update_func *)hmac_sha256_update,
		    (nettle_hash_digest_func *)hmac_sha256_digest, DIGEST_SIZE, 9 + length + 1,
		    info, size, ret_key);
}

void cipher_block(const uint8_t key[CIPHER_KEY], const uint8_t from[16], uint8_t ret_block[16])
{
	struct aes128_ctx context;

	aes128_set_encrypt_key(&context, key);
	aes128_encrypt(&context, AES_BLOCK_SIZE, ret_block, from);
}

bool cipher_open(const uint8_t key[CIPHER_KEY], const uint8_t iv[CIPHER_IV], const uint8_t *header,
		 size_t header_length, const uint8_t *sealed, size_t length, uint8_t *text)
{
	struct gcm_aes128_ctx context;
	uint8_t tag[CIPHER_TAG];

	if (length < CIPHER_TAG)
		return false;
	gcm_aes128_set_key(&context, key);
	gcm_aes128_set_iv(&context, CIPHER_IV, iv);
	gcm_aes128_update(&context, header_length, header);
	gcm_aes128_decrypt(&context, length - CIPHER_TAG, text, sealed);
#if NETTLE_VERSION_MAJOR >= 4
	gcm_aes128_digest(&context, tag);
#else
	gcm_aes128_digest(&context, CIPHER_TAG, tag);
#endif
	return memeql_sec(tag, sealed + length - CIPHER_TAG, CIPHER_TAG);
}
