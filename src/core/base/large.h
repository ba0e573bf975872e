/* SPDX-License-Identifier: MIT */
/* Large tables that are reached in random order, from memory in large pages. */
#ifndef PKTSTAT_LARGE_H
#define PKTSTAT_LARGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define LARGE_PAGE (2UL << 20)

/*
 * Asks the kernel to back memory that was just allocated, and is not used yet, by large pages: a
 * tenth of the page faults, and fewer misses of the TLB. Advice only; small memory is left alone.
 */
static inline void large_advise(void *memory, size_t size)
{
	uintptr_t begin = ((uintptr_t)memory + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(LARGE_PAGE - 1);

	if (memory && begin < end)
		(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

#endif
