/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for durations: any text is a duration within the bounds or refused with a
 * reason, and what is read is read the same with a sign before it.
 */
#include <errno.h>
#include <stdio.h>

#include "format.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_exact exact;
	const char *text;
	char again[260];
	uint64_t ns = 0, same = 0;
	const char *why = NULL;
	int err;

	if (size >= 256)
		return 0;
	text = fuzz_text(&exact, data, size);
	err = duration_parse(text, &ns, &why);
	if (err) {
		check((err == -ERANGE || err == -EINVAL) && why && *why && !ns);
		return 0;
	}
	check(ns <= DURATION_MAX_NS);
	snprintf(again, sizeof(again), "+%s", text);
	check(*text == '+' || *text == '-' || (!duration_parse(again, &same, &why) && same == ns));
	return 0;
}
