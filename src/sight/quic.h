/* SPDX-License-Identifier: MIT */
/*
 * Initial packets of QUIC versions 1 and 2 (RFC 9000, 9001, 9369), of drafts and of versions derived
 * from these. Their keys follow from the connection id that the client chose, so anybody on the way can
 * read the client's hello. Pure; any thread.
 */
#ifndef PKTSTAT_QUIC_H
#define PKTSTAT_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_ID_MAX 20
/* Longest packet that is opened; a longer one is left closed. */
#define QUIC_PACKET_MAX 2048

struct quic_id {
	uint8_t length; /* 0: none */
	uint8_t bytes[QUIC_ID_MAX];
};

/* Takes pieces of the handshake; `offset` is their place in it. */
struct quic_sink {
	void (*take)(void *arg, uint64_t offset, const uint8_t *data, size_t length);
	void *arg;
};

/*
 * Opens the client's Initial packets in a datagram and hands their CRYPTO frames to the sink. `id` is
 * the connection id that the keys were made from before, if any; that of the first packet opened is
 * kept there. Returns how many were opened, 0 if it is QUIC without any; -EBADMSG: it is not QUIC.
 */
int quic_read(const uint8_t *datagram, size_t length, struct quic_id *id,
	      const struct quic_sink *sink);

#endif
