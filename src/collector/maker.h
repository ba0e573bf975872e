/* SPDX-License-Identifier: MIT */
/*
 * Makes flow maps beside the collector thread: the kernel takes a microsecond an entry for it, and
 * meanwhile the programs must go on being drained. One order at a time; the collector thread
 * orders and takes, a thread of the maker's own works.
 */
#ifndef PKTSTAT_MAKER_H
#define PKTSTAT_MAKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "generation.h"

enum maker_state {
	MAKER_IDLE,
	MAKER_WORKING,
	MAKER_DONE, /* a map, or the error that making it ended with, can be taken */
};

struct maker {
	pthread_t thread;
	atomic_int state; /* enum maker_state */
	uint32_t entries;
	struct generation made;
	int error;
};

void maker_init(struct maker *maker);
/* Waits for an order that is being worked on and closes what nobody took. */
void maker_done(struct maker *maker);

/* Orders a map with so many entries. False when an order is not yet taken, or without memory. */
bool maker_order(struct maker *maker, uint32_t entries);
/*
 * Takes the finished order: 0 with `ret_generation` the caller's, -EAGAIN when there is none yet,
 * or the errno that making it failed with.
 */
int maker_take(struct maker *maker, struct generation *ret_generation);

#endif
