/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the parsers of what packets hold: any bytes as a payload of TCP or UDP, as a
 * TLS stream, as DNS, as a datagram of DTLS or QUIC, and as the frames inside an Initial packet, which is
 * sealed for that. Names that come out are names of hosts, and nothing is read beyond the end.
 *
 * Input: which of them and which port, then the bytes.
 */
#include "array.h"

#include "dns_message.h"
#include "dtls_piece.h"
#include "fuzz.h"
#include "google_hello.h"
#include "hello_bytes.h"
#include "hello_pool.h"
#include "http_host.h"
#include "ja4.h"
#include "proxy_head.h"
#include "quic.h"
#include "signature.h"

#define PARSERS 6

static struct fuzz_exact input;

FUZZ_JUDGE static void check_name(const char *name)
{
	check(strlen(name) < HOST_NAME_SIZE);
	check(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(name));
}

static void try_hello(const uint8_t *bytes, size_t length)
{
	struct tls_hello hello;
	char text[JA4_SIZE];

	if (tls_hello_read(bytes, length, &hello))
		return;
	check_name(hello.sni);
	check(strlen(hello.alpn) < TLS_ALPN_SIZE);
	check(strlen(ja4_write(&hello, false, text)) < JA4_SIZE);
}

static void try_stream(const uint8_t *bytes, size_t length)
{
	uint8_t handshake[4096];
	long joined = tls_records_join(bytes, length, handshake, sizeof(handshake));

	check(joined <= (long)sizeof(handshake));
	if (joined > 0)
		try_hello(handshake, (size_t)joined);
	tls_is_server(bytes, length);
}

static void try_payload(const uint8_t *bytes, size_t length, bool tcp, unsigned int port)
{
	/* Those that a signature asks for, and one of none. */
	static const uint16_t ports[] = {389, 25, 110, 123, 143, 161, 1900, 3389, 40001};
	const struct payload payload = {bytes, length, length,
					tcp,   40000,  ports[port % ARRAY_SIZE(ports)]};
	char host[HOST_NAME_SIZE];

	check((unsigned int)signature_find(&payload) < APPLICATIONS);
	http_host_read(bytes, length, host);
	check_name(host);
}

static void try_dns(const uint8_t *bytes, size_t length)
{
	struct dns_message message;

	if (dns_message_read(bytes, length, &message))
		return;
	check_name(message.name);
	check(message.addresses <= DNS_ADDRESSES_MAX);
}

static void take_piece(void *arg, uint64_t offset, const uint8_t *data, size_t length)
{
	struct hello_pool *pool = arg;
	const uint8_t *bytes;
	size_t there = hello_pool_add(pool, 1, offset, data, length, &bytes);

	check(there <= HELLO_BYTES_MAX);
	try_hello(bytes, there);
}

static void try_quic(const uint8_t *bytes, size_t length)
{
	static struct hello_pool *pool;
	struct quic_id id = {0};
	struct quic_sink sink = {.take = take_piece};

	if (!pool)
		check(!hello_pool_new(&pool));
	sink.arg = pool;
	check(quic_read(bytes, length, &id, &sink) <= 4);
	hello_pool_end(pool, 1);
}

static void try_pieces(const uint8_t *bytes, size_t length)
{
	struct dtls_piece piece;
	const uint8_t *message;
	char name[HOST_NAME_SIZE];
	size_t there = google_hello_find(bytes, length, &message);

	if (there)
		check(google_hello_read(message, there, name) || !*name);
	google_hello_read(bytes, length, name);
	check_name(name);
	if (dtls_piece_read(bytes, length, &piece))
		check(piece.bytes >= bytes && piece.bytes + piece.length <= bytes + length);
	check(proxy_head_length(bytes, length) <= length);
}

/* The frames are the input; the keys are those of the first example in RFC 9001, A.1. */
static void try_frames(const uint8_t *bytes, size_t length)
{
	static const uint8_t id[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
	static const struct initial_keys keys = {
		{0x1f, 0x36, 0x96, 0x13, 0xdd, 0x76, 0xd5, 0x46, 0x77, 0x30, 0xef, 0xcb, 0xe3, 0xb1,
		 0xa2, 0x2d},
		{0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46, 0xfb, 0x25, 0x5c},
		{0x9f, 0x50, 0x44, 0x9e, 0x04, 0xa0, 0xe8, 0x10, 0x28, 0x3a, 0x1e, 0x99, 0x33, 0xad,
		 0xed, 0xd2}};
	uint8_t packet[INITIAL_BYTES];

	if (length > INITIAL_TEXT)
		length = INITIAL_TEXT;
	try_quic(packet, initial_seal(1, id, sizeof(id), &keys, bytes, length, packet));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *bytes;
	size_t length;

	if (!size)
		return 0;
	bytes = fuzz_copy(&input, data + 1, size - 1);
	length = size - 1;
	switch (*data % PARSERS) {
	case 0: try_stream(bytes, length); break;
	case 1: try_payload(bytes, length, true, *data / PARSERS); break;
	case 2:
		try_payload(bytes, length, false, *data / PARSERS);
		try_pieces(bytes, length);
		break;
	case 3: try_dns(bytes, length); break;
	case 4: try_quic(bytes, length); break;
	default: try_frames(bytes, length); break;
	}
	return 0;
}
