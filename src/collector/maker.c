/* SPDX-License-Identifier: MIT */
/* A thread an order: orders are rare, and an idle thread would have to be explained. */
#include "maker.h"

#include <errno.h>
#include <sys/prctl.h>

void maker_init(struct maker *maker)
{
	atomic_init(&maker->state, MAKER_IDLE);
	maker->made.map_fd = -1;
}

static void *maker_main(void *arg)
{
	struct maker *maker = arg;

	prctl(PR_SET_NAME, "map-maker");
	maker->error = generation_open(maker->entries, &maker->made);
	atomic_store_explicit(&maker->state, MAKER_DONE, memory_order_release);
	return NULL;
}

bool maker_order(struct maker *maker, uint32_t entries)
{
	if (atomic_load_explicit(&maker->state, memory_order_acquire) != MAKER_IDLE)
		return false;
	maker->entries = entries;
	atomic_store_explicit(&maker->state, MAKER_WORKING, memory_order_relaxed);
	if (!pthread_create(&maker->thread, NULL, maker_main, maker))
		return true;
	atomic_store_explicit(&maker->state, MAKER_IDLE, memory_order_relaxed);
	return false;
}

int maker_take(struct maker *maker, struct generation *ret_generation)
{
	if (atomic_load_explicit(&maker->state, memory_order_acquire) != MAKER_DONE)
		return -EAGAIN;
	pthread_join(maker->thread, NULL);
	atomic_store_explicit(&maker->state, MAKER_IDLE, memory_order_relaxed);
	if (maker->error)
		return maker->error;
	*ret_generation = maker->made;
	maker->made.map_fd = -1;
	return 0;
}

void maker_done(struct maker *maker)
{
	if (atomic_load_explicit(&maker->state, memory_order_acquire) != MAKER_IDLE)
		pthread_join(maker->thread, NULL);
	generation_close(&maker->made);
}
