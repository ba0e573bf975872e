/* SPDX-License-Identifier: MIT */
/*
 * A claim is a netlink socket with the number as its port. The kernel gives a port to one socket of a
 * network namespace at a time, and takes it back however the process ends; process IDs, mounts and
 * directories do not matter. Anybody may take a port. What only CAP_NET_ADMIN may do (rtnetlink_bind()
 * in net/core/rtnetlink.c, since Linux 4.13) is to join the groups of multicast routing: a socket
 * with one of our numbers is a claim if it has joined, and the port of a stranger if not.
 *
 * Whether a port is taken is asked by trying to take it, which is exact; the list of the sockets in
 * /proc is not, while sockets come and go, so it is only asked who has a port that is taken.
 */
#include "claim.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "array.h"
#include "clock.h"
#include "wait.h"

/* RTNLGRP_IPV4_MROUTE_R as bind(2) and /proc have it. */
#define CLAIM_GROUPS (1U << (RTNLGRP_IPV4_MROUTE_R - 1))
#define CLAIM_TRIES  16
/* The list gets longer with every socket that strangers open. */
#define LIST_MAX 4096

enum holder { HOLDER_NOT_LISTED, HOLDER_STRANGER, HOLDER_INSTANCE };

void claim_init(struct claim *claim)
{
	*claim = (struct claim){.fd = -1, .leaving_fd = -1};
}

/* Takes the port and joins the groups in one step. The socket's descriptor or a negative errno. */
static int take_port(uint32_t port, uint32_t groups)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};
	int err, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (!bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int take_number(struct claim *claim)
{
	int fd = -EADDRINUSE, bytes = 1;
	uint32_t number = 0;

	for (int tries = 0; tries < CLAIM_TRIES && fd == -EADDRINUSE; tries++) {
		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return -errno;
		number = CLAIM_KIND | (number & ~CLAIM_MASK);
		fd = take_port(number, CLAIM_GROUPS);
	}
	if (fd < 0)
		return fd;
	/* What multicast routers are told is not for us: it may be lost. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	claim->fd = fd;
	claim->number = number;
	return 0;
}

/* return -1: TC_ACT_UNSPEC, go on with the next filter. */
static int load_leaving(struct claim *claim)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	claim->leaving_fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "flow_leaving", "Dual MIT/GPL",
					  code, ARRAY_SIZE(code), NULL);
	return claim->leaving_fd < 0 ? claim->leaving_fd : 0;
}

int claim_open(struct claim *claim)
{
	int err;

	if (claim->fd >= 0)
		return 0;
	err = take_number(claim);
	if (!err)
		err = load_leaving(claim);
	if (err)
		claim_close(claim);
	return err;
}

void claim_close(struct claim *claim)
{
	if (claim->leaving_fd >= 0)
		close(claim->leaving_fd);
	if (claim->fd >= 0)
		close(claim->fd);
	claim_init(claim);
}

/*
 * "sk Eth Pid Groups ...", a socket a line: its address, its protocol, its port, and its first 32
 * groups in hexadecimal. False for the line of another socket.
 */
static bool read_line(const char *line, uint32_t number, uint32_t *ret_groups)
{
	char *end;

	line += strcspn(line, " ");
	if (strtoul(line, &end, 10) != NETLINK_ROUTE || end == line)
		return false;
	line = end;
	if (strtoul(line, &end, 10) != number || end == line)
		return false;
	*ret_groups = (uint32_t)strtoul(end, NULL, 16);
	return true;
}

static enum holder find_holder(uint32_t number)
{
	FILE *list = fopen("/proc/thread-self/net/netlink", "re");
	enum holder holder = HOLDER_NOT_LISTED;
	char line[256];
	uint32_t groups;

	if (!list)
		return HOLDER_NOT_LISTED;
	for (int lines = 0; lines < LIST_MAX && fgets(line, sizeof(line), list); lines++) {
		if (!read_line(line, number, &groups))
			continue;
		holder = groups & CLAIM_GROUPS ? HOLDER_INSTANCE : HOLDER_STRANGER;
		break;
	}
	fclose(list);
	return holder;
}

bool claim_is_held(uint32_t number)
{
	int fd = take_port(number, 0);

	if (fd >= 0) {
		close(fd);
		return false;
	}
	return fd != -EADDRINUSE || find_holder(number) != HOLDER_STRANGER;
}

void claim_be_patient(struct claim *claim, unsigned int ms)
{
	claim->patient_ns = ms ? clock_mono_ns() + ms * 1000000ULL : 0;
}

bool claim_pause(const struct claim *claim)
{
	if (!claim->patient_ns || clock_mono_ns() >= claim->patient_ns)
		return false;
	(void)wait_ready(NULL, 0, 1);
	return true;
}
