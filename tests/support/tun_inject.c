/* SPDX-License-Identifier: MIT */
/*
 * The other side of a tun interface, which has no Ethernet header: writes packets into it, so that
 * the kernel receives them, and throws away what the kernel sends. Says "ready" on stdout when all
 * are written; ends when stdin does.
 *
 *   tun_inject IFACE COUNT WORDS...     WORDS: see packet.h, beginning with ip4 or ip6
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/if.h>
#include <linux/if_tun.h>

#include "packet.h"

static int open_tun(const char *iface)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", iface);
	if (ioctl(fd, TUNSETIFF, &request)) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static int inject(int fd, const char *words, unsigned long count)
{
	static struct packet packet;
	int r = packet_build(&packet, 1, words);

	while (!r && count--) {
		if (write(fd, packet.data, packet.size) != (ssize_t)packet.size)
			r = -errno;
	}
	return r;
}

/* Until nobody holds the other end of stdin any more. */
static void drain(int fd)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = fd, .events = POLLIN}};
	char waste[65536];

	while (poll(fds, 2, -1) >= 0) {
		if (fds[1].revents && read(fd, waste, sizeof(waste)) < 0 && errno != EAGAIN)
			return;
		if (fds[0].revents && read(STDIN_FILENO, waste, sizeof(waste)) <= 0)
			return;
	}
}

int main(int argc, char **argv)
{
	int fd, r = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: tun_inject IFACE COUNT WORDS...\n");
		return 2;
	}
	fd = open_tun(argv[1]);
	if (fd < 0)
		r = fd;
	for (int i = 3; !r && i < argc; i++)
		r = inject(fd, argv[i], strtoul(argv[2], NULL, 10));
	if (r) {
		fprintf(stderr, "tun_inject: %s: %s\n", argv[1], strerror(-r));
		return r == -ENOENT || r == -ENODEV ? 77 : 1;
	}
	puts("ready");
	fflush(stdout);
	drain(fd);
	return 0;
}
