/* SPDX-License-Identifier: MIT */
/* Inside of the guard: its parts, for guard.c. */
#ifndef PKTSTAT_GUARD_PRIVATE_H
#define PKTSTAT_GUARD_PRIVATE_H

#include <stdbool.h>

#include <seccomp.h>

#include "guard.h"

/* In a table: whatever the needs are. */
#define GUARD_ALWAYS (~0U)

/* Whether an entry of a table that serves `serves` is wanted for `needs`. */
static inline bool guard_serves(unsigned int serves, unsigned int needs)
{
	return serves == GUARD_ALWAYS || serves & needs;
}

/* Drops what `needs` does not take from the calling thread. 0 or a negative errno. */
int capabilities_keep(unsigned int needs);

/* Makes the filter; the caller releases it. 0 or a negative errno. */
int syscalls_build(unsigned int needs, bool all_threads, scmp_filter_ctx *ret_filter);

/* Installs the filter, for all threads or the calling one. 0 or a negative errno. */
int syscalls_filter(unsigned int needs, bool all_threads);

/*
 * The sanitizers' own work is system calls too: the leak check at the end attaches to the process
 * as a debugger, and reports are written from anywhere. Their builds are for tests only.
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
