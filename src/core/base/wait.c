/* SPDX-License-Identifier: MIT */
/* See wait.h. The only place that calls poll(2) and eventfd(2). */
#include "wait.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
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

int wait_new_event(void)
{
	int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return event_fd < 0 ? -errno : event_fd;
}

void wait_signal_event(int event_fd)
{
	uint64_t one = 1;

	/* Fails otherwise only after 2^64 - 2 signals that were not read: then it is readable anyway. */
	while (write(event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

bool wait_take_event(int event_fd)
{
	uint64_t events;

	return read(event_fd, &events, sizeof(events)) == sizeof(events);
}
