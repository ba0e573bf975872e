/* SPDX-License-Identifier: MIT */
/*
 * name_blast IFACE FLOWS [syn|hello]: a frame for each of so many flows, as fast as possible, to give
 * those who read names as much as possible to do. `syn`: SYNs alone. Else in turns a TLS hello, the
 * first half of one, an answer of DNS with four addresses, and a SYN; each name is as long as names may
 * be, and no two are the same. Prints how many frames were sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "hello_bytes.h"

#define FRAME_MAX    1514
#define HEAD_IP	     (ETH_HLEN + 20)
#define HEAD_TCP     (HEAD_IP + 20)
#define HEAD_UDP     (HEAD_IP + 8)
#define LABELS	     4
#define LABEL_LENGTH 61
#define NAME_SIZE    (LABELS * (LABEL_LENGTH + 1))
#define ADDRESSES    4
#define FLAG_SYN     0x02
#define FLAG_DATA    0x18

static void put_number(uint8_t *at, uint32_t number, size_t bytes)
{
	while (bytes--)
		*at++ = (uint8_t)(number >> (8 * bytes));
}

/* The number of the flow as letters, then more of them, in labels as long as may be. */
static void make_name(uint32_t flow, char name[NAME_SIZE])
{
	memset(name, 'a', NAME_SIZE - 1);
	for (size_t i = 1; i < LABELS; i++)
		name[i * (LABEL_LENGTH + 1) - 1] = '.';
	for (size_t i = 0; i < 8; i++)
		name[i] = (char)('a' + (flow >> 4 * i & 15));
	name[NAME_SIZE - 1] = '\0';
}

/* Ethernet and IPv4; the addresses and the port say which flow it is. */
static void make_head(uint32_t flow, uint8_t protocol, uint16_t port, size_t length, uint8_t *frame)
{
	uint8_t *ip = frame + ETH_HLEN;

	memset(frame, 0, HEAD_TCP);
	memset(frame, 2, 2 * ETH_ALEN);
	put_number(frame + 12, ETH_P_IP, 2);
	ip[0] = 0x45;
	put_number(ip + 2, (uint32_t)(length - ETH_HLEN), 2);
	ip[8] = 64;
	ip[9] = protocol;
	put_number(ip + 12, 0x0a000000 + (flow >> 14), 4);
	put_number(ip + 16, 0x0ac80001, 4);
	put_number(ip + 20, protocol == IPPROTO_UDP ? port : 1024 + (flow & 0x3fff), 2);
	put_number(ip + 22, protocol == IPPROTO_UDP ? 1024 + (flow & 0x3fff) : port, 2);
}

static size_t make_tcp(uint32_t flow, uint8_t flags, size_t payload, uint8_t *frame)
{
	make_head(flow, IPPROTO_TCP, 443, HEAD_TCP + payload, frame);
	put_number(frame + HEAD_IP + 4, flow, 4);
	frame[HEAD_IP + 12] = 0x50;
	frame[HEAD_IP + 13] = flags;
	return HEAD_TCP + payload;
}

static size_t make_hello(uint32_t flow, bool half, uint8_t *frame)
{
	uint8_t hello[HELLO_BYTES];
	char name[NAME_SIZE];
	size_t length;

	make_name(flow, name);
	length = hello_put_record(hello, hello_make_chrome(name, hello), frame + HEAD_TCP);
	return make_tcp(flow, FLAG_DATA, half ? length / 2 : length, frame);
}

static uint8_t *put_question(uint8_t *at, const char *name)
{
	memcpy(at, "\0\1\x81\x80\0\1\0\0\0\0\0\0", 12);
	at[7] = ADDRESSES;
	at += 12;
	for (size_t i = 0; i < LABELS; i++) {
		*at++ = LABEL_LENGTH;
		memcpy(at, name + i * (LABEL_LENGTH + 1), LABEL_LENGTH);
		at += LABEL_LENGTH;
	}
	memcpy(at, "\0\0\1\0\1", 5);
	return at + 5;
}

static size_t make_answer(uint32_t flow, uint8_t *frame)
{
	char name[NAME_SIZE];
	uint8_t *at;

	make_name(flow, name);
	at = put_question(frame + HEAD_UDP, name);
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		memcpy(at, "\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4", 12);
		put_number(at + 12, 0x0b000000 + flow * ADDRESSES + i, 4);
		at += 16;
	}
	make_head(flow, IPPROTO_UDP, 53, (size_t)(at - frame), frame);
	put_number(frame + HEAD_IP + 4, (uint32_t)(at - frame) - HEAD_IP, 2);
	return (size_t)(at - frame);
}

static size_t make_frame(uint32_t flow, bool syn, uint8_t *frame)
{
	switch (syn ? 3 : flow % 4) {
	case 0: return make_hello(flow, false, frame);
	case 1: return make_hello(flow, true, frame);
	case 2: return make_answer(flow, frame);
	default: return make_tcp(flow, FLAG_SYN, 0, frame);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = ETH_ALEN};
	unsigned long flows = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, sent = 0;
	bool syn = argc > 3 && strcmp(argv[3], "syn") == 0;
	uint8_t frame[FRAME_MAX];
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	to.sll_ifindex = argc > 2 ? (int)if_nametoindex(argv[1]) : 0;
	if (fd < 0 || !to.sll_ifindex || !flows) {
		fprintf(stderr, "usage: name_blast IFACE FLOWS [syn|hello]\n");
		return 2;
	}
	while (sent < flows) {
		size_t length = make_frame((uint32_t)sent, syn, frame);

		if (sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) ==
		    (ssize_t)length)
			sent++;
		else if (errno != ENOBUFS && errno != EINTR)
			break;
	}
	printf("%lu\n", sent);
	return sent < flows;
}
