/* SPDX-License-Identifier: MIT */
/* Dumps over rtnetlink: RTM_GETTFILTER and RTM_GETQDISC. */
#include "tc_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills a dump's messages up to this. */
#define DUMP_BUFFER 32768

struct dump_request {
	struct nlmsghdr header;
	struct tcmsg tc;
};

/* Takes one message of an answer. */
struct dump_taker {
	void (*take)(void *arg, const struct nlmsghdr *message);
	void *arg;
};

/* One datagram of a dump: 1 when more follow, 0 at the end, or a negative errno. */
static int dump_take(const struct nlmsghdr *message, size_t length, const struct dump_taker *taker)
{
	for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		taker->take(taker->arg, message);
	}
	return 1;
}

static int dump_on(int fd, const struct dump_request *request, const struct dump_taker *taker)
{
	union {
		struct nlmsghdr header;
		char bytes[DUMP_BUFFER];
	} answer;
	ssize_t length;
	int more = 1;

	if (send(fd, request, sizeof(*request), 0) < 0)
		return -errno;
	while (more > 0) {
		length = recv(fd, &answer, sizeof(answer), 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		more = dump_take(&answer.header, (size_t)length, taker);
	}
	return more;
}

static int dump(uint16_t type, unsigned int ifindex, uint32_t parent,
		const struct dump_taker *taker)
{
	const struct dump_request request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = type,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex, .tcm_parent = parent},
	};
	int err, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	err = dump_on(fd, &request, taker);
	close(fd);
	return err;
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

static uint32_t number_of(const struct rtattr *attr)
{
	uint32_t number = 0;

	if (RTA_PAYLOAD(attr) >= sizeof(number))
		memcpy(&number, RTA_DATA(attr), sizeof(number));
	return number;
}

/* The options of a filter of kind "bpf". */
static void read_options(const struct rtattr *options, struct tc_filter *filter)
{
	const struct rtattr *attr = RTA_DATA(options);
	int left = (int)RTA_PAYLOAD(options);

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == TCA_BPF_ID)
			filter->program = number_of(attr);
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
			filter->chain = number_of(attr);
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

static void take_filter(void *arg, const struct nlmsghdr *message)
{
	const struct filter_dump *running = arg;
	const struct tcmsg *tc = NLMSG_DATA(message);
	struct tc_filter filter;

	if (message->nlmsg_type == RTM_NEWTFILTER && tc->tcm_ifindex == running->ifindex &&
	    read_filter(message, &filter))
		running->visitor->visit(running->visitor->arg, &filter);
}

int tc_filter_each(unsigned int ifindex, enum flow_dir dir, const struct tc_filter_visitor *visitor)
{
	struct filter_dump running = {.visitor = visitor, .ifindex = (int)ifindex};
	const struct dump_taker taker = {.take = take_filter, .arg = &running};
	uint32_t minor = dir == FLOW_IN ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS;

	return dump(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, minor), &taker);
}

struct qdisc_dump {
	int ifindex;
	bool ingress_only;
};

static void take_qdisc(void *arg, const struct nlmsghdr *message)
{
	struct qdisc_dump *running = arg;
	const struct tcmsg *tc = NLMSG_DATA(message);
	const struct rtattr *attr = TCA_RTA(tc);
	int left = (int)NLMSG_PAYLOAD(message, sizeof(*tc));
	char kind[16];

	/* The kernel sends those of all interfaces. */
	if (message->nlmsg_type != RTM_NEWQDISC || tc->tcm_ifindex != running->ifindex)
		return;
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type != TCA_KIND)
			continue;
		copy_text(attr, kind, sizeof(kind));
		running->ingress_only |= !strcmp(kind, "ingress");
	}
}

int tc_qdisc_is_ingress_only(unsigned int ifindex, bool *ret_ingress_only)
{
	struct qdisc_dump running = {.ifindex = (int)ifindex};
	const struct dump_taker taker = {.take = take_qdisc, .arg = &running};
	int err = dump(RTM_GETQDISC, ifindex, 0, &taker);

	if (!err)
		*ret_ingress_only = running.ingress_only;
	return err;
}
