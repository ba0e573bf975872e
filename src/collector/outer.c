/* SPDX-License-Identifier: MIT */
/* Arrays of maps: putting many maps in place in few waits. */
#include "outer.h"

#include <pthread.h>
#include <string.h>

#include <bpf/bpf.h>

/* What the threads of one call share: each takes the next map that is left. */
struct filling {
	int outer_fd;
	const uint32_t *index;
	const int *fd;
	int *err;
	uint32_t count, next;
};

static void *fill_main(void *arg)
{
	struct filling *filling = arg;
	uint32_t i;

	while ((i = __atomic_fetch_add(&filling->next, 1, __ATOMIC_RELAXED)) < filling->count)
		filling->err[i] = bpf_map_update_elem(filling->outer_fd, &filling->index[i],
						      &filling->fd[i], BPF_ANY);
	return NULL;
}

/*
 * The kernel waits after each map, for tens of milliseconds; those who wait at the same time wait for
 * the same moment. Without threads, as behind the guard, it takes longer.
 */
static void fill_together(struct filling *filling)
{
	pthread_t thread[OUTER_THREADS - 1];
	uint32_t threads = 0;

	while (threads < OUTER_THREADS - 1 && threads + 1 < filling->count &&
	       !pthread_create(&thread[threads], NULL, fill_main, filling))
		threads++;
	fill_main(filling);
	while (threads)
		pthread_join(thread[--threads], NULL);
}

void outer_put(int outer_fd, const uint32_t *index, const int *fd, int *ret_err, uint32_t count)
{
	struct filling filling = {
		.outer_fd = outer_fd,
		.index = index,
		.fd = fd,
		.err = ret_err,
		.count = count,
	};
	__u32 done = count;

	if (count && bpf_map_update_batch(outer_fd, index, fd, &done, NULL))
		fill_together(&filling); /* before Linux 5.17 */
	else
		memset(ret_err, 0, count * sizeof(*ret_err));
}
