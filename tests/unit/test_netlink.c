/* SPDX-License-Identifier: MIT */
/*
 * netlink.h against a kernel played by a socket of our own (NETLINK_USERSOCK): answers lie ready
 * before they are asked for, in every way in which the real ones go wrong. And the table of links on top of it:
 * an interface that an inconsistent list skips is not forgotten.
 */
#include <net/if.h> /* before the kernel's own */

#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "link.h"

#define BODY_MAX 60000

/* The kernel's part, somebody else's, and ours. */
struct stage {
	int kernel_fd, other_fd;
	struct netlink netlink;
	struct sockaddr_nl ours;
	/* What was taken: the types of messages, and how often it began. */
	uint16_t taken[64];
	size_t count;
	unsigned int begins;
};

static int open_user(struct sockaddr_nl *ret_address)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	socklen_t size = sizeof(address);

	assert_true(fd >= 0);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(getsockname(fd, (struct sockaddr *)ret_address, &size), errno);
	return fd;
}

/* Our side asks the played kernel, and a lost answer must fail the test, not hang it. */
static void play(struct stage *stage, struct netlink *netlink, uint32_t port)
{
	const struct timeval limit = {.tv_sec = 60};
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	socklen_t size = sizeof(stage->ours);

	assert_int_equal(netlink_open(netlink, NETLINK_USERSOCK, -1), 0);
	assert_return_code(bind(netlink->fd, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(getsockname(netlink->fd, (struct sockaddr *)&stage->ours, &size), errno);
	assert_return_code(setsockopt(netlink->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)),
			   errno);
	netlink->port = port;
}

static struct stage *open_stage(void)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct sockaddr_nl kernel, other;

	assert_non_null(stage);
	stage->kernel_fd = open_user(&kernel);
	stage->other_fd = open_user(&other);
	play(stage, &stage->netlink, kernel.nl_pid);
	return stage;
}

static void close_stage(struct stage *stage)
{
	netlink_close(&stage->netlink);
	close(stage->kernel_fd);
	close(stage->other_fd);
	free(stage);
}

/* A datagram with one message, its body `size` bytes of `body`, or zeroes. */
static void say(const struct stage *stage, int fd, const struct nlmsghdr *message, const void *body,
		size_t size)
{
	static union {
		struct nlmsghdr header;
		char bytes[NLMSG_HDRLEN + BODY_MAX];
	} datagram;

	memset(&datagram, 0, sizeof(datagram));
	datagram.header = *message;
	datagram.header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	if (body)
		memcpy(NLMSG_DATA(&datagram.header), body, size);
	assert_return_code(sendto(fd, &datagram, datagram.header.nlmsg_len, 0,
				  (const struct sockaddr *)&stage->ours, sizeof(stage->ours)),
			   errno);
}

/* The played kernel says a message of that type, in answer to the request `seq`. */
static void answer(const struct stage *stage, uint16_t type, uint16_t flags, uint32_t seq)
{
	const struct nlmsghdr message = {
		.nlmsg_type = type, .nlmsg_flags = NLM_F_MULTI | flags, .nlmsg_seq = seq};
	int32_t none = 0;

	say(stage, stage->kernel_fd, &message, &none, sizeof(none));
}

static void answer_error(const struct stage *stage, uint16_t type, int error, uint32_t seq)
{
	const struct nlmsghdr message = {.nlmsg_type = type, .nlmsg_seq = seq};
	const struct nlmsgerr body = {.error = error};

	say(stage, stage->kernel_fd, &message, &body, sizeof(body));
}

static void on_begin(void *arg)
{
	struct stage *stage = arg;

	stage->begins++;
	stage->count = 0;
}

static void on_take(void *arg, const struct nlmsghdr *message)
{
	struct stage *stage = arg;

	assert_true(stage->count < sizeof(stage->taken) / sizeof(stage->taken[0]));
	stage->taken[stage->count++] = message->nlmsg_type;
}

