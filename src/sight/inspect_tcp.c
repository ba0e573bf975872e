/* SPDX-License-Identifier: MIT */
/*
 * TCP: who began, how long the handshake took, and the start of both streams. A stream is kept while
 * its start can still become a hello, a request or an answer of DNS. See inspect.h.
 */
#include <string.h>

#include "http_host.h"
#include "inspect_private.h"
#include "proxy_head.h"
#include "signature.h"
#include "tls_hello.h"

#define PORT_DNS      53
#define RECORD_HELLO  22 /* first byte of a handshake record of TLS */
#define DNS_SIZE_HEAD 2	 /* RFC 1035, 4.2.2 */
/* A stream begins at most so far before a byte that was seen of it. */
#define STREAM_WINDOW HELLO_BYTES_MAX

static uint32_t microseconds(uint64_t ns)
{
	return ns / 1000 < UINT32_MAX ? (uint32_t)(ns / 1000) : UINT32_MAX;
}

/* The same tuple again: another SYN, with another sequence number. */
static bool is_new_connection(const struct inspect_case *now)
{
	const struct inspect_side *side = &now->of->side[now->from];

	return side->synchronized && side->start != now->packet->sequence + 1;
}

static void restart(struct inspect_case *now)
{
	const struct flow_key key = now->of->finding.key;

	*now->of = (struct inspect_conversation){.serial = ++now->inspect->serials,
						 .finding = {.key = key}};
	inspect_ask_dns(now, !now->from);
}

static void set_initiator(struct inspect_case *now, unsigned int side)
{
	now->of->finding.initiator = side ? SIGHT_END_DESTINATION : SIGHT_END_SOURCE;
	now->changed = true;
}

static void note_start(struct inspect_case *now)
{
	struct inspect_side *side = &now->of->side[now->from];

	side->synchronized = true;
	side->start = now->packet->sequence + 1;
}

/* A SYN that is sent again makes the time of its answer ambiguous; seen on another interface, not. */
static void take_syn(struct inspect_case *now)
{
	struct inspect_conversation *of = now->of;

	if (is_new_connection(now))
		restart(now);
	if (of->syn_ns) {
		of->syn_repeated |= of->syn_where == now->packet->key.where;
		return;
	}
	note_start(now);
	of->syn_ns = now->packet->time_ns;
	of->syn_where = now->packet->key.where;
	set_initiator(now, now->from);
}

static void take_syn_ack(struct inspect_case *now)
{
	struct inspect_conversation *of = now->of;

	if (of->answer_ns)
		return;
	note_start(now);
	set_initiator(now, !now->from);
	of->answer_ns = now->packet->time_ns;
	if (of->syn_ns && !of->syn_repeated && of->answer_ns > of->syn_ns)
		of->finding.server_rtt_us = microseconds(of->answer_ns - of->syn_ns);
}

/* The first ACK of who began: the way to the client and back has passed since the SYN-ACK. */
static void take_ack(struct inspect_case *now)
{
	struct inspect_conversation *of = now->of;
	unsigned int client = of->finding.initiator == SIGHT_END_DESTINATION;

	if (now->packet->untimed || !of->answer_ns || of->finding.client_rtt_us ||
	    now->from != client || now->packet->time_ns < of->answer_ns)
		return;
	of->finding.client_rtt_us = microseconds(now->packet->time_ns - of->answer_ns);
	if (!of->finding.client_rtt_us)
		of->finding.client_rtt_us = 1;
	now->changed = true;
}

/* What the start of a stream says. True if more of it would say more. */
static bool read_tls(struct inspect_case *now, const uint8_t *bytes, size_t length)
{
	uint8_t handshake[HELLO_BYTES_MAX];
	struct tls_hello hello;
	long joined;
	int err;

	if (tls_is_server(bytes, length)) {
		if (!now->of->finding.application)
			inspect_found(now, APPLICATION_TLS);
		return false;
	}
	joined = tls_records_join(bytes, length, handshake, sizeof(handshake));
	if (joined < 0)
		return false;
	err = tls_hello_read(handshake, (size_t)joined, &hello);
	if (err && !hello.version)
		return length < 16;
	if (!err || *hello.sni)
		inspect_hello(now, &hello, !err, false);
	return err != 0;
}

static bool read_request(struct inspect_case *now, const uint8_t *bytes, size_t length)
{
	char host[HOST_NAME_SIZE];

	if (!http_host_read(bytes, length, host))
		return false;
	inspect_found(now, APPLICATION_HTTP);
	inspect_named(now, !now->from, host);
	return !*host && !memmem(bytes, length, "\r\n\r\n", 4);
}

/* Of a long message, what is there may be all that comes. */
static bool read_dns_stream(struct inspect_case *now, const uint8_t *bytes, size_t length)
{
	struct dns_message message;
	size_t size, there;

	if (length < DNS_SIZE_HEAD)
		return true;
	size = (size_t)bytes[0] << 8 | bytes[1];
	there = length - DNS_SIZE_HEAD < size ? length - DNS_SIZE_HEAD : size;
	if (dns_message_read(bytes + DNS_SIZE_HEAD, there, &message))
		return there < size;
	inspect_found(now, APPLICATION_DNS);
	inspect_learn_dns(now, &message);
	return there < size;
}

