/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors in a loop that must end when it is told to, and never run hot. Any thread. */
#ifndef PKTSTAT_WAIT_H
#define PKTSTAT_WAIT_H

#include <poll.h>
#include <stdbool.h>

/* So long a loop rests when poll(2) itself fails, in nanoseconds. */
#define WAIT_REST_NS 100000000L

/*
 * poll(2): how many are ready, 0 after `timeout_ms` (-1: never). On a negative errno none is ready,
 * whatever `revents` held before; where it is not -EINTR the caller has rested for WAIT_REST_NS, so
 * that it may try again at once.
 */
int wait_ready(struct pollfd *polled, nfds_t count, int timeout_ms);

/* Takes the event of a non-blocking eventfd: true when it was signalled since the last time. */
bool wait_take_event(int event_fd);

#endif
