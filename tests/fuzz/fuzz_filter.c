/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for filters: any text is read or refused with a place inside it, and what was
 * read answers for any flow, the same each time.
 *
 * Input: a flow's key and counts, then the text.
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_key key = {0};
	struct filter_subject subject = {.key = &key, .bps = -1.0, .pps = 1e6};
	char text[2 * FILTER_TEXT_MAX], why[40];
	struct filter *filter = NULL;
	size_t column = SIZE_MAX;
	int err;

	if (size < sizeof(key))
		return 0;
	memcpy(&key, data, sizeof(key));
	data += sizeof(key);
	size -= sizeof(key);
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	err = filter_parse(text, &filter, why, sizeof(why), &column);
	check(err || filter_match(filter, &subject) == filter_match(filter, &subject));
	check(!err || (column <= strlen(text) && *why));
	filter_free(filter);
	return 0;
}
