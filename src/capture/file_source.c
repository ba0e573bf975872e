/* SPDX-License-Identifier: MIT */
/*
 * A capture as a source. The collector thread does all: its wake-up (wake_fd) is a turn of reading,
 * which ends after some packets, at the end of an interval, or where the next packet is not due or
 * not there yet.
 */
#include "file_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "counter.h"
#include "link_type.h"
#include "pace.h"
#include "wait.h"

/* Packets of one turn: about a millisecond. */
#define TURN_PACKETS 8192

enum { FD_TURN, FD_WAKE, FD_DEADLINE, FD_END, FD_STOP, FDS };

struct file_source {
	struct flow_source base;
	struct timing timing;
	const char *path;
	bool has_dirs; /* the capture says directions, of some packets at least */
	struct reader reader;
	struct counter counter;
	struct pace pace;
	struct ifaces *ifaces;
	int fd[FDS];	   /* FD_WAKE: an epoll of FD_TURN, a timer, and of the input while it is waited for */
	bool waits_input;  /* the input is in FD_WAKE */
	uint64_t mono_ns;  /* of the moment start_ns */
	int64_t start_ns;  /* the first packet's */
	int64_t at_ns;	   /* how far it was played */
	int64_t deadline_ns;
	int64_t interval_ns;
	bool due; /* the deadline was reached and is not taken yet */
	struct reader_packet next;
	bool has_next;
	bool ended;
	int error; /* of the reader, at the end */
};

static struct file_source *file_source_of(const struct flow_source *base)
{
	return (struct file_source *)base;
}

static struct file_source *of_timing(const struct timing *timing)
{
	return (struct file_source *)((const char *)timing - offsetof(struct file_source, timing));
}

/* The next turn is at `mono_ns`; 0: at once, UINT64_MAX: not by time. */
static void set_turn(struct file_source *source, uint64_t mono_ns)
{
	struct itimerspec spec = {0};

	if (!mono_ns)
		mono_ns = 1;
	if (mono_ns != UINT64_MAX) {
		spec.it_value.tv_sec = (time_t)(mono_ns / 1000000000ULL);
		spec.it_value.tv_nsec = (long)(mono_ns % 1000000000ULL);
	}
	timerfd_settime(source->fd[FD_TURN], TFD_TIMER_ABSTIME, &spec, NULL);
}

/* A turn comes when the input is readable, or not because of it. */
static int wait_input(struct file_source *source, bool wanted)
{
	struct epoll_event event = {.events = EPOLLIN};
	int input = source->reader.input.fd;

	if (wanted == source->waits_input)
		return 0;
	if (epoll_ctl(source->fd[FD_WAKE], wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, input, &event))
		return -errno;
	source->waits_input = wanted;
	return 0;
}

/* How far time may go until the next packet was counted. */
static int64_t reach_of(const struct file_source *source, uint64_t now_ns)
{
	int64_t due_ns;

	if (!pace_is_timed(&source->pace))
		return source->has_next ? source->next.wall_ns : source->at_ns;
	due_ns = pace_at(&source->pace, now_ns);
	return source->has_next && source->next.wall_ns < due_ns ? source->next.wall_ns : due_ns;
}

/* True at the end of the interval, which the collector takes before more is read. */
static bool reach_deadline(struct file_source *source, int64_t reach_ns)
{
	if (reach_ns < source->deadline_ns)
		return false;
	source->due = true;
	wait_signal_event(source->fd[FD_DEADLINE]);
	return true;
}

/* More interfaces have appeared in the file. */
static void tell_ifaces(struct file_source *source, unsigned int count)
{
	const char *file = strrchr(source->path, '/'), *name;
	struct ifaces *ifaces;

	if (ifaces_new(count, &ifaces))
		return;
	file = !strcmp(source->path, "-") ? "stdin" : file ? file + 1 : source->path;
	for (unsigned int slot = 0; slot < count; slot++) {
		struct ifaces_entry *entry = &ifaces->entry[slot];

		entry->state = IFACE_WATCHED;
		entry->lower_slot = -1;
		name = reader_iface_name(&source->reader, slot);
		if (slot < source->ifaces->count)
			*entry = source->ifaces->entry[slot];
		else if (slot == FLOW_SLOT_GONE)
			snprintf(entry->name, sizeof(entry->name), "others");
		else if (*name)
			snprintf(entry->name, sizeof(entry->name), "%s", name);
		else if (source->reader.pcap || !slot)
			snprintf(entry->name, sizeof(entry->name), "%s", file);
		else
			snprintf(entry->name, sizeof(entry->name), "number %u", slot);
	}
	ifaces->watched = count;
	ifaces_unref(source->ifaces);
	source->ifaces = ifaces;
}

