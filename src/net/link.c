/* SPDX-License-Identifier: MIT */
/* rtnetlink: RTM_GETLINK with 64-bit counters, and the link notifications. */
#include "link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "array.h"

/* Large enough for a burst of new containers; if it overruns, all links are listed again. */
#define LINK_WATCH_BUFFER (1 << 20)

struct link_request {
	struct nlmsghdr header;
	struct ifinfomsg info;
};

static void counters_of_stats(const struct rtnl_link_stats64 *stats,
			      struct link_counters *ret_counters)
{
	*ret_counters = (struct link_counters){
		.rx_packets = stats->rx_packets,
		.rx_bytes = stats->rx_bytes,
		.rx_dropped = stats->rx_dropped,
		.tx_packets = stats->tx_packets,
		.tx_bytes = stats->tx_bytes,
		.tx_dropped = stats->tx_dropped,
	};
}

struct counters_answer {
	struct link_counters *counters;
	bool found;
};

/* Finds the 64-bit counters in an answer. */
static void take_counters(void *arg, const struct nlmsghdr *message)
{
	struct counters_answer *answer = arg;
	struct rtnl_link_stats64 stats = {0};
	const struct rtattr *attr;
	int left;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		return;
	attr = IFLA_RTA(NLMSG_DATA(message));
	left = (int)IFLA_PAYLOAD(message);
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type != IFLA_STATS64)
			continue;
		/* Older kernels have fewer counters at the end; attributes are 4-aligned only. */
		memcpy(&stats, RTA_DATA(attr),
		       RTA_PAYLOAD(attr) < sizeof(stats) ? RTA_PAYLOAD(attr) : sizeof(stats));
		counters_of_stats(&stats, answer->counters);
		answer->found = true;
	}
}

int link_read_counters(struct netlink *query, unsigned int ifindex,
		       struct link_counters *ret_counters)
{
	struct link_request request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK},
		.info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex},
	};
	struct counters_answer answer = {.counters = ret_counters};
	const struct netlink_taker taker = {.take = take_counters, .arg = &answer};
	int err = netlink_ask(query, &request.header, &taker);

	if (err)
		return err;
	return answer.found ? 0 : -ENODATA;
}

/* The kinds that are stacked on others; all others carry packets of their own. */
static enum link_kind kind_of_name(const char *name, size_t length)
{
	static const struct {
		const char *name;
		enum link_kind kind;
	} kinds[] = {
		{"bridge", LINK_MASTER}, {"bond", LINK_MASTER},	  {"team", LINK_MASTER},
		{"vlan", LINK_CHILD},	 {"macvlan", LINK_CHILD}, {"macvtap", LINK_CHILD},
		{"ipvlan", LINK_CHILD},	 {"ipvtap", LINK_CHILD},  {"macsec", LINK_CHILD},
		{"dsa", LINK_CHILD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i].name) == length && !memcmp(kinds[i].name, name, length))
			return kinds[i].kind;
	}
	return LINK_PLAIN;
}

/* Finds IFLA_INFO_KIND in IFLA_LINKINFO. */
static enum link_kind parse_kind(const struct rtattr *info)
{
	const struct rtattr *attr = RTA_DATA(info);
	int left = (int)RTA_PAYLOAD(info);

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if ((attr->rta_type & NLA_TYPE_MASK) == IFLA_INFO_KIND)
			return kind_of_name(RTA_DATA(attr),
					    strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr)));
	}
	return LINK_PLAIN;
}

/* Parses the attributes of a link message; false if it has no name. */
static bool parse_attributes(const struct nlmsghdr *message, struct link_info *info)
{
	const struct rtattr *attr = IFLA_RTA(NLMSG_DATA(message));
	int left = (int)IFLA_PAYLOAD(message);
	bool parent_elsewhere = false;
	size_t length;

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		switch (attr->rta_type & NLA_TYPE_MASK) {
		case IFLA_IFNAME:
			length = strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr));
			if (length < sizeof(info->name))
				memcpy(info->name, RTA_DATA(attr), length);
			break;
		case IFLA_ADDRESS:
			length = RTA_PAYLOAD(attr);
			if (length <= sizeof(info->address))
				memcpy(info->address, RTA_DATA(attr), length);
			break;
		case IFLA_MASTER: info->master = netlink_u32(attr); break;
		case IFLA_LINK: info->parent = netlink_u32(attr); break;
		case IFLA_LINK_NETNSID: parent_elsewhere = true; break;
		case IFLA_LINKINFO: info->kind = parse_kind(attr); break;
		default: break;
		}
	}
	/* In this namespace, that index would be another link. */
	if (parent_elsewhere || info->kind != LINK_CHILD)
		info->parent = 0;
	return info->name[0] != '\0';
}

