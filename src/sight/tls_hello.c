/* SPDX-License-Identifier: MIT */
/* Reading a ClientHello, field by field; see tls_hello.h. */
#include "tls_hello.h"

#include <errno.h>
#include <string.h>

#include "octets.h"

enum {
	RECORD_FIRST = 20, /* change of cipher, alert */
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_SIGNATURES = 13,
	EXTENSION_ALPN = 16,
	EXTENSION_VERSIONS = 43,
	EXTENSION_ECH = 0xfe0d,
};

#define RECORD_HEADER 5
#define RECORDS_SEEN  8 /* in one segment: enough to be sure */
#define RECORD_MAX    ((1 << 14) + 256)

/* RFC 8701: both bytes are the same and end in 0xa. */
static bool is_grease(uint16_t number)
{
	return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}

static void add_tls_number(struct tls_numbers *to, uint16_t number)
{
	if (is_grease(number))
		return;
	if (to->count < TLS_NUMBERS_MAX)
		to->number[to->count++] = number;
	else
		to->overflow = true;
}

static void read_tls_numbers(struct octets list, struct tls_numbers *to)
{
	while (octets_left(&list) >= 2)
		add_tls_number(to, (uint16_t)octets_number(&list, 2));
}

static void read_server_name(struct octets data, struct tls_hello *hello)
{
	struct octets list = octets_vector(&data, 2), name;

	hello->has_sni = true;
	while (octets_left(&list)) {
		bool is_host = !octets_number(&list, 1);

		name = octets_vector(&list, 2);
		if (list.cut || !is_host)
			continue;
		host_name_copy(name.at, octets_left(&name), hello->sni);
		return;
	}
}

static void read_alpn(struct octets data, struct tls_hello *hello)
{
	struct octets list = octets_vector(&data, 2);
	struct octets first = octets_vector(&list, 1);
	size_t length = octets_left(&first), i;

	if (list.cut || !length)
		return;
	hello->alpn_first = first.at[0];
	hello->alpn_last = first.at[length - 1];
	for (i = 0; i < length && i < TLS_ALPN_SIZE - 1; i++)
		hello->alpn[i] = first.at[i] > ' ' && first.at[i] < 0x7f ? (char)first.at[i] : '?';
	hello->alpn[i] = '\0';
}

/* DTLS counts down, from 0xfeff for 1.0 (RFC 6347, 4.1). */
static bool is_dtls(uint16_t version)
{
	return version >> 8 == 0xfe;
}

static bool is_newer(uint16_t version, uint16_t than)
{
	return !than || (is_dtls(version) ? version < than : version > than);
}

static void read_versions(struct octets data, struct tls_hello *hello)
{
	struct octets list = octets_vector(&data, 1);
	uint16_t version, highest = 0;

	while (octets_left(&list) >= 2) {
		version = (uint16_t)octets_number(&list, 2);
		if (!is_grease(version) && is_newer(version, highest))
			highest = version;
	}
	if (highest)
		hello->version = highest;
}

static void read_extension(uint16_t type, struct octets data, struct tls_hello *hello)
{
	switch (type) {
	case EXTENSION_SERVER_NAME: read_server_name(data, hello); break;
	case EXTENSION_ALPN: read_alpn(data, hello); break;
	case EXTENSION_VERSIONS: read_versions(data, hello); break;
	case EXTENSION_SIGNATURES:
		read_tls_numbers(octets_vector(&data, 2), &hello->signatures);
		break;
	case EXTENSION_ECH: hello->ech = true; break;
	}
}

static void read_extensions(struct octets *body, struct tls_hello *hello)
{
	struct octets list = octets_vector(body, 2), data;
	uint16_t type;

	list.cut = false; /* of a list that goes on, what is there is read */
	while (octets_left(&list) >= 4) {
		type = (uint16_t)octets_number(&list, 2);
		data = octets_vector(&list, 2);
		if (list.cut)
			return; /* not all of it is there yet */
		add_tls_number(&hello->extensions, type);
		read_extension(type, data, hello);
	}
}

int tls_hello_read(const uint8_t *bytes, size_t length, struct tls_hello *ret_hello)
{
	struct octets message = octets_of(bytes, length), body, list;
	bool is_hello = octets_number(&message, 1) == CLIENT_HELLO;
	size_t whole = octets_number(&message, 3);

	memset(ret_hello, 0, sizeof(*ret_hello));
	if (message.cut)
		return length && *bytes != CLIENT_HELLO ? -EBADMSG : -EAGAIN;
	if (!is_hello || whole > RECORD_MAX)
		return -EBADMSG;
	body = octets_take(&message, whole);
	body.cut = false; /* what is there is read; `message` knows that it is not all */
	ret_hello->version = (uint16_t)octets_number(&body, 2);
	if (!body.cut && ret_hello->version >> 8 != 3 && !is_dtls(ret_hello->version))
		return -EBADMSG;
	octets_take(&body, 32);
	octets_vector(&body, 1); /* session */
	if (is_dtls(ret_hello->version))
		octets_vector(&body, 1); /* cookie */
	list = octets_vector(&body, 2);
	if (octets_left(&list) % 2 && !list.cut)
		return -EBADMSG;
	read_tls_numbers(list, &ret_hello->ciphers);
	octets_vector(&body, 1); /* compression */
	if (!body.cut && octets_left(&body))
		read_extensions(&body, ret_hello);
	if (message.cut)
		return -EAGAIN;
	return body.cut ? -EBADMSG : 0;
}

long tls_records_join(const uint8_t *stream, size_t length, uint8_t *handshake, size_t size)
{
	struct octets records = octets_of(stream, length), fragment;
	size_t used = 0, some;

	while (octets_left(&records) >= RECORD_HEADER) {
		uint32_t type = octets_number(&records, 1), version = octets_number(&records, 2);
		uint32_t record = octets_number(&records, 2);

		if (type != RECORD_HANDSHAKE || version >> 8 != 3 || !record || record > RECORD_MAX)
			return used ? (long)used : -EBADMSG;
		fragment = octets_take(&records, record);
		some = octets_left(&fragment);
		if (some > size - used)
			some = size - used;
		memmove(handshake + used, fragment.at, some);
		used += some;
	}
	return (long)used;
}

static bool begins_message(const uint8_t *stream, size_t length, uint8_t message)
{
	return length > RECORD_HEADER && stream[0] == RECORD_HANDSHAKE && stream[1] == 3 &&
	       stream[2] <= 4 && stream[RECORD_HEADER] == message;
}

bool tls_is_client(const uint8_t *stream, size_t length)
{
	return begins_message(stream, length, CLIENT_HELLO);
}

bool tls_is_server(const uint8_t *stream, size_t length)
{
	return begins_message(stream, length, SERVER_HELLO);
}

bool tls_is_data(const uint8_t *bytes, size_t length, size_t whole)
{
	struct octets octets = octets_of(bytes, length);
	size_t end = 0;

	if (!length || *bytes != RECORD_DATA)
		return false;
	/* One record that fills the segment, or another one's header behind it. */
	for (int records = 0; end < whole && records < RECORDS_SEEN; records++) {
		uint32_t type = octets_number(&octets, 1), version = octets_number(&octets, 2);
		uint32_t size = octets_number(&octets, 2);

		if (octets.cut)
			return false;
		if (type < RECORD_FIRST || type > RECORD_DATA || version < 0x0301 ||
		    version > 0x0303 || !size || size > RECORD_MAX)
			return false;
		octets_take(&octets, size);
		end += RECORD_HEADER + size;
		if (end > whole)
			return records > 0;
	}
	return true;
}
