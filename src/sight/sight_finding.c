/* SPDX-License-Identifier: MIT */
/* Keys of conversations, and what of a finding can be checked without its packet; see sight_finding.h. */
#include "sight_finding.h"

#include <netinet/in.h>
#include <string.h>

#include "application.h"
#include "sight.h"

static bool is_turned(const struct flow_key *key)
{
	int order = memcmp(key->src, key->dst, sizeof(key->src));

	return order > 0 || (!order && key->sport > key->dport);
}

struct flow_key sight_key(const struct flow_key *key, bool *ret_turned)
{
	struct flow_key of = *key;

	of.where = 0;
	*ret_turned = is_turned(key);
	if (!*ret_turned)
		return of;
	memcpy(of.src, key->dst, sizeof(of.src));
	memcpy(of.dst, key->src, sizeof(of.dst));
	of.sport = key->dport;
	of.dport = key->sport;
	return of;
}

/* "", or a name as host_name_copy() leaves it. */
static bool is_clean_name(const char name[HOST_NAME_SIZE])
{
	char copy[HOST_NAME_SIZE];
	size_t length = strnlen(name, HOST_NAME_SIZE);

	if (length == HOST_NAME_SIZE)
		return false;
	return !length || (host_name_copy(name, length, copy) && !strcmp(name, copy));
}

static bool is_clean_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	for (size_t i = 0; i < length; i++) {
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	}
	return length < size;
}

bool sight_finding_check(const struct sight_finding *finding)
{
	return !finding->key.where && !is_turned(&finding->key) &&
	       (finding->key.ipproto == IPPROTO_TCP || finding->key.ipproto == IPPROTO_UDP) &&
	       finding->application < APPLICATIONS && finding->initiator <= SIGHT_END_DESTINATION &&
	       finding->named <= SIGHT_END_DESTINATION && finding->ech <= 1 &&
	       is_clean_name(finding->name) && is_clean_name(finding->dns) &&
	       is_clean_text(finding->alpn, sizeof(finding->alpn)) &&
	       is_clean_text(finding->ja4, sizeof(finding->ja4));
}
