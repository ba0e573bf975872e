/* SPDX-License-Identifier: MIT */
/* The formats of --stream. Pure; any thread. */
#ifndef PKTSTAT_STREAM_FORMAT_H
#define PKTSTAT_STREAM_FORMAT_H

#include <stddef.h>

enum stream_format {
	STREAM_JSONL,
	STREAM_CSV,
	STREAM_TEXT,
	STREAM_FORMATS,
};

/* Its name; and the format with the name that is `length` bytes at `name`, or -1. */
const char *stream_format_name(enum stream_format format);
int stream_format_of_name(const char *name, size_t length);

#endif
