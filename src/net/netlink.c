/* SPDX-License-Identifier: MIT */
/*
 * One netlink exchange at a time: the answers of a request are read to their end before the next.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"

/* The kernel fills a dump's datagrams up to this, or to the longest buffer it has seen. */
#define BUFFER_FIRST 32768
/* A message is as long as what it describes: a port with hundreds of virtual functions. */
#define BUFFER_MAX (1U << 20)
/* Dumps that may be asked for in place of one. */
#define TRIES 10
/* Datagrams of notifications taken in one go: more are left for the next time. */
#define NEWS_MAX 4096

void netlink_init(struct netlink *netlink)
{
	*netlink = (struct netlink){.fd = -1};
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->fd >= 0)
		close(netlink->fd);
	free(netlink->buffer);
	netlink_init(netlink);
}

static int open_here(struct netlink *netlink, int protocol, int flags)
{
	netlink_init(netlink);
	netlink->buffer = malloc(BUFFER_FIRST);
	if (!netlink->buffer)
		return -ENOMEM;
	netlink->room = BUFFER_FIRST;
	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol);
	if (netlink->fd < 0) {
		int err = -errno;

		netlink_close(netlink);
		return err;
	}
	return 0;
}

int netlink_open(struct netlink *netlink, int protocol, int netns_fd)
{
	int own_fd, err, back;

	netlink_init(netlink);
	if (netns_fd < 0)
		return open_here(netlink, protocol, 0);
	err = netns_open_own(&own_fd);
	if (err)
		return err;
	err = netns_enter(netns_fd);
	if (!err) {
		err = open_here(netlink, protocol, 0);
		back = netns_enter(own_fd);
		if (back)
			netlink_close(netlink);
		err = err ? err : back;
	}
	close(own_fd);
	return err;
}

uint32_t netlink_u32(const struct rtattr *attr)
{
	uint32_t value = 0;

	if (RTA_PAYLOAD(attr) >= sizeof(value))
		memcpy(&value, RTA_DATA(attr), sizeof(value));
	return value;
}

int netlink_join(const struct netlink *netlink, uint32_t group)
{
	return setsockopt(netlink->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) < 0 ? -errno : 0;
}

int netlink_listen(struct netlink *netlink, int protocol, uint32_t group, int bytes)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int err = open_here(netlink, protocol, SOCK_NONBLOCK);

	if (err)
		return err;
	if (setsockopt(netlink->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(netlink->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(netlink->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		err = -errno;
	if (!err)
		err = netlink_join(netlink, group);
	if (err)
		netlink_close(netlink);
	return err;
}

static int send_request(struct netlink *netlink, struct nlmsghdr *request, unsigned int flags)
{
	const struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = netlink->port};

	request->nlmsg_flags |= (uint16_t)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = ++netlink->seq;
	return sendto(netlink->fd, request, request->nlmsg_len, 0, (const struct sockaddr *)&to,
		      sizeof(to)) < 0 ? -errno : 0;
}

/* What was too long is lost; the next one of its kind will not be. */
static void grow_buffer(struct netlink *netlink, size_t room)
{
	char *grown = room <= BUFFER_MAX ? realloc(netlink->buffer, room) : NULL;

	if (!grown)
		return;
	netlink->buffer = grown;
	netlink->room = room;
}

/* One datagram into the buffer: its length, 0 for one to ignore, or a negative errno. */
static ssize_t receive_datagram(struct netlink *netlink)
{
	struct sockaddr_nl from = {0};
	struct iovec part = {.iov_base = netlink->buffer, .iov_len = netlink->room};
	struct msghdr header = {.msg_name = &from, .msg_iov = &part, .msg_iovlen = 1};
	ssize_t length;

	do {
		header.msg_namelen = sizeof(from);
		length = recvmsg(netlink->fd, &header, MSG_TRUNC); /* the length it really has */
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	/* Processes can send to each other. */
	if (header.msg_namelen < sizeof(from) || from.nl_pid != netlink->port)
		return 0;
	if ((size_t)length > netlink->room) {
		grow_buffer(netlink, (size_t)length);
		return -EMSGSIZE;
	}
	return length;
}

/* An answer under way. */
struct answer {
	const struct netlink_taker *taker;
	uint32_t seq;
	bool dump;
	bool over;
	int result;
};

/* The error number that NLMSG_ERROR and the end of a dump begin with. */
static int error_of(const struct nlmsghdr *message)
{
	int error = 0;

	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(message), sizeof(error));
	else if (message->nlmsg_type == NLMSG_ERROR)
		error = -EBADMSG;
	return error < 0 ? error : 0;
}

static void take_message(struct answer *answer, const struct nlmsghdr *message)
{
	/* Left over from a request that was given up. */
	if (message->nlmsg_seq != answer->seq)
		return;
	if (answer->dump && message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->result = -EINTR;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP: break;
	case NLMSG_OVERRUN: answer->result = -ENOBUFS; break;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		answer->result = error_of(message) ?: answer->result;
		answer->over = true;
		break;
	default:
		answer->taker->take(answer->taker->arg, message);
		answer->over = !answer->dump;
		break;
	}
}

/* Also a dump that cannot be used is read to its end: the kernel refuses another one before. */
static int take_answer(struct netlink *netlink, const struct netlink_taker *taker, bool dump)
{
	struct answer answer = {.taker = taker, .seq = netlink->seq, .dump = dump};
	const struct nlmsghdr *message;
	ssize_t length;

	while (!answer.over) {
		length = receive_datagram(netlink);
		if (length < 0 && (length != -EMSGSIZE || !dump))
			return (int)length;
		if (length < 0) {
			answer.result = (int)length;
			continue;
		}
		message = (const struct nlmsghdr *)netlink->buffer;
		for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length))
			take_message(&answer, message);
	}
	return answer.result;
}

/* Inconsistent, too long for the buffer as it was, lost, or an older dump is still to be read. */
static bool is_worth_another_try(int err)
{
	return err == -EINTR || err == -EMSGSIZE || err == -ENOBUFS || err == -EBUSY;
}

static int exchange(struct netlink *netlink, struct nlmsghdr *request,
		    const struct netlink_taker *taker, bool dump)
{
	int err = -EINTR;

	for (int tries = 0; tries < TRIES && is_worth_another_try(err); tries++) {
		if (taker->begin)
			taker->begin(taker->arg);
		err = send_request(netlink, request, dump ? NLM_F_DUMP : 0);
		if (!err)
			err = take_answer(netlink, taker, dump);
	}
	return err;
}

int netlink_ask(struct netlink *netlink, struct nlmsghdr *request,
		const struct netlink_taker *taker)
{
	return exchange(netlink, request, taker, false);
}

int netlink_dump(struct netlink *netlink, struct nlmsghdr *request,
		 const struct netlink_taker *taker)
{
	return exchange(netlink, request, taker, true);
}

int netlink_news(struct netlink *netlink, const struct netlink_taker *taker)
{
	const struct nlmsghdr *message;
	bool lost = false;
	ssize_t length;

	/* What stays in the queue behind a loss is older than the dump that follows it. */
	for (int count = 0; count < NEWS_MAX; count++) {
		length = receive_datagram(netlink);
		if (length == -ENOBUFS || length == -EMSGSIZE) {
			lost = true;
			continue;
		}
		if (length == -EAGAIN)
			break;
		if (length < 0)
			return (int)length;
		message = (const struct nlmsghdr *)netlink->buffer;
		for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length))
			taker->take(taker->arg, message);
	}
	return lost ? -ENOBUFS : 0;
}
