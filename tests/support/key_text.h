/* SPDX-License-Identifier: MIT */
/* A flow key as text for a failing test; raw numbers, so that it leans on nothing under test. */
#ifndef TESTS_KEY_TEXT_H
#define TESTS_KEY_TEXT_H

#include <arpa/inet.h>
#include <stdio.h>

#include "flow_abi.h"

#define KEY_TEXT_MAX 192

static inline char *key_text(const struct flow_key *key, char text[KEY_TEXT_MAX])
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, key->src, src, sizeof(src));
	inet_ntop(AF_INET6, key->dst, dst, sizeof(dst));
	snprintf(text, KEY_TEXT_MAX, "ethertype 0x%04x proto %u %s > %s numbers %u %u where %u",
		 key->ethertype, key->ipproto, src, dst, key->sport, key->dport, key->where);
	return text;
}

#endif