static bool has_port(const struct inspect_case *now, uint16_t port)
{
	return now->packet->key.sport == port || now->packet->key.dport == port;
}

static bool read_start(struct inspect_case *now, const uint8_t *bytes, size_t length)
{
	const struct payload payload = {bytes,
					length,
					now->packet->whole > length ? now->packet->whole : length,
					true,
					now->packet->key.sport,
					now->packet->key.dport};
	bool more;

	if (!length)
		return true; /* its first bytes come later */
	if (*bytes == RECORD_HELLO)
		return read_tls(now, bytes, length);
	if (has_port(now, PORT_DNS))
		return read_dns_stream(now, bytes, length);
	more = read_request(now, bytes, length);
	if (now->of->finding.application == APPLICATION_UNKNOWN)
		inspect_found(now, signature_find(&payload));
	return more;
}

/*
 * Where in its stream the payload begins. A stream that began before it was seen has its start at the
 * first payload, if that looks like a hello.
 */
static bool place_payload(struct inspect_case *now, uint32_t *ret_offset)
{
	struct inspect_side *side = &now->of->side[now->from];
	const struct inspect_packet *packet = now->packet;

	if (!side->synchronized) {
		side->synchronized = true;
		side->start = packet->sequence;
	}
	*ret_offset = packet->sequence - side->start;
	return *ret_offset < STREAM_WINDOW;
}

/* The stream begins again at this payload. */
static void begin_again(struct inspect_case *now)
{
	struct inspect_side *side = &now->of->side[now->from];

	side->start = now->packet->sequence;
	side->begun = side->finished = false;
	hello_pool_end(now->inspect->pool, inspect_stream(now));
}

/*
 * A hello behind what another protocol said first: STARTTLS, PostgreSQL's request for TLS, SOCKS. It
 * begins a segment. So does a request of HTTP behind what nobody knows.
 */
static void find_late_hello(struct inspect_case *now)
{
	const struct inspect_side *side = &now->of->side[now->from];
	const struct inspect_packet *packet = now->packet;
	char host[HOST_NAME_SIZE];

	if (now->of->finding.tls_version || !side->begun || packet->sequence == side->start)
		return;
	if (tls_is_client(packet->bytes, packet->length) ||
	    (now->of->finding.application == APPLICATION_UNKNOWN &&
	     http_host_read(packet->bytes, packet->length, host)))
		begin_again(now);
}

/* What a proxy says of its client comes first, also in the same segment: the stream begins behind it. */
static void pass_proxy_head(const struct inspect_case *now, struct inspect_packet *behind)
{
	struct inspect_side *side = &now->of->side[now->from];
	size_t head;

	if (side->begun || (side->synchronized && behind->sequence != side->start))
		return;
	head = proxy_head_length(behind->bytes, behind->length);
	behind->bytes += head;
	behind->length -= head;
	behind->whole -= head;
	behind->sequence += (uint32_t)head;
	if (side->synchronized)
		side->start += (uint32_t)head;
}

static void read_payload(struct inspect_case *now)
{
	struct inspect_side *side = &now->of->side[now->from];
	const uint8_t *bytes;
	uint32_t offset;
	size_t length;

	if (side->finished || !place_payload(now, &offset))
		return;
	/* Mostly one packet says it all, and nothing has to be kept. */
	if (!offset && !side->begun) {
		side->begun = true;
		side->finished = !read_start(now, now->packet->bytes, now->packet->length);
		if (side->finished)
			return;
	}
	length = hello_pool_add(now->inspect->pool, inspect_stream(now), offset, now->packet->bytes,
				now->packet->length, &bytes);
	if (read_start(now, bytes, length) && length < HELLO_BYTES_MAX)
		return;
	side->finished = true;
	hello_pool_end(now->inspect->pool, inspect_stream(now));
}

static void take_payload(struct inspect_case *now)
{
	const struct inspect_packet *packet = now->packet;

	if (now->of->finding.application == APPLICATION_UNKNOWN &&
	    tls_is_data(packet->bytes, packet->length, packet->whole))
		inspect_found(now, APPLICATION_TLS);
	find_late_hello(now);
	read_payload(now);
}

static void take_behind_proxy_head(struct inspect_case *now)
{
	struct inspect_packet packet = *now->packet;
	struct inspect_case behind = *now;

	behind.packet = &packet;
	pass_proxy_head(now, &packet);
	if (packet.length)
		take_payload(&behind);
	now->changed = behind.changed;
}

void inspect_tcp(struct inspect_case *now)
{
	uint8_t flags = now->packet->flags & (INSPECT_SYN | INSPECT_ACK | INSPECT_RST);

	if (flags == INSPECT_SYN)
		take_syn(now);
	else if (flags == (INSPECT_SYN | INSPECT_ACK))
		take_syn_ack(now);
	else if (flags == INSPECT_ACK)
		take_ack(now);
	if (now->packet->length && !(flags & (INSPECT_SYN | INSPECT_RST)))
		take_behind_proxy_head(now);
}
