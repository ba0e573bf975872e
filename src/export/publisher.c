/* SPDX-License-Identifier: MIT */
/* The thread of an output; see publisher.h. */
#include "publisher.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "array.h"
#include "wait.h"

/* An interval that is this part shorter than wanted is long enough: collectors may be late once. */
#define SHORTER_BY 16

/* How often an output with something else to wait for is asked to do it, whatever happens. */
#define EXTRA_MS 500

struct publisher {
	struct publisher_options options;
	struct change_keeper *keeper;
	int publish_fd; /* the ring's */
	int stop_fd;
	uint64_t published; /* changes */
	bool ended;	    /* PUBLISHER_ENDED was said: the next change is the last */
	pthread_t thread;
	bool started;
};

int publisher_new(const struct publisher_options *options, struct publisher **ret_publisher)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));
	int err;

	if (!publisher)
		return -ENOMEM;
	publisher->options = *options;
	publisher->stop_fd = wait_new_event();
	err = publisher->stop_fd < 0 ? publisher->stop_fd : 0;
	if (!err)
		err = ring_add_reader(options->ring, &publisher->publish_fd);
	if (!err)
		err = change_keeper_new(&publisher->keeper);
	if (err) {
		publisher_free(publisher);
		return err;
	}
	*ret_publisher = publisher;
	return 0;
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	if (publisher->started)
		publisher_finish(publisher);
	if (publisher->stop_fd >= 0)
		close(publisher->stop_fd);
	change_keeper_free(publisher->keeper);
	free(publisher);
}

int publisher_stop_fd(const struct publisher *publisher)
{
	return publisher->stop_fd;
}

static bool is_time(const struct publisher *publisher, const struct snapshot *now)
{
	const struct snapshot *last = change_last(publisher->keeper);
	uint64_t every_ns = publisher->options.every_ns;
	uint64_t elapsed_ns = now->running_ns - (last ? last->running_ns : 0);

	return elapsed_ns >= every_ns - every_ns / SHORTER_BY;
}

static bool is_told_to_end(const struct publisher *publisher)
{
	struct pollfd stop = {.fd = publisher->stop_fd, .events = POLLIN};

	return wait_ready(&stop, 1, 0) > 0;
}

static int publish_change(struct publisher *publisher, struct snapshot *now)
{
	const struct change *change;
	int err = change_take(publisher->keeper, now, &change);

	if (err == -ENOMEM && !is_told_to_end(publisher))
		return 0; /* the next interval is longer */
	if (!err)
		err = publisher->options.publish(publisher->options.output, change);
	publisher->published++;
	return err;
}

/* The thread that looks owners up was woken by the same snapshot. */
static void let_settle(const struct publisher *publisher)
{
	struct pollfd stop = {.fd = publisher->stop_fd, .events = POLLIN};

	if (publisher->options.settle_ms)
		wait_ready(&stop, 1, publisher->options.settle_ms);
}

/*
 * The last snapshot is published when the program ends: by then the threads that look up owners and
 * names have told all they know of its flows.
 */
static bool waits_for_end(const struct publisher *publisher, const struct snapshot *now)
{
	return now->state == SNAPSHOT_FINAL && !is_told_to_end(publisher);
}

/* Publishes if it is time; of a limited number of intervals the last one waits for the end. */
static int see_newest(struct publisher *publisher)
{
	const struct publisher_options *options = &publisher->options;
	struct snapshot *now = ring_latest(options->ring);
	int err = 0;

	if (now && !publisher->ended && !waits_for_end(publisher, now) && is_time(publisher, now)) {
		if (options->count && publisher->published + 1 == options->count) {
			publisher->ended = true;
			options->say(options->context, PUBLISHER_ENDED, 0);
		} else {
			let_settle(publisher);
			err = publish_change(publisher, now);
		}
	}
	snapshot_unref(now);
	return err;
}

/* The oldest whole snapshot since the last change, or the newest one. */
static struct snapshot *next_snapshot(const struct publisher *publisher)
{
	const struct snapshot *last = change_last(publisher->keeper);
	struct snapshot *now = ring_latest(publisher->options.ring);

	for (uint64_t seq = last ? last->seq + 1 : 1; now && seq < now->seq; seq++) {
		struct snapshot *at = ring_at(publisher->options.ring, seq);

		if (at && at->seq >= seq && !at->thin) {
			snapshot_unref(now);
			return at;
		}
		if (at && at->seq > seq)
			seq = at->seq;
		snapshot_unref(at);
	}
	return now;
}

/* A file that is read at full speed has many snapshots by the time this thread runs. */
static int see_each(struct publisher *publisher)
{
	int err = 0;
	bool more;

	do {
		struct snapshot *now = next_snapshot(publisher);

		more = now && now != change_last(publisher->keeper) && !waits_for_end(publisher, now);
		if (more) {
			let_settle(publisher);
			err = publish_change(publisher, now);
			more = !err && now == change_last(publisher->keeper);
		}
		snapshot_unref(now);
	} while (more);
	return err;
}

static int finish_output(struct publisher *publisher)
{
	const struct publisher_options *options = &publisher->options;
	struct snapshot *last = ring_latest(options->ring);
	int err = options->each ? see_each(publisher) : 0;

	if (!err && last && last != change_last(publisher->keeper))
		err = publish_change(publisher, last);
	if (!err)
		err = options->finish(options->output, last);
	snapshot_unref(last);
	return err;
}

static int read_ring(struct publisher *publisher)
{
	const struct publisher_options *options = &publisher->options;
	struct pollfd waits[] = {
		{.fd = publisher->stop_fd, .events = POLLIN},
		{.fd = publisher->publish_fd, .events = POLLIN},
		{.fd = options->extra ? options->extra_fd : -1, .events = POLLIN},
	};
	int err;

	for (;;) {
		if (wait_ready(waits, ARRAY_SIZE(waits), options->extra ? EXTRA_MS : -1) < 0)
			continue;
		if (waits[0].revents)
			return finish_output(publisher);
		if (options->extra)
			options->extra(options->output);
		if (wait_take_event(publisher->publish_fd)) {
			err = options->each ? see_each(publisher) : see_newest(publisher);
			if (err)
				return err;
		}
	}
}

static void *publisher_main(void *arg)
{
	struct publisher *publisher = arg;
	const struct publisher_options *options = &publisher->options;
	int err;

	options->on_thread(options->context);
	err = read_ring(publisher);
	if (err)
		options->say(options->context,
			     is_told_to_end(publisher) && err != -EPIPE
				     ? PUBLISHER_UNDELIVERED
				     : PUBLISHER_CLOSED,
			     err);
	return NULL;
}

int publisher_start(struct publisher *publisher)
{
	int err = -pthread_create(&publisher->thread, NULL, publisher_main, publisher);

	publisher->started = !err;
	return err;
}

void publisher_end(struct publisher *publisher)
{
	if (publisher->started)
		wait_signal_event(publisher->stop_fd);
}

void publisher_finish(struct publisher *publisher)
{
	if (!publisher->started)
		return;
	publisher_end(publisher);
	pthread_join(publisher->thread, NULL);
	publisher->started = false;
}
