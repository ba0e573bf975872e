/* SPDX-License-Identifier: MIT */
/* See metrics_address.h. */
#include "metrics_address.h"

#include <stdlib.h>
#include <string.h>

static bool is_port(const char *text)
{
	unsigned long port = strtoul(text, NULL, 10);

	return *text && !text[strspn(text, "0123456789")] && strlen(text) <= 5 && port >= 1 &&
	       port <= 65535;
}

bool metrics_address_parse(const char *text, struct metrics_address *ret_address)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	size_t length = colon ? (size_t)(colon - text) : 0;
	struct metrics_address address = {0};

	if (!is_port(port) || length >= METRICS_ADDRESS_MAX || (colon && !length))
		return false;
	if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length) || memchr(text, '[', length)) {
		return false;
	}
	memcpy(address.host, text, length);
	memcpy(address.port, port, strlen(port));
	*ret_address = address;
	return true;
}
