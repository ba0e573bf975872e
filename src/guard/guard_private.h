/* SPDX-License-Identifier: MIT */
/* Inside of the guard: its parts, for guard.c. Main thread. */
#ifndef PKTSTAT_GUARD_PRIVATE_H
#define PKTSTAT_GUARD_PRIVATE_H

#include <stdbool.h>

#include <seccomp.h>

#include "guard.h"

/*
 * Drops what `needs` does not name from the permitted, effective and inheritable set of the calling
 * thread; empties the ambient and, where that is allowed, the bounding set. 0 or a negative errno.
 */
int capabilities_keep(const struct guard_needs *needs);

/* Installs the filter for all threads. 0 or a negative errno. */
int syscalls_filter(const struct guard_needs *needs);

/* Adds what `needs` asks for to the filter; the first error wins. 0 or a negative errno. */
int syscalls_add_plain(scmp_filter_ctx filter, const struct guard_needs *needs);
int syscalls_add_rules(scmp_filter_ctx filter, const struct guard_needs *needs);

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
