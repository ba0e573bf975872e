/* SPDX-License-Identifier: MIT */
/* A line of text in version 1, a length in version 2; see proxy_head.h. */
#include "proxy_head.h"

#include <string.h>

#include "octets.h"

#define LINE_MAX_BYTES 107 /* with its end */

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

static size_t line_length(const uint8_t *stream, size_t length)
{
	const uint8_t *end;

	end = memmem(stream, length < LINE_MAX_BYTES ? length : LINE_MAX_BYTES, "\r\n", 2);
	return end ? (size_t)(end - stream) + 2 : 0;
}

size_t proxy_head_length(const uint8_t *stream, size_t length)
{
	struct octets octets = octets_of(stream, length);

	if (octets_begin(&octets, "PROXY "))
		return line_length(stream, length);
	if (length < sizeof(signature) - 1 || memcmp(stream, signature, sizeof(signature) - 1) != 0)
		return 0;
	octets_take(&octets,
		    sizeof(signature) - 1 + 2); /* version and command, family and protocol */
	octets_vector(&octets, 2);
	return octets.cut ? 0 : (size_t)(octets.at - stream);
}
