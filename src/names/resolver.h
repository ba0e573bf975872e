/* SPDX-License-Identifier: MIT */
/*
 * Finds host names: a thread of its own that takes questions from the name cache, asks /etc/hosts
 * and then DNS by c-ares, and puts the answers there. It opens no file and no socket until the
 * first question. What DNS is not asked about: see reverse.h.
 *
 * A server that does not answer is left alone for 5 s, then longer, up to a minute; meanwhile names
 * stay unknown. Changes of /etc/hosts and /etc/resolv.conf are seen within a second.
 *
 * What the thread does, for the filter of system calls: poll, read and write on eventfds; openat,
 * fstat, newfstatat, read, lseek, close of /etc/hosts, /etc/resolv.conf, /etc/nsswitch.conf,
 * /etc/host.conf, /etc/services (newer c-ares also uname, getrandom, pipe2); socket (AF_INET and
 * AF_INET6, datagram and stream; AF_UNIX and AF_NETLINK of newer ones), fcntl, ioctl(FIONBIO),
 * setsockopt, getsockopt, bind, connect, getsockname, getpeername, sendto, send, writev, sendmsg,
 * recvfrom, recv, readv; clock_gettime, getrandom, futex, brk, mmap, munmap, mprotect, madvise,
 * set_robust_list, rseq, rt_sigprocmask, prctl, exit.
 */
#ifndef PKTSTAT_RESOLVER_H
#define PKTSTAT_RESOLVER_H

#include "name_cache.h"

/* Questions that wait for an answer at a time, and that are sent in a second, at the most. */
#define RESOLVER_PENDING_MAX 64
#define RESOLVER_RATE_MAX    500

/* Time to live, in seconds: bounds of what DNS says, and that of what has none of its own. */
#define RESOLVER_TTL_MIN      30
#define RESOLVER_TTL_MAX      86400
#define RESOLVER_TTL_HOSTS    60
#define RESOLVER_TTL_NEGATIVE 300
#define RESOLVER_TTL_FAILED   30

struct resolver;

/*
 * The cache stays the caller's and outlives it. `on_thread` is the thread's first act; NULL: none.
 * 0, -ENOMEM, or what failed.
 */
int resolver_start(struct name_cache *cache, void (*on_thread)(void *context), void *context,
		   struct resolver **ret_resolver);
/* Ends the thread without waiting for answers, and frees; NULL is allowed. */
void resolver_stop(struct resolver *resolver);

#endif
