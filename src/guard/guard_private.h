/* SPDX-License-Identifier: MIT */
/* Internal to the guard: its parts, for guard.c. */
#ifndef PKTSTAT_GUARD_PRIVATE_H
#define PKTSTAT_GUARD_PRIVATE_H

#include <stdbool.h>

#include <seccomp.h>

#include "guard.h"

/* In a table: for any needs. */
#define GUARD_ALWAYS (~0U)

/* Whether a table entry with `serves` applies to `needs`. */
static inline bool guard_serves(unsigned int serves, unsigned int needs)
{
	return serves == GUARD_ALWAYS || serves & needs;
}

/*
 * Drops the capabilities of the calling thread that `needs` does not require. 0 or a negative
 * errno.
 */
int capabilities_keep(unsigned int needs);

/*
 * Builds the filter; the caller releases it. 0 or a negative errno. For tests and
 * syscalls_filter().
 */
int syscalls_build(unsigned int needs, bool all_threads, scmp_filter_ctx *ret_filter);

/* Installs the filter for all threads or only the calling one. 0 or a negative errno. */
int syscalls_filter(unsigned int needs, bool all_threads);

/*
 * Sanitizers make system calls of their own: the leak check at the end attaches to the process as a
 * debugger, and any thread may write a report. These builds are for tests only.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GUARD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define GUARD_SANITIZED 1
#endif
#endif
#ifndef GUARD_SANITIZED
#define GUARD_SANITIZED 0
#endif

#endif
