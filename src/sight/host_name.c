/* SPDX-License-Identifier: MIT */
/* RFC 1123, 2.1, with the underscore that service names have; see host_name.h. */
#include "host_name.h"

#include <string.h>

#define LABEL_MAX 63

static bool is_decimal(char c)
{
	return c >= '0' && c <= '9';
}

/* Of one byte of a name; 0: it has no place there. */
static char to_name_character(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || is_decimal(c) || c == '-' || c == '_' || c == '.')
		return c;
	return 0;
}

/* No top-level domain is a number (RFC 3696, 2), but the last part of an IPv4 address is one. */
static bool ends_in_number(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last ? last + 1 : name;
	return strspn(last, "0123456789") == strlen(last);
}

static bool has_good_labels(const char *name)
{
	size_t length;

	for (;; name += length + 1) {
		length = strcspn(name, ".");
		if (!length || length > LABEL_MAX)
			return false;
		if (!name[length])
			return true;
	}
}

bool host_name_copy(const void *from, size_t length, char name[HOST_NAME_SIZE])
{
	const char *text = from;
	size_t i;

	*name = '\0';
	if (length && text[length - 1] == '.')
		length--;
	if (!length || length >= HOST_NAME_SIZE)
		return false;
	for (i = 0; i < length; i++) {
		name[i] = to_name_character(text[i]);
		if (!name[i])
			break;
	}
	name[i] = '\0';
	if (i == length && has_good_labels(name) && !ends_in_number(name))
		return true;
	*name = '\0';
	return false;
}
