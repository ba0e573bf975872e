/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The contract between the programs of owner.bpf.c and user space: a socket with the process that
 * has it. Included by both sides. Ports are in host byte order, addresses in network byte order;
 * IPv4 addresses stand as ::ffff:a.b.c.d, as in flow_abi.h.
 */
#ifndef PKTSTAT_OWNER_ABI_H
#define PKTSTAT_OWNER_ABI_H

#include <linux/types.h>

#define OWNER_COMM_SIZE 16 /* TASK_COMM_LEN of the kernel */

/* Room for sockets that were closed and not yet read, bytes. */
#define OWNER_CLOSED_BYTES (1U << 20)
/* Connections under way that may still be refused. */
#define OWNER_CONNECTS_MAX 4096

enum owner_socket_flags {
	OWNER_SOCKET_V6ONLY = 1, /* takes no IPv4 */
	OWNER_SOCKET_KERNEL = 2, /* the kernel's own; no process */
	OWNER_SOCKET_CLOSED = 4, /* its last user has closed it, at `closed_ns` */
	OWNER_SOCKET_AWAY = 8,	 /* the process itself is in another network namespace */
};

/* A process: thread group, in the pid namespace of the monitor. */
struct owner_process {
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 cgroup;	/* id of the cgroup v2, 0: not known */
	__u64 program;	/* another one after each execve(); 0: not known */
	__u32 pid;	/* 0: it cannot be named: outside of the monitor's pid namespace, or the kernel's */
	__u32 uid;	/* effective */
	char comm[OWNER_COMM_SIZE];
};

struct owner_socket {
	struct owner_process process;
	__u8 local[16];
	__u8 remote[16]; /* all zero, or ::ffff:0.0.0.0, when not connected */
	__u64 inode;	 /* of the socket: the same for all who share it */
	__u64 closed_ns; /* CLOCK_MONOTONIC; 0: open */
	__u32 netns;	 /* inode of its network namespace */
	__u16 local_port;
	__u16 remote_port;
	__u8 protocol; /* of IP; raw sockets: the one they take */
	__u8 state;    /* as TCP counts them; UDP: ESTABLISHED when connected */
	__u8 flags;    /* enum owner_socket_flags */
	__u8 unused;
	__u32 device; /* interface it is bound to (SO_BINDTODEVICE); 0: none */
};

#endif
