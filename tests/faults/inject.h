/* SPDX-License-Identifier: MIT */
/*
 * Calls into the kernel, ours and those of libbpf, and our allocations, that can be made to fail at
 * the n-th of their kind. The program's own definitions of syscall(), mmap(), socket(), ... stand
 * before those of the C library for the libraries, too. One thread arms; any may call.
 */
#ifndef PKTSTAT_INJECT_H
#define PKTSTAT_INJECT_H

#include <stdbool.h>

enum inject_kind {
	INJECT_BPF,   /* bpf(2) */
	INJECT_BATCH, /* of these, the batch reads, which fail halfway, as out of memory does there */
	INJECT_MAPPING, /* mmap() of files */
	INJECT_SOCKET,	/* socket(), bind(), send(), sendmsg(), recv(), recvmsg() */
	INJECT_EPOLL,	/* epoll_create1(), epoll_ctl(), eventfd(), timerfd_create() */
	INJECT_MEMORY,	/* malloc(), calloc(), realloc(), reallocarray() of our code */
	INJECT_KINDS,
};

extern const char *const inject_name[INJECT_KINDS];

/* Makes the n-th call (from 1) of this kind fail, or with `on` that and all later ones. */
void inject_arm(enum inject_kind kind, unsigned int n, int error, bool on);
/* Makes the n-th call (from 1) of bpf(2) and of the sockets the last one: SIGKILL comes before it. */
void inject_kill(unsigned int n);
/* Ends it. True when a call was made to fail. */
bool inject_disarm(void);

#endif
