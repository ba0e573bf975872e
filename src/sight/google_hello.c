/* SPDX-License-Identifier: MIT */
/* Pairs of a tag and where its value ends, then the values; see google_hello.h. */
#include "google_hello.h"

#include <ctype.h>
#include <string.h>

#include "octets.h"

/* Public flags: a version and eight bytes of connection id; the long header comes with Q044. */
#define PUBLIC_FLAGS 0x09
#define LONG_HEADER  0x80
/* Bytes between the version and the message: packet number, digest, the head of a frame. */
#define HEADERS_MAX 64
#define TAGS_MAX    128

static const char hello_tag[] = "CHLO";

/* Numbers are in the order of Intel's processors. */
static uint32_t read_little(struct octets *from, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= octets_number(from, 1) << (8 * i);
	return value;
}

static bool has_version(const struct octets *octets)
{
	return octets_left(octets) >= 4 && octets->at[0] == 'Q' && octets->at[1] == '0' &&
	       isdigit(octets->at[2]) && isdigit(octets->at[3]);
}

size_t google_hello_find(const uint8_t *datagram, size_t length, const uint8_t **ret_message)
{
	struct octets octets = octets_of(datagram, length), headers;
	uint32_t flags = octets_number(&octets, 1);
	const uint8_t *found;

	if (!(flags & LONG_HEADER)) {
		if ((flags & PUBLIC_FLAGS) != PUBLIC_FLAGS)
			return 0;
		octets_take(&octets, 8); /* connection id */
	}
	if (!has_version(&octets))
		return 0;
	headers = octets_take(&octets, HEADERS_MAX);
	found = memmem(headers.at, octets_left(&headers), hello_tag, strlen(hello_tag));
	if (!found)
		return 0;
	*ret_message = found;
	return (size_t)(datagram + length - found);
}

bool google_hello_read(const uint8_t *message, size_t length, char name[HOST_NAME_SIZE])
{
	struct octets octets = octets_of(message, length), values;
	uint32_t tags, begin = 0;

	*name = '\0';
	if (!octets_begin(&octets, hello_tag))
		return false;
	octets_take(&octets, strlen(hello_tag));
	tags = read_little(&octets, 2);
	octets_take(&octets, 2);
	values = octets;
	if (tags > TAGS_MAX)
		return false;
	octets_take(&values, (size_t)tags * 8);
	while (tags-- && !octets.cut) {
		bool is_name = octets_begin(&octets, "SNI");
		uint32_t end;

		octets_take(&octets, 4);
		end = read_little(&octets, 4);
		if (is_name && end >= begin && end <= octets_left(&values)) {
			host_name_copy(values.at + begin, end - begin, name);
			break;
		}
		begin = end;
	}
	return true;
}
