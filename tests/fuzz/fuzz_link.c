/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for what rtnetlink says of interfaces: any message that is as long as it says
 * describes an interface with a name that ends, or nothing.
 *
 * Input: a message, the lengths in it wrong or right; the outermost is put right, as the kernel's is.
 */
#include <linux/rtnetlink.h>

#include "fuzz.h"
#include "link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_exact exact;
	struct link_info info = {.index = 0};
	struct nlmsghdr *message;
	enum link_event event;

	if (size < sizeof(*message) || size > 4096)
		return 0;
	message = fuzz_copy(&exact, data, size);
	message->nlmsg_len = (uint32_t)size;
	event = link_parse(message, &info);
	if (event != LINK_OTHER) {
		check(memchr(info.name, '\0', sizeof(info.name)) && info.index > 0);
		check(event != LINK_NEW || *info.name);
		check(!info.parent || info.kind == LINK_CHILD);
	}
	return 0;
}
