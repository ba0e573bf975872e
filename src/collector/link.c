/* SPDX-License-Identifier: MIT */
/* rtnetlink: RTM_GETLINK with 64-bit counters, and the link notifications. */
#include "link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK_BUFFER 32768
#define LINK_WATCH_BUFFER (1 << 20)

struct link_request {
	struct nlmsghdr header;
	struct ifinfomsg info;
};

static int link_socket(int flags, unsigned int groups)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static void counters_of_stats(const struct rtnl_link_stats64 *stats,
			      struct link_counters *ret_counters)
{
	*ret_counters = (struct link_counters){
		.rx_packets = stats->rx_packets, .rx_bytes = stats->rx_bytes,
		.rx_dropped = stats->rx_dropped, .tx_packets = stats->tx_packets,
		.tx_bytes = stats->tx_bytes,     .tx_dropped = stats->tx_dropped,
	};
}

/* Finds the 64-bit counters in an answer of `length` bytes. */
static int counters_of_answer(const struct nlmsghdr *answer, size_t length,
			      struct link_counters *ret_counters)
{
	struct rtnl_link_stats64 stats = {0};
	const struct rtattr *attr;
	int left;

	if (!NLMSG_OK(answer, length))
		return -EBADMSG;
	if (answer->nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(answer))->error;
	attr = IFLA_RTA(NLMSG_DATA(answer));
	left = (int)IFLA_PAYLOAD(answer);
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type != IFLA_STATS64)
			continue;
		/* Older kernels have fewer counters at the end; attributes are 4-aligned only. */
		memcpy(&stats, RTA_DATA(attr),
		       RTA_PAYLOAD(attr) < sizeof(stats) ? RTA_PAYLOAD(attr) : sizeof(stats));
		counters_of_stats(&stats, ret_counters);
		return 0;
	}
	return -ENODATA;
}

int link_read_counters(int query_fd, unsigned int ifindex, struct link_counters *ret_counters)
{
	struct link_request request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_REQUEST},
		.info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex},
	};
	union {
		struct nlmsghdr header;
		char bytes[LINK_BUFFER];
	} answer;
	ssize_t length;

	if (send(query_fd, &request, sizeof(request), 0) < 0)
		return -errno;
	length = recv(query_fd, &answer, sizeof(answer), 0);
	if (length < 0)
		return -errno;
	return counters_of_answer(&answer.header, (size_t)length, ret_counters);
}

int link_query_open(void)
{
	return link_socket(0, 0);
}

int link_find(int query_fd, const char *name, struct link_info *ret_info)
{
	struct {
		struct link_request link;
		struct rtattr name;
		char text[LINK_NAME_SIZE];
	} request = {
		.link = {.header = {.nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST},
			 .info = {.ifi_family = AF_UNSPEC}},
		.name = {.rta_type = IFLA_ALT_IFNAME}, /* finds own names as well */
	};
	union {
		struct nlmsghdr header;
		char bytes[LINK_BUFFER];
	} answer;
	size_t size = strlen(name) + 1;
	ssize_t length;

	if (size > sizeof(request.text))
		return -ENAMETOOLONG;
	memcpy(request.text, name, size);
	request.name.rta_len = (unsigned short)RTA_LENGTH(size);
	request.link.header.nlmsg_len = (uint32_t)(sizeof(request.link) + RTA_SPACE(size));
	if (send(query_fd, &request, request.link.header.nlmsg_len, 0) < 0)
		return -errno;
	length = recv(query_fd, &answer, sizeof(answer), 0);
	if (length < 0)
		return -errno;
	if (!NLMSG_OK(&answer.header, (size_t)length))
		return -EBADMSG;
	if (answer.header.nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
	return link_parse(&answer.header, ret_info) == LINK_NEW ? 0 : -EBADMSG;
}

/* What of a link's kind matters here; kinds not listed carry packets of their own. */
static enum link_kind kind_of_name(const char *name, size_t length)
{
	static const struct {
		const char *name;
		enum link_kind kind;
	} kinds[] = {
		{"bridge", LINK_MASTER}, {"bond", LINK_MASTER},   {"team", LINK_MASTER},
		{"vlan", LINK_CHILD},    {"macvlan", LINK_CHILD}, {"macvtap", LINK_CHILD},
		{"ipvlan", LINK_CHILD},  {"ipvtap", LINK_CHILD},  {"macsec", LINK_CHILD},
		{"dsa", LINK_CHILD},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
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

static unsigned int parse_u32(const struct rtattr *attr)
{
	uint32_t value = 0;

	if (RTA_PAYLOAD(attr) >= sizeof(value))
		memcpy(&value, RTA_DATA(attr), sizeof(value));
	return value;
}

/* The attributes of a link message; returns false for one without a name. */
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
		case IFLA_MASTER: info->master = parse_u32(attr); break;
		case IFLA_LINK: info->parent = parse_u32(attr); break;
		case IFLA_LINK_NETNSID: parent_elsewhere = true; break;
		case IFLA_LINKINFO: info->kind = parse_kind(attr); break;
		default: break;
		}
	}
	/* An index of another namespace means another interface here. */
	if (parent_elsewhere || info->kind != LINK_CHILD)
		info->parent = 0;
	return info->name[0] != '\0';
}

