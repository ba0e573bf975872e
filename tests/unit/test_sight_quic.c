/* SPDX-License-Identifier: MIT */
/* Initial packets of QUIC: the keys of RFC 9001 and 9369, pieces in any order, and what is no QUIC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "hello_bytes.h"
#include "hello_pool.h"
#include "quic.h"
#include "tls_hello.h"

static const uint8_t client_id[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

/* RFC 9001, A.1. */
static const struct initial_keys keys_1 = {
	{0x1f, 0x36, 0x96, 0x13, 0xdd, 0x76, 0xd5, 0x46, 0x77, 0x30, 0xef, 0xcb, 0xe3, 0xb1, 0xa2,
	 0x2d},
	{0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46, 0xfb, 0x25, 0x5c},
	{0x9f, 0x50, 0x44, 0x9e, 0x04, 0xa0, 0xe8, 0x10, 0x28, 0x3a, 0x1e, 0x99, 0x33, 0xad, 0xed,
	 0xd2},
};
/* RFC 9369, A.1. */
static const struct initial_keys keys_2 = {
	{0x8b, 0x1a, 0x0b, 0xc1, 0x21, 0x28, 0x42, 0x90, 0xa2, 0x9e, 0x09, 0x71, 0xb5, 0xcd, 0x04,
	 0x5d},
	{0x91, 0xf7, 0x3e, 0x23, 0x51, 0xd8, 0xfa, 0x91, 0x66, 0x0e, 0x90, 0x9f},
	{0x45, 0xb9, 0x5e, 0x15, 0x23, 0x5d, 0x6f, 0x45, 0xa6, 0xb1, 0x9c, 0xbc, 0xb0, 0x29, 0x4b,
	 0xa9},
};
#define VERSION_2 0x6b3343cf
/* The keys of drafts follow from their salts in the same way; draft-ietf-quic-tls-29, A.1. */
static const struct initial_keys keys_29 = {
	{0x17, 0x52, 0x57, 0xa3, 0x1e, 0xb0, 0x9d, 0xea, 0x93, 0x66, 0xd8, 0xbb, 0x79, 0xad, 0x80,
	 0xba},
	{0x6b, 0x26, 0x11, 0x4b, 0x9c, 0xba, 0x2b, 0x63, 0xa9, 0xe8, 0xdd, 0x4f},
	{0x9d, 0xdd, 0x12, 0xc9, 0x94, 0xc0, 0x69, 0x8b, 0x89, 0x37, 0x4a, 0x9c, 0x07, 0x7a, 0x30,
	 0x77},
};
static const struct initial_keys keys_27 = {
	{0xaf, 0x7f, 0xd7, 0xef, 0xeb, 0xd2, 0x18, 0x78, 0xff, 0x66, 0x81, 0x12, 0x48, 0x98, 0x36,
	 0x94},
	{0x86, 0x81, 0x35, 0x94, 0x10, 0xa7, 0x0b, 0xb9, 0xc9, 0x2f, 0x04, 0x20},
	{0xa9, 0x80, 0xb8, 0xb4, 0xfb, 0x7d, 0x9f, 0xbc, 0x13, 0xe8, 0x14, 0xc2, 0x31, 0x64, 0x25,
	 0x3d},
};
static const struct initial_keys keys_22 = {
	{0x07, 0x86, 0x3d, 0x9c, 0x08, 0x37, 0x86, 0xbc, 0x86, 0x76, 0x6c, 0xe0, 0xd0, 0x2b, 0xf9,
	 0x3f},
	{0xfb, 0x33, 0xda, 0x41, 0xa8, 0xf2, 0x97, 0xd4, 0x82, 0xdf, 0x67, 0x0e},
	{0x48, 0xdb, 0xcf, 0x44, 0xe3, 0x35, 0x50, 0x8f, 0x7f, 0x23, 0xfb, 0x2c, 0x37, 0x90, 0xa3,
	 0x7c},
};
static const struct initial_keys keys_t050 = {
	{0x80, 0xab, 0x8e, 0x03, 0x13, 0xd2, 0xc8, 0x51, 0xaa, 0xff, 0x54, 0x05, 0x82, 0x4a, 0x91,
	 0x6a},
	{0xae, 0xdd, 0x2a, 0xbe, 0x20, 0xb9, 0xef, 0xf2, 0x11, 0x6e, 0x44, 0x29},
	{0xd3, 0xa7, 0x31, 0x20, 0x4b, 0x1c, 0x81, 0xe9, 0x64, 0x4f, 0x91, 0xbd, 0x06, 0x26, 0x33,
	 0xa9},
};
static const struct initial_keys keys_t051 = {
	{0xe6, 0x6b, 0x80, 0x54, 0x40, 0xa1, 0x6d, 0x39, 0xf1, 0x88, 0x9b, 0x27, 0x26, 0xd1, 0xcc,
	 0x5c},
	{0xef, 0xdd, 0x37, 0xed, 0xa3, 0x4f, 0x2f, 0x70, 0x80, 0xbb, 0x14, 0x0c},
	{0x34, 0xeb, 0xf4, 0x5d, 0xc3, 0x67, 0xd3, 0x50, 0x2a, 0x9f, 0xe0, 0x9c, 0xfd, 0x3f, 0xd9,
	 0xf6},
};

struct stream {
	struct hello_pool *pool;
	const uint8_t *bytes;
	size_t length;
};

static void take(void *arg, uint64_t offset, const uint8_t *data, size_t length)
{
	struct stream *stream = arg;

	stream->length = hello_pool_add(stream->pool, 1, offset, data, length, &stream->bytes);
}