/* Interfaces beyond those that can be told apart share the last slot. */
static unsigned int slot_of_iface(struct file_source *source, uint32_t iface)
{
	unsigned int slot = iface < FLOW_SLOT_GONE ? iface : FLOW_SLOT_GONE;

	if (slot >= source->ifaces->count)
		tell_ifaces(source, slot + 1);
	return slot;
}

/* Reads the next packet. False at the end. */
static bool fetch(struct file_source *source)
{
	int result = reader_next(&source->reader, &source->next);

	source->has_next = result == 1;
	source->ended = result != 1;
	/* Stopped in the middle of a packet is not damaged. */
	if (result < 0 && !source->reader.input.stopped)
		source->error = result;
	return source->has_next;
}

static void count_next(struct file_source *source)
{
	const struct reader_packet *packet = &source->next;

	if (packet->wall_ns > source->at_ns)
		source->at_ns = packet->wall_ns;
	if (packet->dir >= 0 && !source->has_dirs)
		__atomic_store_n(&source->has_dirs, true, __ATOMIC_RELAXED);
	counter_add(&source->counter, &packet->captured, slot_of_iface(source, packet->iface),
		    packet->dir, packet->wall_ns);
	source->has_next = false;
}

/*
 * How far time may go now; a long wait for the next packet is shortened. That cannot be left until no
 * interval is due: played fast, the next one ends before the last was taken.
 */
static int64_t reach_next(struct file_source *source, uint64_t now_ns)
{
	int64_t reach_ns = reach_of(source, now_ns);

	if (source->next.wall_ns <= reach_ns ||
	    pace_due(&source->pace, source->next.wall_ns) <= now_ns + PACE_WAIT_MAX_NS)
		return reach_ns;
	pace_skip(&source->pace, source->next.wall_ns, now_ns);
	return reach_of(source, now_ns);
}

/* The next packet is not due yet: the next turn is when it is, or at the end of the interval. */
static void await_due(struct file_source *source)
{
	uint64_t due_ns = pace_due(&source->pace, source->next.wall_ns);
	uint64_t end_ns = pace_due(&source->pace, source->deadline_ns);

	set_turn(source, due_ns < end_ns ? due_ns : end_ns);
}

/* The other side of the pipe has sent nothing more; time goes on all the same where it is timed. */
static void await_input(struct file_source *source)
{
	set_turn(source, pace_is_timed(&source->pace)
				 ? pace_due(&source->pace, source->deadline_ns)
				 : UINT64_MAX);
	if (wait_input(source, true))
		set_turn(source, 0);
}

/* Makes sure of a next packet. False: there is none, now or at all. */
static bool have_next(struct file_source *source, uint64_t now_ns)
{
	if (source->has_next)
		return true;
	if (!source->ended && reader_is_idle(&source->reader)) {
		if (!reach_deadline(source, reach_of(source, now_ns)))
			await_input(source);
		return false;
	}
	if (!source->ended && fetch(source))
		return true;
	wait_signal_event(source->fd[FD_END]);
	return false;
}

/* One turn of reading. */
static void play(struct file_source *source)
{
	uint64_t now_ns = clock_mono_ns();

	wait_input(source, false);
	set_turn(source, UINT64_MAX);
	for (unsigned int i = 0; i < TURN_PACKETS && !tally_is_full(&source->counter.tally); i++) {
		int64_t reach_ns;

		if (!have_next(source, now_ns))
			return;
		reach_ns = reach_next(source, now_ns);
		if (reach_deadline(source, reach_ns))
			return;
		if (source->next.wall_ns > reach_ns) {
			await_due(source);
			return;
		}
		count_next(source);
	}
	set_turn(source, 0);
}