enum link_event link_parse(const struct nlmsghdr *message, struct link_info *ret_info)
{
	const struct ifinfomsg *header = NLMSG_DATA(message);
	struct link_info info = {0};

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return LINK_OTHER;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)) ||
	    header->ifi_family != AF_UNSPEC || header->ifi_index <= 0)
		return LINK_OTHER;
	info.index = (unsigned int)header->ifi_index;
	info.arphrd = header->ifi_type;
	info.up = header->ifi_flags & IFF_UP;
	if (!parse_attributes(message, &info) && message->nlmsg_type == RTM_NEWLINK)
		return LINK_OTHER;
	*ret_info = info;
	return message->nlmsg_type == RTM_NEWLINK ? LINK_NEW : LINK_REMOVED;
}

/* Visits the messages of one datagram. 0, 1 at the end of a list, or the errno it brings. */
static int visit_messages(const struct nlmsghdr *message, size_t length,
			  const struct link_visitor *visitor)
{
	struct link_info info;
	enum link_event event;
	int left = (int)length;

	for (; NLMSG_OK(message, (unsigned int)left); message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		event = link_parse(message, &info);
		if (event != LINK_OTHER)
			visitor->visit(visitor->arg, event, &info);
	}
	return 0;
}

/* Receives one datagram after the other until the list or what there is ends. */
static int visit_answers(int fd, const struct link_visitor *visitor)
{
	union {
		struct nlmsghdr header;
		char bytes[LINK_BUFFER];
	} answer;
	ssize_t length;
	int result;

	for (;;) {
		length = recv(fd, &answer, sizeof(answer), 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		result = visit_messages(&answer.header, (size_t)length, visitor);
		if (result)
			return result;
	}
}

int link_list(int query_fd, const struct link_visitor *visitor)
{
	const struct link_request request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.info = {.ifi_family = AF_UNSPEC},
	};
	int result;

	if (send(query_fd, &request, sizeof(request), 0) < 0)
		return -errno;
	result = visit_answers(query_fd, visitor);
	return result < 0 ? result : 0;
}

int link_watch_open(void)
{
	int fd = link_socket(SOCK_NONBLOCK, RTMGRP_LINK), bytes = LINK_WATCH_BUFFER;

	/* A burst of containers should not overrun it; where it does, all are listed anew. */
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return fd;
}

int link_watch_read(int watch_fd, const struct link_visitor *visitor)
{
	int result = visit_answers(watch_fd, visitor);

	return result == -EAGAIN || result > 0 ? 0 : result;
}
