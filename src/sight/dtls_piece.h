/* SPDX-License-Identifier: MIT */
/*
 * The records of DTLS that bring a client's hello, whole or in pieces (RFC 6347, 4.1 and 4.2.2; RFC
 * 9147, 5.2). Pure; any thread.
 */
#ifndef PKTSTAT_DTLS_PIECE_H
#define PKTSTAT_DTLS_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DTLS_HEAD 4 /* bytes of a message's head as TLS has it: type and length */

struct dtls_piece {
	uint16_t message; /* its number: a hello that is sent again with a cookie has the next */
	uint8_t head[DTLS_HEAD]; /* of the whole message */
	size_t offset;		 /* where the piece belongs, behind the head */
	const uint8_t *bytes;
	size_t length;
};

/* The piece of a ClientHello that a datagram begins with. False if it begins with none. */
bool dtls_piece_read(const uint8_t *datagram, size_t length, struct dtls_piece *ret_piece);

#endif
