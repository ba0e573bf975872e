/* SPDX-License-Identifier: MIT */
/* See reverse.h. */
#include "reverse.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool ipv4_is_asked(const uint8_t a[4])
{
	return a[0] != 0 && a[0] != 127 && a[0] < 224 && !(a[0] == 169 && a[1] == 254);
}

bool reverse_is_asked(const uint8_t address[16])
{
	struct in6_addr ip;

	memcpy(&ip, address, sizeof(ip));
	if (IN6_IS_ADDR_V4MAPPED(&ip))
		return ipv4_is_asked(address + 12);
	return !IN6_IS_ADDR_UNSPECIFIED(&ip) && !IN6_IS_ADDR_LOOPBACK(&ip) &&
	       !IN6_IS_ADDR_MULTICAST(&ip) && !IN6_IS_ADDR_LINKLOCAL(&ip);
}

char *reverse_name(const uint8_t address[16], char text[REVERSE_NAME_MAX])
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *a = address + 12;
	struct in6_addr ip;
	char *at = text;

	memcpy(&ip, address, sizeof(ip));
	if (IN6_IS_ADDR_V4MAPPED(&ip)) {
		snprintf(text, REVERSE_NAME_MAX, "%u.%u.%u.%u.in-addr.arpa", a[3], a[2], a[1],
			 a[0]);
		return text;
	}
	for (int i = 15; i >= 0; i--) {
		*at++ = hex[address[i] & 0xf];
		*at++ = '.';
		*at++ = hex[address[i] >> 4];
		*at++ = '.';
	}
	snprintf(at, REVERSE_NAME_MAX - (size_t)(at - text), "ip6.arpa");
	return text;
}
