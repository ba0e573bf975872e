/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors in a loop that can be stopped and never spins, and events to wait for. Any thread. */
#ifndef PKTSTAT_WAIT_H
#define PKTSTAT_WAIT_H

#include <poll.h>
#include <stdbool.h>

/* How long a loop rests when poll(2) itself fails, in nanoseconds. */
#define WAIT_REST_NS 100000000L

/*
 * poll(2): how many are ready, 0 after `timeout_ms` (-1: never). On a negative errno none is ready,
 * whatever `revents` held before; unless it is -EINTR the call has rested for WAIT_REST_NS, so that
 * the caller may try again at once.
 */
int wait_ready(struct pollfd *polled, nfds_t count, int timeout_ms);

/* A new event, not signalled: a non-blocking eventfd(2) that the caller closes, or a negative errno. */
int wait_new_event(void);

/* Makes the event readable until it is taken. Any thread, any number of times; never blocks. */
void wait_signal_event(int event_fd);

/* Takes the event: true when it was signalled since it was last taken. */
bool wait_take_event(int event_fd);

#endif
