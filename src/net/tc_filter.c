/* SPDX-License-Identifier: MIT */
/* A dump over rtnetlink: RTM_GETTFILTER. */
#include "tc_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink.h"

/* The body of a message of that type on that interface; NULL: it is another one. */
static const struct tcmsg *tc_of(const struct nlmsghdr *message, uint16_t type, int ifindex)
{
	const struct tcmsg *tc = NLMSG_DATA(message);

	return message->nlmsg_type == type && message->nlmsg_len >= NLMSG_LENGTH(sizeof(*tc)) &&
			       tc->tcm_ifindex == ifindex ?
		       tc :
		       NULL;
}

/* A string attribute, which the kernel ends with a zero byte; cut when there is no room for it. */
static void copy_text(const struct rtattr *attr, char *text, size_t size)
{
	size_t length = strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr));

	if (length >= size)
		length = size - 1;
	memcpy(text, RTA_DATA(attr), length);
	text[length] = '\0';
}

/* The options of a filter of kind "bpf". */
static void read_options(const struct rtattr *options, struct tc_filter *filter)
{
	const struct rtattr *attr = RTA_DATA(options);
	int left = (int)RTA_PAYLOAD(options);

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == TCA_BPF_ID)
			filter->program = netlink_u32(attr);
		else if (attr->rta_type == TCA_BPF_NAME)
			copy_text(attr, filter->name, sizeof(filter->name));
	}
}

/*
 * False for the head of a priority, which the kernel sends before the filters in it: it has no
 * options of its own.
 */
static bool read_filter(const struct nlmsghdr *message, struct tc_filter *filter)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	const struct rtattr *attr = TCA_RTA(tc), *options = NULL;
	int left = (int)NLMSG_PAYLOAD(message, sizeof(*tc));
	char kind[16] = "";

	*filter = (struct tc_filter){.handle = tc->tcm_handle,
				     .priority = (uint16_t)(TC_H_MAJ(tc->tcm_info) >> 16),
				     .protocol = ntohs((uint16_t)TC_H_MIN(tc->tcm_info))};
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == TCA_KIND)
			copy_text(attr, kind, sizeof(kind));
		else if (attr->rta_type == TCA_CHAIN)
			filter->chain = netlink_u32(attr);
		else if (attr->rta_type == TCA_OPTIONS)
			options = attr;
	}
	filter->bpf = !strcmp(kind, "bpf");
	if (filter->bpf && options)
		read_options(options, filter);
	return filter->handle || options;
}

/* Visitor and interface of a running dump. */
struct filter_dump {
	const struct tc_filter_visitor *visitor;
	int ifindex;
};

static void begin_filters(void *arg)
{
	const struct filter_dump *running = arg;

	running->visitor->begin(running->visitor->arg);
}

static void take_filter(void *arg, const struct nlmsghdr *message)
{
	const struct filter_dump *running = arg;
	struct tc_filter filter;

	if (tc_of(message, RTM_NEWTFILTER, running->ifindex) && read_filter(message, &filter))
		running->visitor->visit(running->visitor->arg, &filter);
}

int tc_filter_each(unsigned int ifindex, enum flow_dir dir, const struct tc_filter_visitor *visitor)
{
	struct filter_dump running = {.visitor = visitor, .ifindex = (int)ifindex};
	const struct netlink_taker taker = {
		.begin = begin_filters, .take = take_filter, .arg = &running};
	uint32_t minor = dir == FLOW_IN ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS;
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETTFILTER},
		.tc = {.tcm_family = AF_UNSPEC,
		       .tcm_ifindex = (int)ifindex,
		       .tcm_parent = TC_H_MAKE(TC_H_CLSACT, minor)},
	};
	struct netlink netlink;
	int err = netlink_open(&netlink, NETLINK_ROUTE, -1);

	if (err)
		return err;
	err = netlink_dump(&netlink, &request.header, &taker);
	netlink_close(&netlink);
	return err;
}
