/* SPDX-License-Identifier: MIT */
/* Writing to somebody who may not read; see outlet.h. */
#include "outlet.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "wait.h"

/* How long until a full disk is tried again. */
#define RETRY_MS 500

static void take_next(struct outlet *outlet)
{
	int next = atomic_exchange(&outlet->next_fd, -1);

	if (next < 0)
		return;
	if (outlet->owned)
		close(outlet->fd);
	outlet->fd = next;
	outlet->owned = true;
}

static void set_stuck(struct outlet *outlet, int err)
{
	if (outlet->is_stuck == (err != 0))
		return;
	outlet->is_stuck = err != 0;
	outlet->stuck(outlet->context, err);
}

static void note_end(struct outlet *outlet)
{
	if (!outlet->end_ns)
		outlet->end_ns = outlet->moved_ns = clock_mono_ns();
}

/* -ETIMEDOUT or -ETIME when the end was too long ago, else 0. */
static int too_late(const struct outlet *outlet)
{
	uint64_t now_ns = clock_mono_ns();

	if (!outlet->end_ns)
		return 0;
	if (now_ns - outlet->end_ns > outlet->grace_all_ns)
		return -ETIME;
	return now_ns - outlet->moved_ns > outlet->grace_ns ? -ETIMEDOUT : 0;
}

/*
 * Waits until the descriptor takes something, `full`: for some time. 0; -EAGAIN: it does not yet; or too
 * late. A reader that always takes a little must not hide the end.
 */
static int wait_for_reader(struct outlet *outlet, bool full)
{
	struct pollfd waits[] = {
		{.fd = full ? -1 : outlet->fd, .events = POLLOUT},
		{.fd = outlet->end_ns ? -1 : outlet->stop_fd, .events = POLLIN},
	};
	int ready = wait_ready(waits, ARRAY_SIZE(waits), full || outlet->end_ns ? RETRY_MS : -1);
	int late;

	if (ready > 0 && waits[1].revents)
		note_end(outlet);
	late = too_late(outlet);
	if (late == -ETIME || (ready > 0 && waits[0].revents))
		return late == -ETIME ? late : 0;
	return late ? late : full ? 0 : -EAGAIN;
}

/* A pipe that poll() says is ready takes PIPE_BUF bytes without blocking. */
static int write_some(struct outlet *outlet, const char *text, size_t size, size_t *ret_written)
{
	ssize_t written;
	int err = wait_for_reader(outlet, false);

	*ret_written = 0;
	if (err)
		return err == -EAGAIN ? 0 : err;
	written = write(outlet->fd, text, size < PIPE_BUF ? size : PIPE_BUF);
	if (written >= 0) {
		set_stuck(outlet, 0);
		*ret_written = (size_t)written;
		if (outlet->end_ns)
			outlet->moved_ns = clock_mono_ns();
		return 0;
	}
	if (errno == EINTR || errno == EAGAIN)
		return 0;
	err = -errno;
	if (err != -ENOSPC && err != -EDQUOT)
		return err;
	set_stuck(outlet, err);
	return wait_for_reader(outlet, true) ? err : 0;
}

/*
 * A full disk may have no room again before this file, perhaps deleted already, is closed: the next one
 * is used at once, and begins with the line that was cut.
 */
static void leave_full_file(struct outlet *outlet, const char *first, const char **text)
{
	if (!outlet->is_stuck || atomic_load(&outlet->next_fd) < 0)
		return;
	take_next(outlet);
	while (*text > first && (*text)[-1] != '\n')
		(*text)--;
}

int outlet_write(struct outlet *outlet, const char *text, size_t size)
{
	const char *first = text, *end = text + size;
	size_t written;
	int err = 0;

	take_next(outlet);
	while (text < end && !err) {
		err = write_some(outlet, text, (size_t)(end - text), &written);
		text += written;
		if (!err)
			leave_full_file(outlet, first, &text);
	}
	return err;
}

void outlet_reopen(struct outlet *outlet, int fd)
{
	int unused = atomic_exchange(&outlet->next_fd, fd);

	if (unused >= 0)
		close(unused);
}

void outlet_close(struct outlet *outlet)
{
	take_next(outlet);
	if (outlet->owned)
		close(outlet->fd);
	outlet->owned = false;
}
