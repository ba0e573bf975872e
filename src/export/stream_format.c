/* SPDX-License-Identifier: MIT */
/* Names of the formats; see stream_format.h. */
#include "stream_format.h"

#include <string.h>

static const char *const format_names[STREAM_FORMATS] = {
	[STREAM_JSONL] = "jsonl",
	[STREAM_CSV] = "csv",
	[STREAM_TEXT] = "text",
};

const char *stream_format_name(enum stream_format format)
{
	return format_names[format];
}

int stream_format_of_name(const char *name, size_t length)
{
	for (int i = 0; i < STREAM_FORMATS; i++) {
		if (strlen(format_names[i]) == length && !memcmp(format_names[i], name, length))
			return i;
	}
	return -1;
}
