/* SPDX-License-Identifier: MIT */
/*
 * The ClientHello of TLS (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2) and DTLS (RFC 9147, 5.3; RFC 6347, 4.2.1):
 * the name that the client asks for, the protocols that it offers, and what JA4 is made of. Pure; any
 * thread.
 */
#ifndef PKTSTAT_TLS_HELLO_H
#define PKTSTAT_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_name.h"

#define TLS_ALPN_SIZE	32
#define TLS_NUMBERS_MAX 128 /* of each list; a hello with more has no JA4 */

/* Numbers of a list, without those that mean nothing (GREASE, RFC 8701). */
struct tls_numbers {
	uint16_t count;
	bool overflow;
	uint16_t number[TLS_NUMBERS_MAX];
};

struct tls_hello {
	char sni[HOST_NAME_SIZE]; /* server name (RFC 6066, 3); "": none */
	char alpn[TLS_ALPN_SIZE]; /* the first protocol offered (RFC 7301), printable; "": none */
	uint8_t alpn_first, alpn_last; /* its first and last byte as they are */
	uint16_t version;	       /* the newest offered: 0x0304 is TLS 1.3, 0xfefc DTLS 1.3 */
	bool has_sni;
	bool ech; /* offers an encrypted ClientHello (RFC 9849): the name may be another one */
	struct tls_numbers ciphers, extensions, signatures;
};

/*
 * Reads a handshake message that begins at `bytes`, with the short head of TLS. 0; -EAGAIN: it goes on behind `length`, and what
 * is there was read; -EBADMSG: it is no ClientHello.
 */
int tls_hello_read(const uint8_t *bytes, size_t length, struct tls_hello *ret_hello);

/*
 * Takes the handshake messages out of the records at the start of a stream (RFC 8446, 5.1), at most
 * `size` bytes. Returns how many; -EBADMSG: these are no handshake records. Room may be the stream
 * itself.
 */
long tls_records_join(const uint8_t *stream, size_t length, uint8_t *handshake, size_t size);

/*
 * True if a segment of `whole` bytes, of which `length` are there, consists of records of which the
 * first holds data (RFC 8446, 5.1): a connection that began before it was seen.
 */
bool tls_is_data(const uint8_t *bytes, size_t length, size_t whole);

/* True if a stream begins with a record that holds a ClientHello; a ServerHello. */
bool tls_is_client(const uint8_t *stream, size_t length);
bool tls_is_server(const uint8_t *stream, size_t length);

#endif
