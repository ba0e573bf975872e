/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the short name of a cgroup path: it fits whatever room there is, and a path
 * that may be printed has a name that may.
 *
 * Input: the room, then the path.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_outside.h"
#include "owner.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[512], *unit;
	size_t room;

	if (size < 2 || size > sizeof(path))
		return 0;
	room = (size_t)data[0] + 1;
	memcpy(path, data + 1, size - 1);
	path[size - 1] = '\0';
	unit = malloc(room); /* so that one byte too many is seen */
	check(unit && owner_unit(path, unit, room) == unit);
	check(strnlen(unit, room) < room);
	check(room < OWNER_TEXT_MAX || !outside_is_safe(path) || outside_is_safe(unit));
	free(unit);
	return 0;
}
