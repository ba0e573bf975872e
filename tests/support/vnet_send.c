/* SPDX-License-Identifier: MIT */
/*
 * Sends super-packets of any headers through an interface, as a virtual machine would: a crafted
 * frame and a virtio-net header that tells the kernel to cut it.
 *
 *   vnet_send IFACE COUNT GSO_SIZE WORDS     WORDS: see packet.h; TCP or UDP is the last header
 *
 * GSO_SIZE 0: not a super-packet. If it is larger than a page (4,096 bytes) the kernel then has
 * nothing but the Ethernet header in the linear part.
 */
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>

#include "packet.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define UDP 17

static struct packet packet;

static int open_socket(const char *iface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int fd, on = 1;

	address.sll_ifindex = (int)if_nametoindex(iface);
	if (!address.sll_ifindex)
		return -errno;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static struct virtio_net_hdr describe(uint16_t gso_size)
{
	struct virtio_net_hdr head = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_size = gso_size,
		.csum_start = (uint16_t)packet.transport,
	};
	const uint8_t *transport = packet.data + packet.transport;

	if (packet.transport_proto == UDP) {
		head.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
		head.csum_offset = 6;
		head.hdr_len = (uint16_t)(packet.transport + 8);
	} else {
		head.gso_type = packet.last_ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
							    : VIRTIO_NET_HDR_GSO_TCPV6;
		head.csum_offset = 16;
		head.hdr_len = (uint16_t)(packet.transport + (transport[12] >> 4) * 4);
	}
	return head;
}

static int send_all(int fd, unsigned long count, uint16_t gso_size)
{
	struct virtio_net_hdr head = gso_size ? describe(gso_size) : (struct virtio_net_hdr){};
	struct iovec iov[] = {{&head, sizeof(head)}, {packet.data, packet.size}};

	while (count) {
		ssize_t sent = writev(fd, iov, 2);

		if (sent < 0 && errno != ENOBUFS && errno != EINTR && errno != EAGAIN)
			return -errno;
		count -= sent >= 0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int fd, r;

	if (argc != 5) {
		fprintf(stderr, "usage: vnet_send IFACE COUNT GSO_SIZE WORDS\n");
		return 2;
	}
	if (packet_build(&packet, 1, argv[4]) || !packet.transport) {
		fprintf(stderr, "vnet_send: not a TCP or UDP frame: %s\n", argv[4]);
		return 2;
	}
	fd = open_socket(argv[1]);
	r = fd < 0 ? fd
		   : send_all(fd, strtoul(argv[2], NULL, 10), (uint16_t)strtoul(argv[3], NULL, 10));
	if (r)
		fprintf(stderr, "vnet_send: %s: %s\n", argv[1], strerror(-r));
	return r ? 1 : 0;
}
