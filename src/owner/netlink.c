/* SPDX-License-Identifier: MIT */
/* Netlink dumps: rtnetlink's addresses and sock_diag's sockets. */
#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE 32768

static int open_here(int protocol)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	return fd < 0 ? -errno : fd;
}

int netlink_open(int protocol, int netns_fd, int *ret_fd)
{
	int own_fd, fd, err = 0;

	if (netns_fd < 0) {
		fd = open_here(protocol);
		if (fd >= 0)
			*ret_fd = fd;
		return fd < 0 ? fd : 0;
	}
	own_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own_fd < 0)
		return -errno;
	if (setns(netns_fd, CLONE_NEWNET) < 0) {
		err = -errno;
		close(own_fd);
		return err;
	}
	fd = open_here(protocol);
	if (setns(own_fd, CLONE_NEWNET) < 0)
		err = -errno;
	close(own_fd);
	if (fd >= 0)
		*ret_fd = fd;
	return fd < 0 ? fd : err;
}

static int send_request(int fd, const struct nlmsghdr *request)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent = sendto(fd, request, request->nlmsg_len, 0, (const struct sockaddr *)&kernel,
			      sizeof(kernel));

	return sent < 0 ? -errno : 0;
}

/* One datagram of a dump. True when it was the last; then *result says how it went. */
static bool take_messages(const void *data, size_t length, uint32_t seq,
			  void (*on_message)(void *, const struct nlmsghdr *), void *arg,
			  int *result)
{
	const struct nlmsghdr *message;
	struct nlmsgerr failure;

	for (message = data; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
		if (message->nlmsg_seq != seq)
			continue; /* left over from a dump that was broken off */
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			*result = -EINTR;
		if (message->nlmsg_type == NLMSG_DONE)
			return true;
		if (message->nlmsg_type == NLMSG_ERROR) {
			memcpy(&failure, NLMSG_DATA(message), sizeof(failure));
			*result = failure.error;
			return true;
		}
		on_message(arg, message);
	}
	return false;
}

int netlink_dump(int fd, struct nlmsghdr *request,
		 void (*on_message)(void *arg, const struct nlmsghdr *message), void *arg)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	int result = 0, err;
	ssize_t length;

	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	err = send_request(fd, request);
	if (err)
		return err;
	do {
		length = recv(fd, buffer, sizeof(buffer), 0);
		if (length < 0 && errno != EINTR)
			return -errno;
	} while (length < 0 || !take_messages(buffer, (size_t)length, request->nlmsg_seq,
					      on_message, arg, &result));
	return result;
}
