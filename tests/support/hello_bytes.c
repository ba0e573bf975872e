/* SPDX-License-Identifier: MIT */
/* See hello_bytes.h. */
#include "hello_bytes.h"

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/version.h>
#include <string.h>

static size_t put_number(uint8_t *to, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
	return bytes;
}

static size_t put_hello_extension(uint8_t *to, uint16_t type, const void *data, size_t length)
{
	put_number(to, type, 2);
	put_number(to + 2, (uint32_t)length, 2);
	memcpy(to + 4, data, length);
	return length + 4;
}

static size_t put_sni(uint8_t *to, const char *name)
{
	size_t length = strlen(name);
	uint8_t data[300];

	put_number(data, (uint32_t)length + 3, 2);
	data[2] = 0;
	put_number(data + 3, (uint32_t)length, 2);
	memcpy(data + 5, name, length);
	return put_hello_extension(to, 0, data, length + 5);
}

static size_t put_extensions(uint8_t *to, const char *name)
{
	static const uint16_t empty[] = {0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005,
					 0x0023, 0x0012, 0x000b, 0xff01, 0x000a};
	static const uint8_t alpn[] = {0,   12,	 2,   'h', '2', 8,   'h',
				       't', 't', 'p', '/', '1', '.', '1'};
	static const uint8_t versions[] = {6, 0x7a, 0x7a, 3, 4, 3, 3};
	static const uint8_t signatures[] = {0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1};
	static const uint8_t padding[200] = {0};
	size_t used = put_hello_extension(to, 0x8a8a, "", 0);

	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		used += put_hello_extension(to + used, empty[i], "", 0);
	used += put_hello_extension(to + used, 0x0010, alpn, sizeof(alpn));
	used += put_hello_extension(to + used, 0x000d, signatures, sizeof(signatures));
	used += put_sni(to + used, name);
	used += put_hello_extension(to + used, 0x002b, versions, sizeof(versions));
	return used + put_hello_extension(to + used, 0x0015, padding, sizeof(padding));
}

size_t hello_make_chrome(const char *name, uint8_t bytes[HELLO_BYTES])
{
	static const uint16_t ciphers[] = {0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
					   0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
					   0x009c, 0x009d, 0x002f, 0x0035};
	size_t used = 4, extensions;

	memset(bytes, 0, HELLO_BYTES);
	used += put_number(bytes + used, 0x0303, 2);
	used += 32;
	used += put_number(bytes + used, 32, 1) + 32;
	used += put_number(bytes + used, sizeof(ciphers), 2);
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(*ciphers); i++)
		used += put_number(bytes + used, ciphers[i], 2);
	used += put_number(bytes + used, 1, 1) + 1;
	extensions = put_extensions(bytes + used + 2, name);
	used += put_number(bytes + used, (uint32_t)extensions, 2) + extensions;
	bytes[0] = 1;
	put_number(bytes + 1, (uint32_t)used - 4, 3);
	return used;
}

size_t hello_put_record(const uint8_t *bytes, size_t length, uint8_t *record)
{
	put_number(record, 0x160301, 3);
	put_number(record + 3, (uint32_t)length, 2);
	memcpy(record + 5, bytes, length);
	return length + 5;
}

/* CRYPTO frames, then a PING and padding. */
static void put_frames(uint8_t *to, const uint8_t *handshake, const struct initial_piece *pieces,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*to++ = 6;
		to += put_number(to, 0x4000 | (uint32_t)pieces[i].offset, 2);
		to += put_number(to, 0x4000 | (uint32_t)pieces[i].length, 2);
		memcpy(to, handshake + pieces[i].offset, pieces[i].length);
		to += pieces[i].length;
	}
	*to = 1;
}

static void seal_packet(uint8_t *packet, size_t header, size_t text,
			const struct initial_keys *keys)
{
	struct gcm_aes128_ctx context;

	gcm_aes128_set_key(&context, keys->key);
	gcm_aes128_set_iv(&context, 12, keys->iv); /* packet number 0 */
	gcm_aes128_update(&context, header, packet);
	gcm_aes128_encrypt(&context, text, packet + header, packet + header);
#if NETTLE_VERSION_MAJOR >= 4
	gcm_aes128_digest(&context, packet + header + text);
#else
	gcm_aes128_digest(&context, 16, packet + header + text);
#endif
}

size_t initial_seal(uint32_t version, const uint8_t *id, size_t id_length,
		    const struct initial_keys *keys, const uint8_t *frames, size_t length,
		    uint8_t packet[INITIAL_BYTES])
{
	size_t used = 1, numbers;
	struct aes128_ctx context;
	uint8_t mask[16];

	memset(packet, 0, INITIAL_BYTES);
	packet[0] = version == 0x6b3343cf ? 0xd1 : 0xc1; /* two bytes of packet number */
	used += put_number(packet + used, version, 4);
	used += put_number(packet + used, (uint32_t)id_length, 1);
	memcpy(packet + used, id, id_length);
	used += id_length;
	used += put_number(packet + used, 0, 2); /* no id of its own, no token */
	used += put_number(packet + used, 0x4000 | (INITIAL_TEXT + 2 + 16), 2);
	numbers = used;
	memcpy(packet + used + 2, frames, length);
	seal_packet(packet, used + 2, INITIAL_TEXT, keys);
	aes128_set_encrypt_key(&context, keys->mask);
	aes128_encrypt(&context, 16, mask, packet + numbers + 4);
	packet[0] ^= mask[0] & 0x0f;
	packet[numbers] ^= mask[1];
	packet[numbers + 1] ^= mask[2];
	return numbers + 2 + INITIAL_TEXT + 16;
}

size_t initial_make(uint32_t version, const uint8_t *id, size_t id_length,
		    const struct initial_keys *keys, const uint8_t *handshake,
		    const struct initial_piece *pieces, size_t count, uint8_t packet[INITIAL_BYTES])
{
	uint8_t frames[INITIAL_TEXT] = {0};

	put_frames(frames, handshake, pieces, count);
	return initial_seal(version, id, id_length, keys, frames, sizeof(frames), packet);
}