/* A notification of traffic control: RTNLGRP_TC. */
static enum link_event parse_tc(const struct nlmsghdr *message, struct link_info *ret_info)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	bool filter =
		message->nlmsg_type == RTM_NEWTFILTER || message->nlmsg_type == RTM_DELTFILTER;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)) || tc->tcm_ifindex <= 0)
		return LINK_OTHER;
	if (!filter && (message->nlmsg_type != RTM_DELQDISC || tc->tcm_parent != TC_H_CLSACT))
		return LINK_OTHER;
	*ret_info = (struct link_info){.index = (unsigned int)tc->tcm_ifindex};
	return LINK_FILTERS;
}

enum link_event link_parse(const struct nlmsghdr *message, struct link_info *ret_info)
{
	const struct ifinfomsg *header = NLMSG_DATA(message);
	struct link_info info = {0};

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return parse_tc(message, ret_info);
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)) || header->ifi_family != AF_UNSPEC ||
	    header->ifi_index <= 0)
		return LINK_OTHER;
	info.index = (unsigned int)header->ifi_index;
	info.arphrd = header->ifi_type;
	info.up = header->ifi_flags & IFF_UP;
	if (!parse_attributes(message, &info) && message->nlmsg_type == RTM_NEWLINK)
		return LINK_OTHER;
	*ret_info = info;
	return message->nlmsg_type == RTM_NEWLINK ? LINK_NEW : LINK_REMOVED;
}

struct found_link {
	struct link_info *info;
	bool found;
};

static void take_found(void *arg, const struct nlmsghdr *message)
{
	struct found_link *found = arg;

	if (link_parse(message, found->info) == LINK_NEW)
		found->found = true;
}

int link_find(struct netlink *query, const char *name, struct link_info *ret_info)
{
	struct {
		struct link_request link;
		struct rtattr name;
		char text[LINK_NAME_SIZE];
	} request = {
		.link = {.header = {.nlmsg_type = RTM_GETLINK}, .info = {.ifi_family = AF_UNSPEC}},
		.name = {.rta_type = IFLA_ALT_IFNAME}, /* finds own names as well */
	};
	struct found_link found = {.info = ret_info};
	const struct netlink_taker taker = {.take = take_found, .arg = &found};
	size_t size = strlen(name) + 1;
	int err;

	if (size > sizeof(request.text))
		return -ENAMETOOLONG;
	memcpy(request.text, name, size);
	request.name.rta_len = (unsigned short)RTA_LENGTH(size);
	request.link.header.nlmsg_len = (uint32_t)(sizeof(request.link) + RTA_SPACE(size));
	err = netlink_ask(query, &request.link.header, &taker);
	if (err)
		return err;
	return found.found ? 0 : -EBADMSG;
}

static void begin_list(void *arg)
{
	const struct link_visitor *visitor = arg;

	if (visitor->begin)
		visitor->begin(visitor->arg);
}

static void take_link(void *arg, const struct nlmsghdr *message)
{
	const struct link_visitor *visitor = arg;
	struct link_info info;
	enum link_event event = link_parse(message, &info);

	if (event != LINK_OTHER)
		visitor->visit(visitor->arg, event, &info);
}

static struct netlink_taker taker_of(const struct link_visitor *visitor)
{
	return (struct netlink_taker){
		.begin = begin_list, .take = take_link, .arg = (void *)visitor};
}

int link_list(struct netlink *query, const struct link_visitor *visitor)
{
	struct link_request request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK},
		.info = {.ifi_family = AF_UNSPEC},
	};
	const struct netlink_taker taker = taker_of(visitor);

	return netlink_dump(query, &request.header, &taker);
}

int link_watch_open(struct netlink *watch)
{
	return netlink_listen(watch, NETLINK_ROUTE, RTNLGRP_LINK, LINK_WATCH_BUFFER);
}

int link_watch_hooks(struct netlink *watch)
{
	return netlink_join(watch, RTNLGRP_TC);
}

