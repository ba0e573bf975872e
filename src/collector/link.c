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

int link_read_counters(unsigned int ifindex, struct link_counters *ret_counters)
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
	int err, fd = link_socket(0, 0);

	if (fd < 0)
		return fd;
	if (send(fd, &request, sizeof(request), 0) < 0)
		err = -errno;
	else if ((length = recv(fd, &answer, sizeof(answer), 0)) < 0)
		err = -errno;
	else
		err = counters_of_answer(&answer.header, (size_t)length, ret_counters);
	close(fd);
	return err;
}

int link_watch_open(void)
{
	return link_socket(SOCK_NONBLOCK, RTMGRP_LINK);
}

bool link_watch_removed(int fd, unsigned int ifindex)
{
	union {
		struct nlmsghdr header;
		char bytes[LINK_BUFFER];
	} news;
	const struct nlmsghdr *message;
	struct link_counters unused;
	ssize_t length;
	bool removed = false;

	while ((length = recv(fd, &news, sizeof(news), 0)) > 0) {
		for (message = &news.header; NLMSG_OK(message, (size_t)length);
		     message = NLMSG_NEXT(message, length)) {
			if (message->nlmsg_type == RTM_DELLINK &&
			    ((const struct ifinfomsg *)NLMSG_DATA(message))->ifi_index ==
				    (int)ifindex)
				removed = true;
		}
	}
	/* News were lost: ask instead. */
	if (length < 0 && errno == ENOBUFS)
		removed = link_read_counters(ifindex, &unused) == -ENODEV;
	return removed;
}
