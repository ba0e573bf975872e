/* SPDX-License-Identifier: MIT */
/* UDP: answers of DNS, hellos of QUIC, media streams, and signatures. See inspect.h. */
#include <string.h>

#include "array.h"
#include "dtls_piece.h"
#include "google_hello.h"
#include "inspect_private.h"
#include "octets.h"
#include "signature.h"
#include "tls_hello.h"

/* Ports that speak DNS, and what it is called there. */
static const struct {
	uint16_t port;
	enum application application;
} dns_ports[] = {
	{53, APPLICATION_DNS},
	{5353, APPLICATION_MDNS},
	{5355, APPLICATION_LLMNR},
	{137, APPLICATION_NBNS},
};

static enum application dns_of_ports(const struct flow_key *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(dns_ports); i++) {
		if (key->sport == dns_ports[i].port || key->dport == dns_ports[i].port)
			return dns_ports[i].application;
	}
	return APPLICATION_UNKNOWN;
}

/* On other ports than its own, a message has to be one to the last byte. */
static bool take_dns(struct inspect_case *now)
{
	enum application application = dns_of_ports(&now->packet->key);
	bool elsewhere = application == APPLICATION_UNKNOWN;
	struct dns_message message;

	if (elsewhere && now->of->finding.application != APPLICATION_UNKNOWN &&
	    now->of->finding.application != APPLICATION_DNS)
		return false;
	if (dns_message_read(now->packet->bytes, now->packet->length, &message))
		return false;
	if (elsewhere && (!message.whole || !*message.name))
		return false;
	inspect_found(now, elsewhere ? APPLICATION_DNS : application);
	if (application != APPLICATION_NBNS) /* its names are encoded (RFC 1001) */
		inspect_learn_dns(now, &message);
	return true;
}

/* Pieces of a handshake go to the pool; where its start is. */
struct quic_stream {
	struct inspect_case *now;
	const uint8_t *bytes;
	size_t length;
};

static void take_crypto(void *arg, uint64_t offset, const uint8_t *data, size_t length)
{
	struct quic_stream *stream = arg;

	stream->length = hello_pool_add(stream->now->inspect->pool, inspect_stream(stream->now),
					offset, data, length, &stream->bytes);
}

static void read_quic_hello(struct inspect_case *now, const uint8_t *bytes, size_t length)
{
	struct tls_hello hello;
	char name[HOST_NAME_SIZE];
	int err;

	if (google_hello_read(bytes, length, name)) {
		inspect_named(now, !now->from, name);
		now->of->side[now->from].finished |= *name;
		return;
	}
	err = tls_hello_read(bytes, length, &hello);
	if (!err || *hello.sni)
		inspect_hello(now, &hello, !err, true);
}

/* Google's QUIC of before it was encrypted. */
static bool take_google_hello(struct inspect_case *now)
{
	const uint8_t *message;
	size_t length = google_hello_find(now->packet->bytes, now->packet->length, &message);

	if (!length)
		return false;
	inspect_found(now, APPLICATION_QUIC);
	read_quic_hello(now, message, length);
	return true;
}

static bool take_quic(struct inspect_case *now)
{
	struct inspect_side *side = &now->of->side[now->from];
	struct quic_stream stream = {.now = now};
	const struct quic_sink sink = {.take = take_crypto, .arg = &stream};

	if (now->of->finding.application != APPLICATION_UNKNOWN && !now->of->quic.length &&
	    now->of->finding.application != APPLICATION_QUIC)
		return false;
	if (quic_read(now->packet->bytes, now->packet->length, &now->of->quic, &sink) < 0)
		return take_google_hello(now);
	if (now->of->finding.application == APPLICATION_UNKNOWN)
		inspect_found(now, APPLICATION_QUIC);
	if (side->finished || !stream.length)
		return true;
	read_quic_hello(now, stream.bytes, stream.length);
	if (side->finished)
		hello_pool_end(now->inspect->pool, inspect_stream(now));
	return true;
}

/* Pieces of one message are put together; one with another number has other bytes. */
static void take_dtls_hello(struct inspect_case *now)
{
	struct inspect_side *side = &now->of->side[now->from];
	struct hello_pool *pool = now->inspect->pool;
	uint64_t stream = inspect_stream(now);
	struct dtls_piece piece;
	struct tls_hello hello;
	const uint8_t *bytes;
	size_t length;
	int err;

	if (side->finished || !dtls_piece_read(now->packet->bytes, now->packet->length, &piece))
		return;
	if (side->dtls_message != piece.message)
		hello_pool_end(pool, stream);
	side->dtls_message = piece.message;
	hello_pool_add(pool, stream, 0, piece.head, DTLS_HEAD, &bytes);
	length = hello_pool_add(pool, stream, DTLS_HEAD + piece.offset, piece.bytes, piece.length,
				&bytes);
	err = tls_hello_read(bytes, length, &hello);
	if (!err || *hello.sni)
		inspect_hello(now, &hello, !err, false);
	if (side->finished)
		hello_pool_end(pool, stream);
}

/*
 * RTP (RFC 3550, 5.1 and A.1) has no bytes of its own: three packets in a row with one source and
 * ascending numbers.
 */
#define RTP_IN_A_ROW 3

static bool take_rtp(struct inspect_case *now)
{
	struct inspect_side *side = &now->of->side[now->from];
	struct octets octets = octets_of(now->packet->bytes, now->packet->length);
	uint32_t first = octets_number(&octets, 1), type = octets_number(&octets, 1) & 0x7f;
	uint16_t sequence = (uint16_t)octets_number(&octets, 2);
	uint32_t source;

	octets_take(&octets, 4); /* time */
	source = octets_number(&octets, 4);
	if (octets.cut || first >> 6 != 2 || (type >= 72 && type <= 76) ||
	    now->packet->key.sport < 1024 || now->packet->key.dport < 1024) {
		side->rtp = 0;
		return false;
	}
	if (side->rtp && source == side->rtp_source &&
	    (uint16_t)(sequence - side->rtp_sequence) == 1)
		side->rtp++;
	else
		side->rtp = 1;
	side->rtp_source = source;
	side->rtp_sequence = sequence;
	if (side->rtp == RTP_IN_A_ROW)
		inspect_found(now, APPLICATION_RTP);
	return side->rtp >= RTP_IN_A_ROW;
}

void inspect_udp(struct inspect_case *now)
{
	const struct inspect_packet *packet = now->packet;
	const struct payload payload = {packet->bytes, packet->length,	  packet->whole,
					false,	       packet->key.sport, packet->key.dport};

	if (!packet->length || take_dns(now) || take_quic(now))
		return;
	if (now->of->finding.application == APPLICATION_UNKNOWN)
		inspect_found(now, signature_find(&payload));
	take_dtls_hello(now);
	if (now->of->finding.application == APPLICATION_UNKNOWN)
		take_rtp(now);
}