static bool file_wants_drain(struct flow_source *base)
{
	struct file_source *source = file_source_of(base);

	if (!source->due)
		play(source);
	return tally_is_full(&source->counter.tally);
}

static void file_drain(struct flow_source *base, const struct flow_sink *sink,
		       struct source_reading *ret_reading)
{
	struct file_source *source = file_source_of(base);

	*ret_reading = (struct source_reading){
		.mono_ns = source->mono_ns + (uint64_t)(source->at_ns - source->start_ns)};
	counter_drain(&source->counter, sink, ret_reading);
}

/* Ends playing, perhaps in the middle. */
static void file_detach(struct flow_source *base)
{
	struct file_source *source = file_source_of(base);
	int64_t reach_ns = reach_of(source, clock_mono_ns());

	if (!source->ended && reach_ns > source->at_ns)
		source->at_ns = reach_ns < source->deadline_ns ? reach_ns : source->deadline_ns;
	source->ended = true;
}

static int file_wake_fd(struct flow_source *base)
{
	return file_source_of(base)->fd[FD_WAKE];
}

static int file_links_fd(struct flow_source *base)
{
	return file_source_of(base)->fd[FD_END];
}

static bool file_on_links(struct flow_source *base)
{
	struct file_source *source = file_source_of(base);

	return wait_take_event(source->fd[FD_END]) && source->ended;
}

static bool file_no(struct flow_source *base)
{
	(void)base;
	return false;
}

static bool file_give_up_slots(struct flow_source *base, bool ret_slot[FLOW_IFACES_MAX])
{
	(void)base;
	(void)ret_slot;
	return false;
}

static struct ifaces *file_ifaces(const struct flow_source *base)
{
	return ifaces_ref(file_source_of(base)->ifaces);
}

static void file_state(const struct flow_source *base, struct source_state *ret_state)
{
	counter_state(&file_source_of(base)->counter, ret_state);
}

static const char *file_way(const struct flow_source *base)
{
	const struct file_source *source = file_source_of(base);

	if (__atomic_load_n(&source->has_dirs, __ATOMIC_RELAXED))
		return "file, in and out as captured";
	return source->counter.local ? "file, in and out by --local" : "file, all in";
}

static uint64_t file_mono_ns(const struct timing *timing)
{
	const struct file_source *source = of_timing(timing);

	return source->mono_ns + (uint64_t)(source->at_ns - source->start_ns);
}

static int64_t file_wall_ns(const struct timing *timing)
{
	return of_timing(timing)->at_ns;
}

static int file_deadline_fd(const struct timing *timing)
{
	return of_timing(timing)->fd[FD_DEADLINE];
}

static void forget_deadline(struct file_source *source)
{
	source->due = false;
	wait_take_event(source->fd[FD_DEADLINE]);
}

static int file_arm(struct timing *timing, uint64_t first_ns, uint64_t interval_ns)
{
	struct file_source *source = of_timing(timing);

	forget_deadline(source);
	source->deadline_ns = source->start_ns + (int64_t)(first_ns - source->mono_ns);
	source->interval_ns = (int64_t)interval_ns;
	set_turn(source, 0);
	return 0;
}

/* Time is at the deadline then. A stretch without packets behind it is one interval, not many. */
static uint64_t file_take(struct timing *timing)
{
	struct file_source *source = of_timing(timing);
	int64_t reach_ns = reach_of(source, clock_mono_ns()), many;

	if (!source->due)
		return 0;
	forget_deadline(source);
	if (source->deadline_ns > source->at_ns)
		source->at_ns = source->deadline_ns;
	many = (reach_ns - source->at_ns) / source->interval_ns;
	source->deadline_ns = source->at_ns + (many > 1 ? many : 1) * source->interval_ns;
	set_turn(source, 0);
	return 1;
}

static const struct flow_source_ops file_source_ops = {
	.drain = file_drain,
	.detach = file_detach,
	.wake_fd = file_wake_fd,
	.wants_drain = file_wants_drain,
	.links_fd = file_links_fd,
	.on_links = file_on_links,
	.on_deadline = file_no,
	.wants_slots = file_no,
	.give_up_slots = file_give_up_slots,
	.ifaces = file_ifaces,
	.state = file_state,
	.way = file_way,
	.finite = true,
};