static int run(struct stage *stage, bool dump)
{
	struct nlmsghdr request = {.nlmsg_len = sizeof(request), .nlmsg_type = 0x100};
	const struct netlink_taker taker = {.begin = on_begin, .take = on_take, .arg = stage};

	return dump ? netlink_dump(&stage->netlink, &request, &taker) :
		      netlink_ask(&stage->netlink, &request, &taker);
}

/* A dump of two datagrams, after which the next is its own. */
static void test_dump(void **state)
{
	struct stage *stage = open_stage();

	answer(stage, 0x10, 0, 1);
	answer(stage, 0x11, 0, 1);
	answer(stage, NLMSG_DONE, 0, 1);
	answer(stage, 0x12, 0, 2);
	answer(stage, NLMSG_DONE, 0, 2);
	assert_int_equal(run(stage, true), 0);
	assert_int_equal(stage->count, 2);
	assert_int_equal(stage->taken[1], 0x11);
	assert_int_equal(run(stage, true), 0);
	assert_int_equal(stage->count, 1);
	assert_int_equal(stage->taken[0], 0x12);
	close_stage(stage);
}

/* Inconsistent ones are read to the end and asked for again. */
static void test_interrupted(void **state)
{
	struct stage *stage = open_stage();

	answer(stage, 0x10, NLM_F_DUMP_INTR, 1);
	answer(stage, 0x11, 0, 1);
	answer(stage, NLMSG_DONE, 0, 1);
	answer(stage, 0x10, 0, 2); /* the kernel may find out at the very end */
	answer(stage, NLMSG_DONE, NLM_F_DUMP_INTR, 2);
	answer(stage, 0x10, 0, 3);
	answer(stage, 0x11, 0, 3);
	answer(stage, 0x12, 0, 3);
	answer(stage, NLMSG_DONE, 0, 3);
	assert_int_equal(run(stage, true), 0);
	assert_int_equal(stage->begins, 3);
	assert_int_equal(stage->count, 3);
	close_stage(stage);
}

/* When no dump is consistent, it ends all the same, and says so. */
static void test_always_interrupted(void **state)
{
	struct stage *stage = open_stage();

	for (uint32_t seq = 1; seq < 50; seq++) {
		answer(stage, 0x10, NLM_F_DUMP_INTR, seq);
		answer(stage, NLMSG_DONE, 0, seq);
	}
	assert_int_equal(run(stage, true), -EINTR);
	assert_int_equal(stage->count, 1);
	assert_in_range(stage->begins, 2, 48);
	close_stage(stage);
}

/* Answers of a request that was given up, and of others to us, are not ours. */
static void test_not_ours(void **state)
{
	const struct nlmsghdr forged = {.nlmsg_type = 0x66, .nlmsg_seq = 7};
	const struct nlmsghdr end = {.nlmsg_type = NLMSG_DONE, .nlmsg_seq = 7};
	struct stage *stage = open_stage();

	stage->netlink.seq = 6;
	answer(stage, 0x10, NLM_F_DUMP_INTR, 6);
	answer(stage, NLMSG_DONE, 0, 6);
	answer_error(stage, NLMSG_ERROR, -EPERM, 5);
	say(stage, stage->other_fd, &forged, NULL, 4);
	say(stage, stage->other_fd, &end, NULL, 4);
	answer(stage, 0x11, 0, 7);
	answer(stage, NLMSG_DONE, 0, 7);
	assert_int_equal(run(stage, true), 0);
	assert_int_equal(stage->begins, 1);
	assert_int_equal(stage->count, 1);
	assert_int_equal(stage->taken[0], 0x11);
	close_stage(stage);
}

