/* SPDX-License-Identifier: MIT */
/*
 * Finds host names: a thread takes questions from the name cache, looks in /etc/hosts and then
 * queries DNS with c-ares, and puts the answers into the cache. It opens no file and no socket
 * before the first question. Addresses for which DNS is not queried: see reverse.h.
 *
 * If a server does not answer, the resolver pauses for 5 s, then longer, up to a minute; meanwhile
 * names stay unknown. Changes of /etc/hosts and /etc/resolv.conf take effect within a second.
 *
 * System calls of the thread, for the filter: poll, read and write on eventfds; openat, fstat,
 * newfstatat, read, lseek, close of /etc/hosts, /etc/resolv.conf, /etc/nsswitch.conf,
 * /etc/host.conf, /etc/services (newer c-ares also uname, getrandom, pipe2); socket (AF_INET and
 * AF_INET6, datagram and stream; AF_UNIX and AF_NETLINK of newer ones), fcntl, ioctl(FIONBIO),
 * setsockopt, getsockopt, bind, connect, getsockname, getpeername, sendto, send, writev, sendmsg,
 * recvfrom, recv, readv; clock_gettime, getrandom, futex, brk, mmap, munmap, mprotect, madvise,
 * set_robust_list, rseq, rt_sigprocmask, prctl, exit.
 */
#ifndef PKTSTAT_RESOLVER_H
#define PKTSTAT_RESOLVER_H

#include "name_cache.h"

/* At most so many questions wait for an answer, and are sent per second. */
#define RESOLVER_PENDING_MAX 64
#define RESOLVER_RATE_MAX    500

/* Time to live, in seconds: limits for the one in DNS, and values for answers without one. */
#define RESOLVER_TTL_MIN      30
#define RESOLVER_TTL_MAX      86400
#define RESOLVER_TTL_HOSTS    60
#define RESOLVER_TTL_NEGATIVE 300
#define RESOLVER_TTL_FAILED   30

struct resolver;

/*
 * Starts the thread. The caller owns the cache, which must outlive the resolver. The thread calls
 * `on_thread` first, unless it is NULL. 0 or a negative errno.
 */
int resolver_start(struct name_cache *cache, void (*on_thread)(void *context), void *context,
		   struct resolver **ret_resolver);
/* Ends the thread without waiting for answers, and frees; NULL is allowed. */
void resolver_stop(struct resolver *resolver);

#endif