static const struct timing_ops file_timing_ops = {
	.mono_ns = file_mono_ns,
	.seen_ns = file_wall_ns,
	.wall_ns = file_wall_ns,
	.fd = file_deadline_fd,
	.arm = file_arm,
	.take = file_take,
};

void file_source_free(struct flow_source *base)
{
	struct file_source *source = file_source_of(base);

	if (!source)
		return;
	for (unsigned int i = 0; i < FDS; i++) {
		if (source->fd[i] >= 0)
			close(source->fd[i]);
	}
	counter_close(&source->counter);
	reader_close(&source->reader);
	ifaces_unref(source->ifaces);
	free(source);
}

static int open_descriptors(struct file_source *source)
{
	struct epoll_event event = {.events = EPOLLIN};
	int *fd = source->fd;

	fd[FD_TURN] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	fd[FD_WAKE] = epoll_create1(EPOLL_CLOEXEC);
	if (fd[FD_TURN] < 0 || fd[FD_WAKE] < 0 ||
	    epoll_ctl(fd[FD_WAKE], EPOLL_CTL_ADD, fd[FD_TURN], &event))
		return -errno;
	for (unsigned int i = FD_DEADLINE; i < FDS; i++) {
		fd[i] = wait_new_event();
		if (fd[i] < 0)
			return fd[i];
	}
	source->reader.input.stop_fd = fd[FD_STOP];
	/* What cannot be waited for, such as /dev/null, is always readable. */
	if (source->reader.input.waits && wait_input(source, true))
		source->reader.input.waits = false;
	wait_input(source, false);
	return 0;
}

/* A file that is damaged from its first packet on is opened all the same: the end says so. */
static int begin(struct file_source *source)
{
	int err = ifaces_new(0, &source->ifaces);

	if (err)
		return err;
	fetch(source);
	if (source->error == -EPROTONOSUPPORT || source->error == -ENOMEM)
		return source->error;
	source->mono_ns = clock_mono_ns();
	source->start_ns = source->has_next ? source->next.wall_ns : clock_wall_ns();
	source->at_ns = source->start_ns;
	source->pace.base_ns = source->start_ns;
	source->pace.base_mono_ns = source->mono_ns;
	source->has_dirs = link_type_has_dir(source->reader.link_type) ||
			   (source->has_next && source->next.dir >= 0);
	slot_of_iface(source, 0);
	return source->ifaces->count ? open_descriptors(source) : -ENOMEM;
}

int file_source_open(const struct file_source_options *options, struct flow_source **ret_source,
		     char ret_why[READER_WHY_MAX])
{
	struct file_source *source = calloc(1, sizeof(*source));
	int err;

	*ret_why = '\0';
	if (!source)
		return -ENOMEM;
	source->base.ops = &file_source_ops;
	source->timing.ops = &file_timing_ops;
	source->path = options->path;
	source->pace.speed = options->speed;
	memset(source->fd, -1, sizeof(source->fd));
	err = reader_open(&source->reader, options->path, -1);
	if (!err)
		err = counter_open(&source->counter, options->no_arp, options->local,
				   options->samples);
	if (!err)
		err = begin(source);
	if (err) {
		memcpy(ret_why, source->reader.why, READER_WHY_MAX);
		file_source_free(&source->base);
		return err;
	}
	*ret_source = &source->base;
	return 0;
}

struct timing *file_source_timing(struct flow_source *source)
{
	return &file_source_of(source)->timing;
}

uint64_t file_source_start_mono_ns(const struct flow_source *source)
{
	return file_source_of(source)->mono_ns;
}

int64_t file_source_start_wall_ns(const struct flow_source *source)
{
	return file_source_of(source)->start_ns;
}

void file_source_stop(struct flow_source *source)
{
	wait_signal_event(file_source_of(source)->fd[FD_STOP]);
}

int file_source_error(const struct flow_source *base, uint64_t *ret_packets, const char **ret_why)
{
	const struct file_source *source = file_source_of(base);

	*ret_packets = source->reader.packets;
	*ret_why = source->reader.why;
	return source->error;
}

bool file_source_is_timeless(const struct flow_source *base)
{
	return file_source_of(base)->reader.timeless;
}