/* A datagram too long for the buffer: the dump is read to its end, and the next one fits. */
static void test_truncated(void **state)
{
	struct nlmsghdr large = {.nlmsg_type = 0x10, .nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = 1};
	struct stage *stage = open_stage();

	say(stage, stage->kernel_fd, &large, NULL, BODY_MAX);
	answer(stage, NLMSG_DONE, 0, 1);
	large.nlmsg_seq = 2;
	say(stage, stage->kernel_fd, &large, NULL, BODY_MAX);
	answer(stage, NLMSG_DONE, 0, 2);
	assert_int_equal(run(stage, true), 0);
	assert_int_equal(stage->begins, 2);
	assert_int_equal(stage->count, 1);
	/* A single answer likewise. */
	large.nlmsg_seq = 3;
	stage->netlink.room = 4096;
	say(stage, stage->kernel_fd, &large, NULL, BODY_MAX);
	large.nlmsg_seq = 4;
	say(stage, stage->kernel_fd, &large, NULL, BODY_MAX);
	assert_int_equal(run(stage, false), 0);
	assert_int_equal(stage->count, 1);
	close_stage(stage);
}

static void test_errors(void **state)
{
	struct stage *stage = open_stage();

	answer_error(stage, NLMSG_ERROR, -EOPNOTSUPP, 1);
	assert_int_equal(run(stage, true), -EOPNOTSUPP);
	/* A dump that breaks off says so in its last message. */
	answer(stage, 0x10, 0, 2);
	answer_error(stage, NLMSG_DONE, -ENOENT, 2);
	assert_int_equal(run(stage, true), -ENOENT);
	answer_error(stage, NLMSG_ERROR, -ENODEV, 3);
	assert_int_equal(run(stage, false), -ENODEV);
	/* Another dump on the socket has not ended yet, an answer was lost: ask again. */
	answer_error(stage, NLMSG_ERROR, -EBUSY, 4);
	answer(stage, NLMSG_OVERRUN, 0, 5);
	answer(stage, NLMSG_DONE, 0, 5);
	answer(stage, 0x10, 0, 6);
	answer(stage, NLMSG_DONE, 0, 6);
	assert_int_equal(run(stage, true), 0);
	assert_int_equal(stage->count, 1);
	/* One without room for its error number. */
	say(stage, stage->kernel_fd,
	    &(const struct nlmsghdr){.nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 7}, NULL, 0);
	assert_int_equal(run(stage, true), -EBADMSG);
	/* A single answer ends without NLMSG_DONE. */
	answer(stage, 0x10, 0, 8);
	assert_int_equal(run(stage, false), 0);
	assert_int_equal(stage->count, 1);
	close_stage(stage);
}

/* News from the kernel only; a datagram that is cut is lost, which is said, as an overrun is. */
static void test_news(void **state)
{
	const struct nlmsghdr forged = {.nlmsg_type = 0x66}, news = {.nlmsg_type = 0x10};
	struct stage *stage = open_stage();
	const struct netlink_taker taker = {.take = on_take, .arg = stage};
	const struct timeval soon = {.tv_usec = 1000}; /* in place of not blocking at all */

	assert_return_code(setsockopt(stage->netlink.fd, SOL_SOCKET, SO_RCVTIMEO, &soon,
				      sizeof(soon)), errno);
	assert_int_equal(netlink_news(&stage->netlink, &taker), 0);
	assert_int_equal(stage->count, 0);
	say(stage, stage->other_fd, &forged, NULL, 0);
	say(stage, stage->kernel_fd, &news, NULL, 0);
	assert_int_equal(netlink_news(&stage->netlink, &taker), 0);
	assert_int_equal(stage->count, 1);
	assert_int_equal(stage->taken[0], 0x10);
	say(stage, stage->kernel_fd, &news, NULL, BODY_MAX);
	say(stage, stage->kernel_fd, &news, NULL, 0);
	assert_int_equal(netlink_news(&stage->netlink, &taker), -ENOBUFS);
	assert_int_equal(stage->count, 2);
	assert_int_equal(netlink_news(&stage->netlink, &taker), 0);
	close_stage(stage);
}

