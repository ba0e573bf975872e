/* SPDX-License-Identifier: MIT */
/* See wait.h. The only place that calls poll(2). */
#include "wait.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int wait_ready(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	const struct timespec rest = {.tv_nsec = WAIT_REST_NS};
	int ready = poll(polled, count, timeout_ms), err;

	if (ready >= 0)
		return ready;
	err = -errno;
	for (nfds_t i = 0; i < count; i++)
		polled[i].revents = 0;
	if (err != -EINTR)
		nanosleep(&rest, NULL);
	return err;
}

bool wait_take_event(int event_fd)
{
	uint64_t events;

	return read(event_fd, &events, sizeof(events)) == sizeof(events);
}
