/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the command line: any words are options within their bounds, or refused in
 * one sentence that may be printed.
 *
 * Input: the words, each with a zero byte behind it.
 */
#include "fuzz.h"
#include "fuzz_outside.h"
#include "options.h"

#define WORDS_MAX 64

static int split(char *text, size_t size, char *argv[WORDS_MAX])
{
	int argc = 1;

	for (char *at = text; at < text + size && argc < WORDS_MAX - 1; at += strlen(at) + 1)
		argv[argc++] = at;
	argv[argc] = NULL;
	return argc;
}

FUZZ_JUDGE static void check_options(const struct options *options)
{
	check(options->ifaces <= FLOW_IFACES_MAX);
	for (size_t i = 0; i < options->ifaces; i++)
		check(memchr(options->iface[i], '\0', sizeof(options->iface[i])) && *options->iface[i]);
	check(options->refresh_ns >= OPTIONS_REFRESH_MIN_NS &&
	      options->refresh_ns <= OPTIONS_REFRESH_MAX_NS);
	check(options->max_flows >= 256 && options->max_flows <= 33554432);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_exact exact;
	char name[] = "pktstat-bpf", why[OPTIONS_WHY_MAX] = "", *text;
	char *argv[WORDS_MAX] = {name};
	struct options options;
	int argc;

	if (size >= 1024)
		return 0;
	text = fuzz_text(&exact, data, size);
	argc = split(text, size, argv);
	switch (options_parse(argc, argv, &options, why, sizeof(why))) {
	case OPTIONS_RUN: check_options(&options); break;
	case OPTIONS_USAGE: check(*why && outside_is_safe(why)); break;
	case OPTIONS_HELP:
	case OPTIONS_VERSION: break;
	default: abort();
	}
	return 0;
}
