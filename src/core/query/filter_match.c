/* SPDX-License-Identifier: MIT */
/* Asking a filter; see filter.h. Changes nothing; any thread. */
#include "filter_private.h"

#include <linux/if_ether.h>
#include <string.h>
#include <strings.h>

#include "flow.h"
#include "text.h"

static bool on_side(const struct filter_node *node, bool src, bool dst)
{
	switch (node->side) {
	case FILTER_SRC: return src;
	case FILTER_DST: return dst;
	case FILTER_BOTH: return src && dst;
	default: return src || dst;
	}
}

static bool net_holds(const struct filter_node *node, const uint8_t address[16])
{
	uint64_t word[2];

	memcpy(word, address, sizeof(word));
	return (((word[0] & node->mask[0]) ^ node->address[0]) |
		((word[1] & node->mask[1]) ^ node->address[1])) == 0;
}

static bool match_net(const struct filter_node *node, const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE || node->ipv6 != (key->ethertype == ETH_P_IPV6))
		return false;
	return on_side(node, net_holds(node, key->src), net_holds(node, key->dst));
}

static bool match_port(const struct filter_node *node, const struct flow_key *key)
{
	if (!flow_key_has_ports(key) || (node->ipproto && key->ipproto != node->ipproto))
		return false;
	return on_side(node, key->sport >= node->first && key->sport <= node->last,
		       key->dport >= node->first && key->dport <= node->last);
}

static bool match_compare(const struct filter_node *node, const struct filter_subject *subject)
{
	double value = 0.0;

	switch (node->field) {
	case FILTER_BPS: value = subject->bps; break;
	case FILTER_PPS: value = subject->pps; break;
	case FILTER_PACKETS: value = (double)subject->packets; break;
	case FILTER_BYTES: value = (double)subject->bytes; break;
	}
	if (value < 0.0)
		return false;
	if (value < node->value)
		return node->relation & FILTER_LESS;
	return node->relation & (value > node->value ? FILTER_GREATER : FILTER_EQUAL);
}

static bool match_name(const struct filter_node *node, const struct filter_subject *subject)
{
	const struct flow_key *key = subject->key;

	return subject->names && flow_key_is_ip(key) &&
	       name_cache_search(subject->names, key->src, key->dst, node->word);
}

static bool is_named(const struct filter_node *node, struct name_cache *names,
		     const uint8_t address[16])
{
	char text[NAME_TEXT_MAX];

	return name_cache_look(names, address, text, sizeof(text)) && !strcasecmp(text, node->word);
}

static bool match_host_name(const struct filter_node *node, const struct filter_subject *subject)
{
	const struct flow_key *key = subject->key;

	if (!subject->names || !flow_key_is_ip(key))
		return false;
	return on_side(node, is_named(node, subject->names, key->src),
		       is_named(node, subject->names, key->dst));
}

static bool match_owner(const struct filter_node *node, const struct owner *owner)
{
	if (!owner)
		return false;
	switch (node->test) {
	case FILTER_PID: return owner->pid && owner->pid == node->first;
	case FILTER_UID: return owner->pid && owner->uid == node->first;
	case FILTER_UID_NAME: return owner->pid && !strcasecmp(owner->user, node->word);
	case FILTER_COMM: return text_holds(owner->comm, node->word);
	case FILTER_EXE: return owner->exe && text_holds(owner->exe, node->word);
	case FILTER_USER: return text_holds(owner->user, node->word);
	case FILTER_CONTAINER:
		return text_holds(owner->unit, node->word) ||
		       text_holds(owner_container_path(owner->cgroup), node->word);
	default: return text_holds(owner->cgroup, node->word) || text_holds(owner->unit, node->word);
	}
}

/* In an outgoing flow the near end is the source. */
static bool match_initiator(const struct filter_node *node, const struct filter_subject *subject)
{
	enum sight_end initiator = sight_flow_unpack(subject->sight_word).initiator;
	enum sight_end near =
		flow_key_dir(subject->key) == FLOW_OUT ? SIGHT_END_SOURCE : SIGHT_END_DESTINATION;

	if (initiator == SIGHT_END_NONE)
		return false;
	if (!strcmp(node->word, "near") || !strcmp(node->word, "far"))
		return (initiator == near) == (*node->word == 'n');
	return (initiator == SIGHT_END_SOURCE) == (*node->word == 's');
}