static void opens_version(uint32_t version, const struct initial_keys *keys)
{
	static const struct initial_piece last = {100, 200}, first = {0, 60}, middle = {50, 50};
	const struct initial_piece rest = {300, 0};
	struct initial_piece turned[] = {last, first, middle, rest};
	uint8_t hello[HELLO_BYTES], packet[INITIAL_BYTES];
	size_t length = hello_make_chrome("quic.example.org", hello), size;
	struct stream stream = {0};
	const struct quic_sink sink = {take, &stream};
	struct quic_id id = {0};
	struct tls_hello read;

	turned[3].length = length - 300;
	assert_int_equal(hello_pool_new(&stream.pool), 0);
	size = initial_make(version, client_id, sizeof(client_id), keys, hello, turned, 4, packet);
	assert_int_equal(quic_read(packet, size, &id, &sink), 1);
	assert_int_equal(id.length, sizeof(client_id));
	assert_int_equal(stream.length, length);
	assert_int_equal(tls_hello_read(stream.bytes, stream.length, &read), 0);
	assert_string_equal(read.sni, "quic.example.org");
	hello_pool_free(stream.pool);
}

static void version_1_is_opened(void **state)
{
	opens_version(1, &keys_1);
}

static void version_2_is_opened(void **state)
{
	opens_version(VERSION_2, &keys_2);
}

static void drafts_are_opened(void **state)
{
	opens_version(0xff000022, &keys_1);
	opens_version(0xff000020, &keys_29);
	opens_version(0xff00001d, &keys_29);
	opens_version(0xff00001c, &keys_27);
	opens_version(0xff000017, &keys_27);
	opens_version(0xff000016, &keys_22);
}

static void others_versions_are_opened(void **state)
{
	opens_version(0xfaceb001, &keys_22);
	opens_version(0xfaceb002, &keys_27);
	opens_version(0x54303530, &keys_t050);
	opens_version(0x54303531, &keys_t051);
}

/* Reserved numbers, and such that nobody has yet: by the keys of version 1 or of draft 29. */
static void unknown_versions_are_tried(void **state)
{
	opens_version(0x1a2a3a4a, &keys_1);
	opens_version(0xfafafafa, &keys_29);
	opens_version(0xfacebfff, &keys_1);
}

static void count_piece(void *arg, uint64_t offset, const uint8_t *data, size_t length)
{
	(void)offset;
	(void)data;
	(void)length;
	(*(int *)arg)++;
}

static void unknown_versions_that_stay_closed_are_not_quic(void **state)
{
	static const struct initial_piece piece = {0, 300};
	uint8_t hello[HELLO_BYTES], packet[INITIAL_BYTES];
	struct quic_id id = {0};
	int pieces = 0;
	const struct quic_sink sink = {count_piece, &pieces};
	size_t size;

	hello_make_chrome("quic.example.org", hello);
	size = initial_make(0x1a2a3a4a, client_id, sizeof(client_id), &keys_27, hello, &piece, 1,
			    packet);
	assert_int_equal(quic_read(packet, size, &id, &sink), -EBADMSG);
	assert_int_equal(pieces, 0);
	assert_int_equal(id.length, 0);
}

/* One wrong bit anywhere, or a missing byte, and nothing of it is believed. */
static void damaged_packets_stay_closed(void **state)
{
	static const struct initial_piece piece = {0, 300};
	uint8_t hello[HELLO_BYTES], packet[INITIAL_BYTES];
	size_t size;
	int pieces = 0;
	const struct quic_sink sink = {count_piece, &pieces};

	hello_make_chrome("quic.example.org", hello);
	size = initial_make(1, client_id, sizeof(client_id), &keys_1, hello, &piece, 1, packet);
	for (size_t i = 0; i < size; i++) {
		struct quic_id id = {0};

		packet[i] ^= 0x10;
		quic_read(packet, size, &id, &sink);
		packet[i] ^= 0x10;
	}
	for (size_t cut = 0; cut < size; cut++) {
		struct quic_id id = {0};

		quic_read(packet, cut, &id, &sink);
	}
	assert_int_equal(pieces, 0);
}

/* Later packets go to an id that the server chose; the keys stay those of the first. */
static void first_id_makes_the_keys(void **state)
{
	static const struct initial_piece piece = {0, 300};
	static const uint8_t other_id[] = {1, 2, 3, 4, 5};
	uint8_t hello[HELLO_BYTES], packet[INITIAL_BYTES];
	struct quic_id id = {.length = sizeof(client_id)};
	size_t size;
	int pieces = 0;
	const struct quic_sink sink = {count_piece, &pieces};

	hello_make_chrome("quic.example.org", hello);
	memcpy(id.bytes, client_id, sizeof(client_id));
	size = initial_make(1, other_id, sizeof(other_id), &keys_1, hello, &piece, 1, packet);
	assert_int_equal(quic_read(packet, size, &id, &sink), 1);
	assert_int_equal(pieces, 1);
	id.length = 0;
	assert_int_equal(quic_read(packet, size, &id, &sink), 0);
	packet[1] = 0xff;
	assert_int_equal(quic_read(packet, size, &id, &sink), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_is_opened),
		cmocka_unit_test(version_2_is_opened),
		cmocka_unit_test(drafts_are_opened),
		cmocka_unit_test(others_versions_are_opened),
		cmocka_unit_test(unknown_versions_are_tried),
		cmocka_unit_test(unknown_versions_that_stay_closed_are_not_quic),
		cmocka_unit_test(damaged_packets_stay_closed),
		cmocka_unit_test(first_id_makes_the_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
