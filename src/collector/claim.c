/* SPDX-License-Identifier: MIT */
/*
 * A claim is a listening socket. Who waits for one connects to it, and is woken when it closes: the
 * kernel resets connections that nobody accepted.
 */
#include "claim.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

#define CLAIM_WAIT_NS 2000000000ULL
#define CLAIM_WAITERS 64

/* Abstract: the name begins with a zero byte. Returns the length of the address. */
static socklen_t claim_address(const char *what, uint32_t number, struct sockaddr_un *ret_address)
{
	int length;

	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = snprintf(ret_address->sun_path + 1, sizeof(ret_address->sun_path) - 1,
			  "pktstat-bpf/%s/%u", what, number);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

int claim_open(const char *what, uint32_t number)
{
	struct sockaddr_un address;
	socklen_t length = claim_address(what, number, &address);
	int err, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&address, length) && !listen(fd, CLAIM_WAITERS))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Waits until the holder closes its claim, or until `left_ns` are over. */
static void wait_for_holder(const char *what, uint32_t number, uint64_t left_ns)
{
	struct timeval limit = {.tv_sec = (time_t)(left_ns / 1000000000ULL),
				.tv_usec = (suseconds_t)(left_ns % 1000000000ULL / 1000) + 1};
	struct sockaddr_un address;
	socklen_t length = claim_address(what, number, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, length))
		(void)!recv(fd, &byte, 1, 0);
	close(fd);
}

int claim_wait(const char *what, uint32_t number)
{
	uint64_t end_ns = clock_mono_ns() + CLAIM_WAIT_NS, now_ns;
	int fd;

	while ((fd = claim_open(what, number)) == -EADDRINUSE) {
		now_ns = clock_mono_ns();
		if (now_ns >= end_ns)
			return -ETIMEDOUT;
		wait_for_holder(what, number, end_ns - now_ns);
	}
	return fd;
}

bool claim_is_held(const char *what, uint32_t number)
{
	int fd = claim_open(what, number);

	if (fd >= 0)
		close(fd);
	return fd == -EADDRINUSE;
}