static bool match_sight(const struct filter_node *node, const struct filter_subject *subject)
{
	const struct sight *sight = subject->sight;

	if (!sight)
		return false;
	switch (node->test) {
	case FILTER_APP: return !strcasecmp(application_name(sight->application), node->word);
	case FILTER_SNI: return *sight->name && text_holds(sight->name, node->word);
	case FILTER_SITE:
		return (*sight->name && text_holds(sight->name, node->word)) ||
		       (*sight->dns && text_holds(sight->dns, node->word));
	default: return match_initiator(node, subject);
	}
}

/* The whole name, as a user types it. */
static bool match_iface(const struct filter_node *node, const struct filter_subject *subject)
{
	const char *name = ifaces_name(subject->ifaces, flow_key_slot(subject->key));

	return !strcasecmp(name, node->word);
}

/* Typed letter by letter while all flows are asked: a word with other letters is not looked for here. */
static bool match_ends(const struct filter_node *node, const struct flow_key *key)
{
	char text[ENDPOINTS_TEXT_MAX];

	if (!flow_key_has_ports(key))
		return text_holds(endpoint_source(key, text, sizeof(text)), node->word) ||
		       text_holds(endpoint_destination(key, text, sizeof(text)), node->word);
	/* These are in lower case, and no such word has the end of a line in it. */
	return node->of_ends && strstr(endpoints_with_ports(key, text), node->word);
}

static bool match_word(const struct filter_node *node, const struct filter_subject *subject)
{
	return text_holds(flow_proto_name(subject->key), node->word) ||
	       match_ends(node, subject->key) ||
	       (subject->owner && text_holds(subject->owner->comm, node->word)) ||
	       (subject->sight && text_holds(subject->sight->label, node->word)) ||
	       match_name(node, subject);
}

static bool match_node(const struct filter *filter, unsigned int at,
		       const struct filter_subject *subject)
{
	const struct filter_node *node = &filter->node[at];
	const struct flow_key *key = subject->key;

	switch (node->test) {
	case FILTER_AND:
		return match_node(filter, node->left, subject) &&
		       match_node(filter, node->right, subject);
	case FILTER_OR:
		return match_node(filter, node->left, subject) ||
		       match_node(filter, node->right, subject);
	case FILTER_NOT: return !match_node(filter, node->left, subject);
	case FILTER_DIR: return flow_key_dir(key) == node->first;
	case FILTER_ETHERTYPE:
		return flow_key_sum(key) == FLOW_SUM_NONE && key->ethertype == node->first;
	case FILTER_OTHER_ETHERTYPE:
		return flow_key_sum(key) == FLOW_SUM_ETHERTYPE && key->ethertype == node->first;
	case FILTER_IPPROTO: return flow_key_is_ip(key) && key->ipproto == node->first;
	case FILTER_SUM: return flow_key_sum(key) != FLOW_SUM_NONE;
	case FILTER_NET: return match_net(node, key);
	case FILTER_PORT: return match_port(node, key);
	case FILTER_COMPARE: return match_compare(node, subject);
	case FILTER_PID:
	case FILTER_UID:
	case FILTER_UID_NAME:
	case FILTER_COMM:
	case FILTER_EXE:
	case FILTER_USER:
	case FILTER_CGROUP:
	case FILTER_CONTAINER: return match_owner(node, subject->owner);
	case FILTER_APP:
	case FILTER_SNI:
	case FILTER_SITE:
	case FILTER_INITIATOR: return match_sight(node, subject);
	case FILTER_HOST_NAME: return match_host_name(node, subject);
	case FILTER_NAME: return match_name(node, subject);
	case FILTER_IFACE: return match_iface(node, subject);
	case FILTER_WORD: return match_word(node, subject);
	case FILTER_ANY: return true;
	}
	return false;
}

bool filter_match(const struct filter *filter, const struct filter_subject *subject)
{
	return !filter || match_node(filter, filter->root, subject);
}

bool filter_is_text(const struct filter *filter)
{
	return filter && filter->node[filter->root].test == FILTER_WORD;
}

bool filter_narrows(const struct filter *to, const struct filter *from)
{
	return filter_is_text(to) && filter_is_text(from) &&
	       strstr(to->node[to->root].word, from->node[from->root].word);
}

bool filter_uses_counts(const struct filter *filter)
{
	return filter && filter->uses_counts;
}

bool filter_uses_owners(const struct filter *filter)
{
	return filter && filter->uses_owners;
}

bool filter_uses_names(const struct filter *filter)
{
	return filter && filter->uses_names;
}