int link_watch_read(struct netlink *watch, const struct link_visitor *visitor)
{
	const struct netlink_taker taker = taker_of(visitor);

	return netlink_news(watch, &taker);
}

/* The table of links. Machines have a few dozen, at most thousands: an array is enough. */

void links_init(struct links *links)
{
	*links = (struct links){0};
	netlink_init(&links->watch);
	netlink_init(&links->query);
}

void links_close(struct links *links)
{
	netlink_close(&links->watch);
	netlink_close(&links->query);
	free(links->record);
	links_init(links);
}

struct links_record *links_of_index(const struct links *links, unsigned int index)
{
	for (size_t i = 0; i < links->count; i++) {
		if (links->record[i].info.index == index)
			return &links->record[i];
	}
	return NULL;
}

struct links_record *links_lower(const struct links *links, const struct links_record *upper,
				 size_t i)
{
	struct links_record *record;

	if (upper->info.kind == LINK_CHILD && !i && upper->info.parent)
		return links_of_index(links, upper->info.parent);
	if (upper->info.kind != LINK_MASTER)
		return NULL;
	for (record = links->record; record < links->record + links->count; record++) {
		if (record->info.master == upper->info.index && !i--)
			return record;
	}
	return NULL;
}

static struct links_record *append_record(struct links *links)
{
	struct links_record *grown;
	size_t room;

	if (links->count == links->room) {
		room = links->room ? links->room * 2 : 16;
		grown = realloc(links->record, room * sizeof(*grown));
		if (!grown)
			return NULL;
		links->record = grown;
		links->room = room;
	}
	return &links->record[links->count++];
}

static void forget_record(struct links *links, struct links_record *record)
{
	size_t i = (size_t)(record - links->record);

	memmove(record, record + 1, (--links->count - i) * sizeof(*record));
}

void links_take(struct links *links, enum link_event event, const struct link_info *info)
{
	struct links_record *record = links_of_index(links, info->index);

	links->news |= record || event == LINK_NEW;
	switch (event) {
	case LINK_REMOVED:
		if (record)
			forget_record(links, record);
		return;
	case LINK_FILTERS:
		if (record)
			record->filters = true;
		return;
	case LINK_OTHER: return;
	case LINK_NEW: break;
	}
	if (!record) {
		record = append_record(links);
		if (!record) {
			links->error = -ENOMEM;
			return;
		}
		*record = (struct links_record){.serial = ++links->serials, .slot = -1};
	}
	record->info = *info;
	record->touched = record->listed = true;
}

static void visit_link(void *arg, enum link_event event, const struct link_info *info)
{
	links_take(arg, event, info);
}

static void begin_listing(void *arg)
{
	struct links *links = arg;

	for (size_t i = 0; i < links->count; i++)
		links->record[i].listed = false;
}

/*
 * Replaces the table with what the kernel lists. An inconsistent list may lack links that exist:
 * then links are added, but none is removed.
 */
static int list_links(struct links *links)
{
	const struct link_visitor visitor = {
		.begin = begin_listing, .visit = visit_link, .arg = links};
	int err;

	links->error = 0;
	err = link_list(&links->query, &visitor) ?: links->error;
	links->stale = err != 0;
	for (size_t i = links->count; i-- > 0;) {
		/* Notifications of its filters may have been lost as well. */
		links->record[i].filters = true;
		if (!err && !links->record[i].listed)
			forget_record(links, &links->record[i]);
	}
	return err == -EINTR ? 0 : err;
}

int links_open(struct links *links)
{
	int err = link_watch_open(&links->watch);

	if (!err)
		err = netlink_open(&links->query, NETLINK_ROUTE, -1);
	return err ? err : list_links(links);
}

int links_read(struct links *links)
{
	const struct link_visitor visitor = {.visit = visit_link, .arg = links};
	int err;

	links->error = 0;
	err = link_watch_read(&links->watch, &visitor);
	if (err || links->error)
		links->stale = true;
	return links->stale ? list_links(links) : 0;
}

int links_watch_hooks(struct links *links)
{
	int err = links->hooks ? 0 : link_watch_hooks(&links->watch);

	/* Earlier changes are not known. */
	links->stale |= !links->hooks && !err;
	links->hooks |= !err;
	return err;
}

void links_settle(struct links *links)
{
	for (size_t i = 0; i < links->count; i++)
		links->record[i].touched = links->record[i].filters = false;
	links->news = false;
}
