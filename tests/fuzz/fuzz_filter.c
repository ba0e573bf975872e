/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for filters: any text is read or refused with a place inside it, and what was
 * read answers for any flow, the same each time.
 *
 * Input: a flow's key, then the text. The flow has an owner with hostile texts, and its
 * interface a name.
 */
#include "filter.h"
#include "fuzz.h"
#include "one_iface.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_exact exact;
	static struct services *services; /* constant: the system's */
	struct flow_key key = {0};
	static const struct owner owner = {.pid = 1234,
					   .uid = 33,
					   .comm = "evil\x1b[2J\xff",
					   .exe = "/usr/bin/evil\x1b[2J\xff",
					   .user = "www-data",
					   .cgroup = "/system.slice/web.service",
					   .unit = "web.service"};
	struct filter_subject subject = {.key = &key, .bps = -1.0, .pps = 1e6, .owner = &owner};
	const char *text;
	char why[40];
	struct filter *filter = NULL;
	struct ifaces *ifaces;
	size_t column = SIZE_MAX;
	int err;

	if (size < sizeof(key))
		return 0;
	memcpy(&key, data, sizeof(key));
	data += sizeof(key);
	size -= sizeof(key);
	if (size >= 2UL * FILTER_TEXT_MAX)
		return 0;
	text = fuzz_text(&exact, data, size);
	check(services || !services_new(&services));
	check(!ifaces_new_one("eth0", &ifaces));
	subject.ifaces = ifaces;
	err = filter_parse_named(text, services, &filter, why, sizeof(why), &column);
	check(err || !filter_is_text(filter) || filter_uses_names(filter));
	check(err || filter_match(filter, &subject) == filter_match(filter, &subject));
	check(!err || (column <= strlen(text) && *why));
	filter_free(filter);
	ifaces_unref(ifaces);
	return 0;
}
