/* SPDX-License-Identifier: MIT */
/* Which group a flow falls into, and what groups are called; see group.h. Pure; any thread. */
#include "group.h"

#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "endpoint.h"
#include "flow.h"
#include "format.h"

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

/* No sum, and equal to no group of owners that meets it: rows are of one grouping. */
static struct flow_key iface_key(const struct flow_key *key)
{
	return (struct flow_key){.ipproto = FLOW_PROTO_NONE,
				 .where = FLOW_WHERE(flow_key_slot(key), 0)};
}

enum owner_part group_owner_part(enum group_by by)
{
	switch (by) {
	case GROUP_CONTAINER: return OWNER_CONTAINER;
	case GROUP_USER: return OWNER_USER;
	default: return OWNER_PROCESS;
	}
}

bool group_by_owner(enum group_by by)
{
	return by == GROUP_PROCESS || by == GROUP_CONTAINER || by == GROUP_USER;
}

struct flow_key group_key_of_owner(uint32_t representative)
{
	struct flow_key key = {.ipproto = FLOW_PROTO_NONE};

	key.word[0] = representative;
	return key;
}

uint32_t group_owner_of_key(const struct flow_key *key)
{
	return (uint32_t)key->word[0];
}

uint32_t group_row_owner(enum group_by by, const struct row *row, enum owner_part part)
{
	if (group_by_owner(by) && group_owner_part(by) == part &&
	    flow_key_sum(&row->key) == FLOW_SUM_NONE)
		return group_owner_of_key(&row->key);
	return row->owner;
}

struct flow_key group_key(enum group_by by, const struct flow_key *key,
			  const struct owner_table *owners, uint32_t owner)
{
	struct flow_key of = {0};

	if (by == GROUP_FLOW)
		return *key;
	if (by == GROUP_IFACE)
		return iface_key(key);
	/* Sums stay what they are, in either direction. */
	if (flow_key_sum(key) != FLOW_SUM_NONE) {
		of = *key;
		of.where = 0;
		return of;
	}
	if (by == GROUP_CONVERSATION)
		return near_to_far(key);
	if (group_by_owner(by))
		return group_key_of_owner(
			owner_table_representative(owners, owner, group_owner_part(by)));
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
	[GROUP_PROCESS] = {"process", "processes"},
	[GROUP_CONTAINER] = {"container", "containers"},
	[GROUP_USER] = {"user", "users"},
	[GROUP_IFACE] = {"interface", "interfaces"},
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
	/* As the order by it is called. */
	return strcasecmp(name, "proto") == 0 ? GROUP_PROTOCOL : -1;
}

static char *owner_text(enum group_by by, const struct owner_table *owners, uint32_t id, char *text,
			size_t size)
{
	const struct owner *owner = owner_table_get(owners, id);
	char safe[OWNER_TEXT_MAX];

	if (!owner_is_process(id)) {
		snprintf(text, size, "%s", owner->comm);
	} else if (by == GROUP_PROCESS) {
		format_outside(owner->comm, safe, sizeof(safe));
		snprintf(text, size, "%s (%u)", safe, owner->pid);
	} else {
		format_outside(by == GROUP_USER ? owner->user : owner->unit, text, size);
	}
	return text;
}

char *group_source(enum group_by by, const struct flow_key *key, const struct owner_table *owners,
		   const struct ifaces *ifaces, char *text, size_t size)
{
	if (by == GROUP_FLOW || flow_key_sum(key) != FLOW_SUM_NONE)
		return endpoint_source(key, text, size);
	if (by == GROUP_IFACE)
		return format_outside(ifaces_name(ifaces, flow_key_slot(key)), text, size);
	*text = '\0';
	if (group_by_owner(by))
		return owner_text(by, owners, group_owner_of_key(key), text, size);
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
