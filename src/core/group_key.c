/* SPDX-License-Identifier: MIT */
/* Which group a flow falls into, and what groups are called; see group.h. Pure; any thread. */
#include "group.h"

#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "endpoint.h"
#include "flow.h"

/* Both directions meet here: the near end first. */
static struct flow_key near_to_far(const struct flow_key *key)
{
	struct flow_key turned = *key;

	turned.where = FLOW_WHERE(flow_key_slot(key), 0);
	if (flow_key_dir(key) == FLOW_IN) {
		memcpy(turned.src, key->dst, sizeof(turned.src));
		memcpy(turned.dst, key->src, sizeof(turned.dst));
		turned.sport = key->dport;
		turned.dport = key->sport;
	}
	/* What stands in place of ports (ICMP type, SPI) differs between the directions. */
	if (!flow_key_has_ports(key))
		turned.sport = turned.dport = 0;
	return turned;
}

static struct flow_key service_of(const struct flow_key *key)
{
	struct flow_key service = {.ethertype = ETH_P_IP, .ipproto = key->ipproto};

	if (flow_key_has_ports(key))
		service.dport = key->sport < key->dport ? key->sport : key->dport;
	return service;
}

struct flow_key group_key(enum group_by by, const struct flow_key *key)
{
	struct flow_key of = {0};

	/* Sums stay what they are, in either direction. */
	if (by == GROUP_FLOW)
		return *key;
	if (flow_key_sum(key) != FLOW_SUM_NONE) {
		of = *key;
		of.where = 0;
		return of;
	}
	if (by == GROUP_CONVERSATION)
		return near_to_far(key);
	if (by == GROUP_HOST) {
		of = near_to_far(key);
		memset(of.src, 0, sizeof(of.src));
		of.sport = of.dport = 0;
		of.ethertype = key->ethertype == ETH_P_IPV6 ? ETH_P_IPV6 : ETH_P_IP;
		of.ipproto = 0;
		of.where = 0;
		return of;
	}
	if (key->ethertype == ETH_P_ARP) {
		of.ethertype = ETH_P_ARP;
		return of;
	}
	of = service_of(key);
	if (by == GROUP_PROTOCOL)
		of.dport = 0;
	return of;
}

static const char *const names[GROUPS][2] = {
	[GROUP_FLOW] = {"flow", "flows"},
	[GROUP_CONVERSATION] = {"conversation", "conversations"},
	[GROUP_HOST] = {"host", "hosts"},
	[GROUP_SERVICE] = {"service", "services"},
	[GROUP_PROTOCOL] = {"protocol", "protocols"},
};

const char *group_name(enum group_by by)
{
	return names[by][0];
}

const char *group_plural(enum group_by by)
{
	return names[by][1];
}

int group_of_name(const char *name)
{
	for (int i = 0; i < GROUPS; i++) {
		if (strcasecmp(name, names[i][0]) == 0 || strcasecmp(name, names[i][1]) == 0)
			return i;
	}
	return -1;
}

char *group_source(enum group_by by, const struct flow_key *key, char *text, size_t size)
{
	if (by == GROUP_FLOW || flow_key_sum(key) != FLOW_SUM_NONE)
		return endpoint_source(key, text, size);
	*text = '\0';
	if (by == GROUP_CONVERSATION && flow_key_has_ports(key))
		return endpoint_source(key, text, size);
	if (by == GROUP_CONVERSATION)
		return flow_address_text(key, key->src, text, size);
	if (by == GROUP_HOST)
		return flow_address_text(key, key->dst, text, size);
	if (by == GROUP_SERVICE && flow_key_has_ports(key))
		snprintf(text, size, "%u", key->dport);
	return text;
}

char *group_destination(enum group_by by, const struct flow_key *key, char *text, size_t size)
{
	*text = '\0';
	if (by == GROUP_FLOW || by == GROUP_CONVERSATION)
		return endpoint_destination(key, text, size);
	return text;
}