static void answer_link(const struct stage *stage, int index, uint16_t flags, uint32_t seq)
{
	struct {
		struct ifinfomsg info;
		struct rtattr attr;
		char name[8];
	} body = {
		.info = {.ifi_index = index, .ifi_type = ARPHRD_ETHER},
		.attr = {.rta_len = RTA_LENGTH(sizeof(body.name)), .rta_type = IFLA_IFNAME},
		.name = "eth0",
	};
	const struct nlmsghdr message = {.nlmsg_type = RTM_NEWLINK,
					 .nlmsg_flags = NLM_F_MULTI | flags,
					 .nlmsg_seq = seq};

	body.name[3] = (char)('0' + index);
	say(stage, stage->kernel_fd, &message, &body, sizeof(body));
}

/* Opens the table of links on the stage, with eth1 to eth3 listed. */
static void open_links(struct stage *stage, struct links *links)
{
	const struct timeval soon = {.tv_usec = 1000};

	links_init(links);
	assert_int_equal(netlink_open(&links->watch, NETLINK_USERSOCK, -1), 0);
	assert_return_code(setsockopt(links->watch.fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)),
			   errno);
	play(stage, &links->query, stage->netlink.port);
	for (int i = 1; i <= 3; i++)
		answer_link(stage, i, 0, 1);
	answer(stage, NLMSG_DONE, 0, 1);
	links->stale = true;
	assert_int_equal(links_read(links), 0);
	assert_int_equal(links->count, 3);
	assert_false(links->stale);
}

/* The record with that name, NULL if there is none. */
static struct links_record *named(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->count; i++) {
		if (!strcmp(links->record[i].info.name, name))
			return &links->record[i];
	}
	return NULL;
}

static void test_skipped_link(void **state)
{
	struct stage *stage = open_stage();
	struct links links;

	open_links(stage, &links);
	/* eth2 is skipped by every list, eth4 is new. */
	for (uint32_t seq = 2; seq <= 11; seq++) {
		answer_link(stage, 1, 0, seq);
		answer_link(stage, 4, NLM_F_DUMP_INTR, seq);
		answer(stage, NLMSG_DONE, 0, seq);
	}
	links.stale = true;
	assert_int_equal(links_read(&links), 0);
	assert_non_null(links_of_index(&links, 2));
	assert_non_null(links_of_index(&links, 3));
	assert_non_null(named(&links, "eth4"));
	assert_true(links.stale);
	/* Without any news the next reading lists again, and what is really gone goes. */
	answer_link(stage, 2, 0, 12);
	answer_link(stage, 4, 0, 12);
	answer(stage, NLMSG_DONE, 0, 12);
	assert_int_equal(links_read(&links), 0);
	assert_false(links.stale);
	assert_int_equal(links.count, 2);
	assert_non_null(links_of_index(&links, 2));
	links_close(&links);
	close_stage(stage);
}

/* A list that fails leaves the table as it was, and is tried again. */
static void test_failed_list(void **state)
{
	struct stage *stage = open_stage();
	struct links links;

	open_links(stage, &links);
	answer_error(stage, NLMSG_ERROR, -ENOMEM, 2);
	links.stale = true;
	assert_int_equal(links_read(&links), -ENOMEM);
	assert_int_equal(links.count, 3);
	assert_true(links.stale);
	links_close(&links);
	close_stage(stage);
}

/* The real kernel: a socket that asks, and one that listens. */
static void test_kernel(void **state)
{
	struct links links;

	links_init(&links);
	assert_int_equal(links_open(&links), 0);
	assert_true(links.stale || named(&links, "lo"));
	assert_int_equal(links_read(&links), 0);
	links_close(&links);
	links_close(&links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_always_interrupted),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_skipped_link),
		cmocka_unit_test(test_failed_list),
		cmocka_unit_test(test_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
