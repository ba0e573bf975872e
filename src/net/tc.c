/* SPDX-License-Identifier: MIT */
/* A dump over rtnetlink: RTM_GETTFILTER. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink.h"
#include "tc.h"

/* The body of a message of that type on that interface; NULL: it is another one. */
static const struct tcmsg *tc_of(const struct nlmsghdr *message, uint16_t type, int ifindex)
{
	const struct tcmsg *tc = NLMSG_DATA(message);

	return message->nlmsg_type == type && message->nlmsg_len >= NLMSG_LENGTH(sizeof(*tc)) &&
			       tc->tcm_ifindex == ifindex
		       ? tc
		       : NULL;
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

/*
 * A clsact qdisc has no options, and its handle is fixed; what it does take is a size table ("stab"
 * in tc-stab(8)), which the kernel stores, returns, and uses only where packets are queued: never
 * on the clsact hooks. Ours has one that no other program would choose. It is there from the moment when
 * the qdisc is there, so that not even SIGKILL can come in between; a qdisc that somebody makes
 * later has none; and `tc qdisc replace` by somebody else takes it off, who thereby makes the qdisc
 * their own. (qdisc_create() and qdisc_change() in net/sched/sch_api.c, the same from Linux 5.10 to
 * 6.18.)
 */

#define KIND_MAX 16

/* As text: "pkts", "tat-". `tc -d qdisc show` prints them as "overhead" and "mpu". */
static const struct tc_sizespec mark = {.overhead = 0x706b7473, .mpu = 0x7461742d};

/* A message that one attribute after the other is added to. */
struct request {
	struct nlmsghdr header;
	struct tcmsg tc;
	char attributes[128];
};

/* Adds an attribute; there must be room. */
static void append_attribute(struct request *request, unsigned short type, const void *data,
			     size_t size)
{
	struct rtattr *attr =
		(struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attr), data, size);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_SPACE(size);
}

static int ask_kernel(struct nlmsghdr *request, const struct netlink_taker *taker, bool dump)
{
	struct netlink netlink;
	int err = netlink_open(&netlink, NETLINK_ROUTE, -1);

	if (err)
		return err;
	err = dump ? netlink_dump(&netlink, request, taker) : netlink_ask(&netlink, request, taker);
	netlink_close(&netlink);
	return err;
}

static void take_nothing(void *arg, const struct nlmsghdr *message)
{
	(void)arg;
	(void)message;
}

int tc_qdisc_make(unsigned int ifindex)
{
	const struct netlink_taker no_answer = {.take = take_nothing};
	struct request request = {
		.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(request.tc)),
			   .nlmsg_type = RTM_NEWQDISC,
			   .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK},
		.tc = {.tcm_family = AF_UNSPEC,
		       .tcm_ifindex = (int)ifindex,
		       .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
		       .tcm_parent = TC_H_CLSACT},
	};
	const struct {
		struct rtattr head;
		struct tc_sizespec base;
	} table = {
		.head = {.rta_len = RTA_LENGTH(sizeof(mark)), .rta_type = TCA_STAB_BASE},
		.base = mark,
	};

	append_attribute(&request, TCA_KIND, "clsact", sizeof("clsact"));
	append_attribute(&request, TCA_STAB | NLA_F_NESTED, &table, sizeof(table));
	return ask_kernel(&request.header, &no_answer, false);
}

static bool is_marked(const struct rtattr *table)
{
	const struct rtattr *attr = RTA_DATA(table);
	int left = (int)RTA_PAYLOAD(table);

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if ((attr->rta_type & NLA_TYPE_MASK) == TCA_STAB_BASE)
			return RTA_PAYLOAD(attr) == sizeof(mark) &&
			       !memcmp(RTA_DATA(attr), &mark, sizeof(mark));
	}
	return false;
}

static bool is_kind(const struct rtattr *attr, const char *kind)
{
	return RTA_PAYLOAD(attr) > strlen(kind) && !memcmp(RTA_DATA(attr), kind, strlen(kind) + 1);
}

/* What a message about a qdisc describes. */
static enum tc_qdisc read_qdisc(const struct nlmsghdr *message)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	const struct rtattr *attr = TCA_RTA(tc);
	int left = (int)NLMSG_PAYLOAD(message, sizeof(*tc));
	enum tc_qdisc qdisc = TC_QDISC_NONE;
	bool marked = false;

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		switch (attr->rta_type & NLA_TYPE_MASK) {
		case TCA_KIND:
			if (is_kind(attr, "clsact"))
				qdisc = TC_QDISC_CLSACT;
			else if (is_kind(attr, "ingress"))
				qdisc = TC_QDISC_INGRESS;
			break;
		case TCA_STAB: marked = is_marked(attr); break;
		default: break;
		}
	}
	return qdisc == TC_QDISC_CLSACT && marked ? TC_QDISC_OURS : qdisc;
}

/* Visitor of a running dump. */
struct qdisc_dump {
	const struct tc_qdisc_visitor *visitor;
};

static void begin_qdiscs(void *arg)
{
	const struct qdisc_dump *running = arg;

	running->visitor->begin(running->visitor->arg);
}

static void take_qdisc(void *arg, const struct nlmsghdr *message)
{
	const struct qdisc_dump *running = arg;
	const struct tcmsg *tc = NLMSG_DATA(message);
	enum tc_qdisc qdisc;

	if (message->nlmsg_type != RTM_NEWQDISC || message->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)) ||
	    tc->tcm_ifindex <= 0)
		return;
	qdisc = read_qdisc(message);
	if (qdisc != TC_QDISC_NONE)
		running->visitor->visit(running->visitor->arg, (unsigned int)tc->tcm_ifindex,
					qdisc);
}

int tc_qdisc_each(const struct tc_qdisc_visitor *visitor)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETQDISC},
		.tc = {.tcm_family = AF_UNSPEC},
	};
	struct qdisc_dump running = {.visitor = visitor};
	const struct netlink_taker taker = {
		.begin = begin_qdiscs, .take = take_qdisc, .arg = &running};

	return ask_kernel(&request.header, &taker, true);
}

struct search {
	unsigned int ifindex;
	enum tc_qdisc found;
};

static void begin_find(void *arg)
{
	((struct search *)arg)->found = TC_QDISC_NONE;
}

static void visit_find(void *arg, unsigned int ifindex, enum tc_qdisc qdisc)
{
	struct search *search = arg;

	if (ifindex == search->ifindex)
		search->found = qdisc;
}

int tc_qdisc_find(unsigned int ifindex, enum tc_qdisc *ret_qdisc)
{
	struct search search = {.ifindex = ifindex};
	const struct tc_qdisc_visitor visitor = {
		.begin = begin_find, .visit = visit_find, .arg = &search};
	int err = tc_qdisc_each(&visitor);

	if (!err)
		*ret_qdisc = search.found;
	return err;
}
