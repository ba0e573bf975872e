/* SPDX-License-Identifier: MIT */
/* Networks given by --local; see local_nets.h. */
#include "local_nets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_BITS_BEFORE 96 /* of ::ffff:0:0/96 */

static bool parse_local_net(const char *text, size_t length, struct local_net *net)
{
	char copy[INET6_ADDRSTRLEN + 4], *slash, *end;
	unsigned int before = 0;
	unsigned long bits;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	*net = (struct local_net){.address = {[10] = 0xff, [11] = 0xff}, .bits = 128};
	if (inet_pton(AF_INET, copy, &net->address[12]) == 1)
		before = IPV4_BITS_BEFORE;
	else if (inet_pton(AF_INET6, copy, net->address) != 1)
		return false;
	if (!slash)
		return true;
	bits = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end || bits > 128 - before)
		return false;
	net->bits = (unsigned int)bits + before;
	return true;
}

int local_nets_add(struct local_nets *nets, const char *text, const char **ret_wrong,
		   size_t *ret_length)
{
	for (;;) {
		size_t length = strcspn(text, ",");

		if (nets->count == LOCAL_NETS_MAX)
			return -E2BIG;
		if (!parse_local_net(text, length, &nets->net[nets->count])) {
			*ret_wrong = text;
			*ret_length = length;
			return -EINVAL;
		}
		nets->count++;
		if (!text[length])
			return 0;
		text += length + 1;
	}
}

static bool net_has(const struct local_net *net, const uint8_t address[16])
{
	unsigned int bytes = net->bits / 8, rest = net->bits % 8;

	return !memcmp(net->address, address, bytes) &&
	       (!rest || !((net->address[bytes] ^ address[bytes]) >> (8 - rest)));
}

enum flow_dir local_nets_dir(const struct local_nets *nets, const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return FLOW_IN;
	for (size_t i = 0; i < nets->count; i++) {
		if (net_has(&nets->net[i], key->src))
			return FLOW_OUT;
	}
	return FLOW_IN;
}
