/* SPDX-License-Identifier: MIT */
/* A record's head, then the head of a message or of a part of it; see dtls_piece.h. */
#include "dtls_piece.h"

#include <string.h>

#include "octets.h"

#define RECORD_HANDSHAKE 22
#define CLIENT_HELLO	 1

bool dtls_piece_read(const uint8_t *datagram, size_t length, struct dtls_piece *ret_piece)
{
	struct octets octets = octets_of(datagram, length), record, piece;
	uint32_t type = octets_number(&octets, 1), version = octets_number(&octets, 2);
	uint32_t epoch = octets_number(&octets, 2);

	if (type != RECORD_HANDSHAKE || (version != 0xfeff && version != 0xfefd) || epoch)
		return false;
	octets_take(&octets, 6); /* number of the record */
	record = octets_vector(&octets, 2);
	if (record.cut || octets_left(&record) < DTLS_HEAD || *record.at != CLIENT_HELLO)
		return false;
	memcpy(ret_piece->head, record.at, DTLS_HEAD);
	octets_take(&record, DTLS_HEAD);
	ret_piece->message = (uint16_t)octets_number(&record, 2);
	ret_piece->offset = octets_number(&record, 3);
	piece = octets_vector(&record, 3);
	ret_piece->bytes = piece.at;
	ret_piece->length = octets_left(&piece);
	return !piece.cut;
}
