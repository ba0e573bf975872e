/* SPDX-License-Identifier: MIT */
/* Reading where flow records go; see ipfix_target.h. */
#include "ipfix_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char why_host[] = "the host is missing; give for example collector:4739";
static const char why_long[] = "the host name is too long";
static const char why_port[] = "the port must be a number from 1 to 65535";
static const char why_bracket[] = "missing ]";
static const char why_behind[] = "after ] expected :PORT, ,udp or ,tcp";
static const char why_transport[] = "after the comma expected udp or tcp";

/* Copies so many bytes; false if they do not fit. */
static bool copy_part(char *to, size_t size, const char *from, size_t length)
{
	if (length >= size)
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

static bool set_port(struct ipfix_target *target, const char *from, size_t length)
{
	size_t digits = strspn(from, "0123456789");
	unsigned long number;

	if (digits != length || !copy_part(target->port, sizeof(target->port), from, length))
		return false;
	number = strtoul(target->port, NULL, 10);
	return number >= 1 && number <= 65535;
}

/* The host and port in the first `length` bytes: NULL, or what is wrong. */
static const char *set_place(struct ipfix_target *target, const char *text, size_t length)
{
	bool bracket = length && *text == '[';
	const char *end = memchr(text, bracket ? ']' : ':', length), *port = NULL;
	size_t host = length;

	if (bracket) {
		if (!end)
			return why_bracket;
		text++;
		host = (size_t)(end - text);
		length--;
		if (host + 1 < length && text[host + 1] != ':')
			return why_behind;
		if (host + 1 < length)
			port = text + host + 2;
	} else if (end && !memchr(end + 1, ':', length - (size_t)(end + 1 - text))) {
		/* With more colons it is an IPv6 address. */
		host = (size_t)(end - text);
		port = end + 1;
	}
	if (!host)
		return why_host;
	if (!copy_part(target->host, sizeof(target->host), text, host))
		return why_long;
	if (port && !set_port(target, port, (size_t)(text + length - port)))
		return why_port;
	return NULL;
}

int ipfix_target_parse(const char *text, struct ipfix_target *ret_target, const char **ret_why)
{
	struct ipfix_target target = {.port = IPFIX_PORT};
	size_t length = strcspn(text, ",");
	const char *why = set_place(&target, text, length);

	if (!why && text[length]) {
		target.tcp = !strcmp(text + length, ",tcp");
		if (!target.tcp && strcmp(text + length, ",udp") != 0)
			why = why_transport;
	}
	if (why) {
		*ret_why = why;
		return -EINVAL;
	}
	*ret_target = target;
	return 0;
}
