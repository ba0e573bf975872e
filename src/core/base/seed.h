/* SPDX-License-Identifier: MIT */
/* Seeds of hashes, so that nobody outside can choose keys that meet in one place. Any thread. */
#ifndef PKTSTAT_SEED_H
#define PKTSTAT_SEED_H

#include <stddef.h>
#include <stdint.h>

/* Fills `seed` with numbers that nobody can guess; never waits, and never fails. At most 32 of them. */
void seed_draw(uint64_t *seed, size_t count);

#endif
