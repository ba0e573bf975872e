/* SPDX-License-Identifier: MIT */
/*
 * Sends UDP super-packets: COUNT times SIZE bytes that the kernel cuts into datagrams of SEGMENT
 * bytes (UDP_SEGMENT). SEGMENT 0: no super-packets, SIZE bytes each.
 *
 *   udp_gso ADDRESS PORT COUNT SIZE SEGMENT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SIZE_MAX_IP 65000
#define SOURCE_PORT 40000

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static int parse(const char *text, uint16_t port, union address *to, union address *from)
{
	memset(to, 0, sizeof(*to));
	memset(from, 0, sizeof(*from));
	if (inet_pton(AF_INET, text, &to->four.sin_addr) == 1) {
		to->four.sin_family = from->four.sin_family = AF_INET;
		to->four.sin_port = htons(port);
		from->four.sin_port = htons(SOURCE_PORT);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &to->six.sin6_addr) != 1)
		return -EINVAL;
	to->six.sin6_family = from->six.sin6_family = AF_INET6;
	to->six.sin6_port = htons(port);
	from->six.sin6_port = htons(SOURCE_PORT);
	return 0;
}

static int open_socket(const union address *to, const union address *from, int segment)
{
	socklen_t size = to->any.sa_family == AF_INET ? sizeof(to->four) : sizeof(to->six);
	int fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, &from->any, size) || connect(fd, &to->any, size) ||
	    (segment && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)))) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static int send_all(int fd, unsigned long count, size_t size)
{
	static uint8_t data[SIZE_MAX_IP];

	while (count) {
		ssize_t sent = send(fd, data, size, 0);

		if (sent < 0 && errno != ENOBUFS && errno != EINTR)
			return -errno;
		count -= sent >= 0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	union address to, from;
	size_t size;
	int fd, r;

	if (argc != 6) {
		fprintf(stderr, "usage: udp_gso ADDRESS PORT COUNT SIZE SEGMENT\n");
		return 2;
	}
	size = strtoul(argv[4], NULL, 10);
	if (size > SIZE_MAX_IP || parse(argv[1], (uint16_t)strtoul(argv[2], NULL, 10), &to, &from))
		return 2;
	fd = open_socket(&to, &from, (int)strtol(argv[5], NULL, 10));
	r = fd < 0 ? fd : send_all(fd, strtoul(argv[3], NULL, 10), size);
	if (r)
		fprintf(stderr, "udp_gso: %s: %s\n", argv[1], strerror(-r));
	return r ? 1 : 0;
}
