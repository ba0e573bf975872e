/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the escaping of untrusted text: whatever the bytes and however little room
 * there is, what comes out fits, may be printed, stays as it is when made safe again, and is a JSON
 * string that reads as the same.
 *
 * Input: the room, then the text.
 */
#include <jansson.h>

#include "format.h"
#include "fuzz.h"
#include "fuzz_outside.h"

#define FROM_MAX 512

FUZZ_JUDGE static void check_json(const char *text)
{
	json_t *value = json_string(text), *again;
	char *line;

	check(value);
	line = json_dumps(value, JSON_ENCODE_ANY);
	check(line);
	again = json_loads(line, JSON_DECODE_ANY, NULL);
	check(again && !strcmp(json_string_value(again), text));
	json_decref(again);
	json_decref(value);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_exact input, output;
	char twice[4 * FROM_MAX], *text;
	const char *from;
	size_t room;

	if (size < 2 || size > FROM_MAX)
		return 0;
	room = ((size_t)data[0] << 3) + 1;
	from = fuzz_text(&input, data + 1, size - 1);
	text = fuzz_room(&output, room);
	check(format_outside(from, text, room) == text);
	check(strnlen(text, room) < room && outside_is_safe(text));
	check(!strcmp(format_outside(text, twice, sizeof(twice)), text));
	check_json(text);
	return 0;
}
