/* SPDX-License-Identifier: MIT */
/* The machine's time; see timing.h. */
#include "timing.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

static const struct machine_timing *machine_of(const struct timing *base)
{
	return (const struct machine_timing *)base;
}

static uint64_t machine_mono_ns(const struct timing *base)
{
	(void)base;
	return clock_mono_ns();
}

/*
 * Not the clock on the wall itself: it may be set back, and flows must not end before they begin.
 * Nor CLOCK_MONOTONIC, which stands still while the machine sleeps.
 */
static int64_t machine_seen_ns(const struct timing *base)
{
	const struct machine_timing *machine = machine_of(base);

	return machine->start_wall_ns + (int64_t)(clock_boot_ns() - machine->start_boot_ns);
}

static int64_t machine_wall_ns(const struct timing *base)
{
	(void)base;
	return clock_wall_ns();
}

static int machine_fd(const struct timing *base)
{
	return machine_of(base)->timer_fd;
}

static int machine_arm(struct timing *base, uint64_t first_ns, uint64_t interval_ns)
{
	uint64_t now_ns = clock_mono_ns();
	struct itimerspec spec;

	if (first_ns < now_ns) /* not late, only shorter than what has passed already */
		first_ns = now_ns;
	spec = (struct itimerspec){
		.it_value = {(time_t)(first_ns / 1000000000ULL), (long)(first_ns % 1000000000ULL)},
		.it_interval = {(time_t)(interval_ns / 1000000000ULL),
				(long)(interval_ns % 1000000000ULL)},
	};
	if (timerfd_settime(machine_fd(base), TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		return -errno;
	return 0;
}

static uint64_t machine_take(struct timing *base)
{
	uint64_t expirations;

	/* It fails when the timer was set again in between. */
	if (read(machine_fd(base), &expirations, sizeof(expirations)) != sizeof(expirations))
		return 0;
	return expirations;
}

int machine_timing_open(struct machine_timing *machine, uint64_t start_mono_ns,
			int64_t start_wall_ns)
{
	static const struct timing_ops ops = {
		.mono_ns = machine_mono_ns,
		.seen_ns = machine_seen_ns,
		.wall_ns = machine_wall_ns,
		.fd = machine_fd,
		.arm = machine_arm,
		.take = machine_take,
	};

	*machine = (struct machine_timing){
		.base.ops = &ops,
		.start_wall_ns = start_wall_ns,
		.start_boot_ns = clock_boot_ns() - (clock_mono_ns() - start_mono_ns),
		.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
	};
	return machine->timer_fd < 0 ? -errno : 0;
}

void machine_timing_close(struct machine_timing *machine)
{
	if (machine->timer_fd >= 0)
		close(machine->timer_fd);
	machine->timer_fd = -1;
}
