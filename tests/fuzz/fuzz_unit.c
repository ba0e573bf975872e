/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the short name of a cgroup path: it fits whatever room there is, and a path
 * that may be printed has a name that may.
 *
 * Input: the room, then the path.
 */
#include "fuzz.h"
#include "fuzz_outside.h"
#include "owner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_exact input, output;
	const char *path;
	char *unit;
	size_t room;

	if (size < 2 || size > 512)
		return 0;
	room = (size_t)data[0] + 1;
	path = fuzz_text(&input, data + 1, size - 1);
	unit = fuzz_room(&output, room);
	check(owner_unit(path, unit, room) == unit);
	check(strnlen(unit, room) < room);
	check(room < OWNER_TEXT_MAX || !outside_is_safe(path) || outside_is_safe(unit));
	return 0;
}
