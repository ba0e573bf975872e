/* SPDX-License-Identifier: MIT */
/* Hears findings, lets them wait (waiting.h), and looks at snapshots; see sights.h. */
#include "sights.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "cpu_share.h"
#include "site_name.h"
#include "snapshot.h"
#include "wait.h"
#include "waiting.h"

/*
 * Of the time of the clock the thread takes one part in so many to hear, and saves up so much of that:
 * together a hundredth of 8 s.
 */
#define HEARING_PART	 112
#define HEARING_SAVED_NS 8000000LL
#define HEARING_PAUSE_MS 1000 /* at most, until it is looked at again */
/* After a look of t, the next one comes so many t later at the earliest. */
#define LOOK_REST    100
#define SYNC_WAIT_MS 1000
#define SILENT_LOOKS 2
/* A reader of a capture that says nothing for so long is stuck: then the names are given up. */
#define STUCK_MS 30000
/* More messages than a socket holds. */
#define SETTLE_TURNS 64
/* Messages taken in a row: a reader that never stops talking must not keep the thread from its end. */
#define HEARD_AT_ONCE 256

enum { WAIT_SIGHTS_STOP, WAIT_SIGHTS_PUBLISH, WAIT_SIGHTS_READER, WAITS_OF_SIGHTS };

struct sights {
	struct sights_options options;
	struct waiting_table waiting;
	bool synced;
	struct cpu_share share;
	uint64_t rest_until_ns; /* CLOCK_MONOTONIC */
	int stop_fd, publish_fd;
	pthread_t thread;
	bool started;
	atomic_ullong findings, refused, given_up;
	atomic_uint state;    /* enum sights_state */
	uint64_t asked_ns;    /* since when it owes an answer, CLOCK_MONOTONIC; 0: it does not */
	uint32_t asked_looks; /* intervals since then */
};

static uint32_t word_of(const struct sight_finding *finding)
{
	const struct sight_flow flow = {
		.initiator = (enum sight_end)finding->initiator,
		.named = (enum sight_end)finding->named,
		.server_rtt_us = finding->server_rtt_us,
		.client_rtt_us = finding->client_rtt_us,
	};

	return sight_flow_pack(&flow);
}

static void take_finding_in(struct sights *sights, const struct sight_finding *finding)
{
	const struct sight sight = {
		.application = (enum application)finding->application,
		.tls_version = finding->tls_version,
		.ech = finding->ech,
		.name = finding->name,
		.dns = finding->dns,
		.alpn = finding->alpn,
		.ja4 = finding->ja4,
		.site = site_of_name(*finding->name ? finding->name : finding->dns),
	};
	bool given_up;
	struct waiting *waiting = waiting_put(&sights->waiting, &finding->key, &given_up);

	atomic_fetch_add(&sights->findings, 1);
	if (given_up)
		atomic_fetch_add(&sights->given_up, 1);
	if (!waiting)
		return;
	waiting->word = word_of(finding);
	if (sight_table_add(sights->options.table, &sight, &waiting->sight)) {
		waiting->sight = SIGHT_NONE;
		atomic_fetch_add(&sights->given_up, 1);
	}
}

static void change_state(struct sights *sights, enum sights_state state)
{
	if (atomic_exchange(&sights->state, state) != state && sights->options.on_state)
		sights->options.on_state(sights->options.context, state);
}

static bool reader_ended(const struct sights *sights)
{
	return atomic_load(&sights->state) >= SIGHTS_ENDED;
}

/* It has said something. */
static void note_answer(struct sights *sights)
{
	sights->asked_ns = 0;
	if (atomic_load(&sights->state) == SIGHTS_SILENT)
		change_state(sights, SIGHTS_READ);
}

/* Once an interval, when all that it said was heard: asks it, or sees that it owes an answer for long. */
static void check_reader(struct sights *sights)
{
	uint64_t now_ns = clock_mono_ns();

	if (!sights->asked_ns) {
		sights->asked_ns = now_ns;
		sights->asked_looks = 0;
		(void)sight_reader_ping(sights->options.reader);
		return;
	}
	/* Several intervals, as both may have been stopped for so long. */
	if (++sights->asked_looks > SILENT_LOOKS &&
	    now_ns - sights->asked_ns > sights->options.silent_ns)
		change_state(sights, SIGHTS_SILENT);
}

static void note_reader_end(struct sights *sights)
{
	if (!reader_ended(sights))
		change_state(sights, SIGHTS_ENDED);
}

/* True if there may be more to hear. */
static bool hear_reader(struct sights *sights)
{
	struct sight_finding finding;

	for (int heard = 0; heard < HEARD_AT_ONCE || sight_reader_has_more(sights->options.reader);
	     heard++) {
		enum sight_reader_news news = sight_reader_hear(sights->options.reader, &finding);

		if (news != READER_NOTHING && news != READER_DEAD)
			note_answer(sights);
		switch (news) {
		case READER_FINDING: take_finding_in(sights, &finding); break;
		case READER_REFUSED: atomic_fetch_add(&sights->refused, 1); break;
		case READER_SYNCED: sights->synced = true; return false;
		case READER_ANSWERED: break;
		case READER_OPEN: change_state(sights, SIGHTS_UNCONFINED); return false;
		case READER_DEAD: note_reader_end(sights); return false;
		default: return false;
		}
	}
	return true;
}

/* The word as seen from the row's direction. */
static uint32_t word_for(uint32_t word, bool turned)
{
	struct sight_flow flow;

	if (!turned)
		return word;
	flow = sight_flow_unpack(word);
	flow = sight_flow_turn(&flow);
	return sight_flow_pack(&flow);
}

/* Brings to rows what waits for them. True if that is news. */
static bool write_rows(const struct sights *sights, const struct snapshot *snapshot,
		       struct waiting_rows *rows)
{
	bool changed = false;

	waiting_look_up(&sights->waiting, rows);
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct waiting_row *row = &rows->row[i];
		const struct waiting *waiting = row->waiting;

		if (waiting)
			changed |= snapshot_set_sight(snapshot, row->row, waiting->sight,
						      word_for(waiting->word, row->turned));
	}
	rows->count = 0;
	return changed;
}

static bool write_snapshot(struct sights *sights, const struct snapshot *snapshot)
{
	struct waiting_rows rows = {.count = 0};
	bool changed = false;

	waiting_begin_look(&sights->waiting);
	for (size_t row = 0; row < snapshot->count; row++) {
		const struct flow_key *key = snapshot_key(snapshot, row);

		if (!waiting_may_have(&sights->waiting, key))
			continue;
		waiting_add_row(&sights->waiting, &rows, row, key);
		if (rows.count == WAITING_ROWS)
			changed |= write_rows(sights, snapshot, &rows);
	}
	changed |= write_rows(sights, snapshot, &rows);
	waiting_end_look(&sights->waiting);
	return changed;
}

/* Forgets sights that no row of the snapshot shows, and none that waits for one will show. */
static void make_places(struct sights *sights, const struct snapshot *snapshot)
{
	struct sight_table *table = sights->options.table;

	for (size_t row = 0; row < snapshot->count; row++)
		sight_table_seen(table, atomic_load_explicit(&snapshot_entry(snapshot, row)->sight,
							     memory_order_relaxed));
	for (uint32_t place = 0; place < WAITING_MAX; place++) {
		if (sights->waiting.place[place].looks)
			sight_table_seen(table, sights->waiting.place[place].sight);
	}
	sight_table_forget(table);
}

/* True if a flow says something new. The last one is followed by the report: nothing is forgotten. */
static bool write_sights(struct sights *sights, const struct snapshot *snapshot, bool last)
{
	bool crowded = sight_table_begin_round(sights->options.table);
	bool changed = write_snapshot(sights, snapshot);

	if (crowded && !last)
		make_places(sights, snapshot);
	if (changed)
		sight_table_touch(sights->options.table);
	return changed;
}

static void look_at_snapshot(struct sights *sights, bool last)
{
	uint64_t now_ns = clock_mono_ns(), begin_ns = cpu_share_taken_ns(&sights->share);
	struct snapshot *snapshot;
	bool changed;

	if (!sights->waiting.count || (!last && now_ns < sights->rest_until_ns))
		return;
	snapshot = ring_latest(sights->options.ring);
	if (!snapshot)
		return;
	changed = write_sights(sights, snapshot, last);
	snapshot_unref(snapshot);
	sights->rest_until_ns =
		now_ns + LOOK_REST * (cpu_share_taken_ns(&sights->share) - begin_ns);
	if (changed)
		ring_notify(sights->options.ring);
}

static int wait_ms(uint64_t now_ns, uint64_t until_ns)
{
	return (int)((until_ns - now_ns) / 1000000) + 1;
}

/* Waits for room where it has not taken what it was told before. False: there was none, or it has ended. */
static bool ask_to_sync(struct sights *sights, uint64_t until_ns)
{
	struct pollfd wait = {.fd = sight_reader_fd(sights->options.reader), .events = POLLOUT};
	uint64_t now_ns;
	int err;

	while ((err = sight_reader_sync(sights->options.reader)) == -EAGAIN &&
	       (now_ns = clock_mono_ns()) < until_ns)
		wait_ready(&wait, 1, wait_ms(now_ns, until_ns));
	return !err;
}

/* Hears what the reader still has to say, for at most so long. False: it has not said all. */
static bool sync_reader(struct sights *sights, unsigned int most_ms)
{
	struct pollfd wait = {.fd = sight_reader_fd(sights->options.reader), .events = POLLIN};
	uint64_t until_ns = clock_mono_ns() + most_ms * 1000000ULL, now_ns;

	sights->synced = false;
	if (reader_ended(sights) || !ask_to_sync(sights, until_ns))
		return false;
	while (!sights->synced && !reader_ended(sights) && (now_ns = clock_mono_ns()) < until_ns) {
		wait_ready(&wait, 1, wait_ms(now_ns, until_ns));
		(void)hear_reader(sights);
	}
	return sights->synced;
}

bool sights_await_reader(struct sights *sights)
{
	if (sync_reader(sights, STUCK_MS))
		return true;
	note_reader_end(sights);
	return false;
}

void sights_wake_reader(struct sights *sights)
{
	if (reader_ended(sights))
		return;
	sight_reader_wake(sights->options.reader);
	(void)hear_reader(sights);
}

void sights_settle(struct sights *sights, const struct snapshot *snapshot)
{
	int turns = SETTLE_TURNS;

	if (!reader_ended(sights) && shared_ring_used(sights->options.samples))
		(void)sights_await_reader(sights);
	/* What a sample said was sent before its place was given back. */
	while (!reader_ended(sights) && hear_reader(sights) && turns)
		turns--;
	if (sights->waiting.count)
		write_sights(sights, snapshot, snapshot->state != SNAPSHOT_LIVE);
}

/*
 * Milliseconds until there is CPU time to hear more; -1: there is. Until then the reader waits, and what
 * is refused then at the hook is counted.
 */
static int hearing_pause_ms(struct sights *sights)
{
	int64_t pause_ms;

	cpu_share_update(&sights->share);
	if (sights->share.allowed_ns > 0)
		return -1;
	pause_ms = cpu_share_wait_ms(&sights->share) + 1;
	return pause_ms < HEARING_PAUSE_MS ? (int)pause_ms : HEARING_PAUSE_MS;
}

static void *sights_main(void *arg)
{
	struct sights *sights = arg;
	struct pollfd waits[WAITS_OF_SIGHTS] = {
		[WAIT_SIGHTS_STOP] = {.fd = sights->stop_fd, .events = POLLIN},
		[WAIT_SIGHTS_PUBLISH] = {.fd = sights->publish_fd, .events = POLLIN},
		[WAIT_SIGHTS_READER] = {.fd = sight_reader_fd(sights->options.reader),
					.events = POLLIN},
	};

	prctl(PR_SET_NAME, "sights");
	if (sights->options.on_thread)
		sights->options.on_thread(sights->options.context);
	sights->share.mono_ns = clock_mono_ns();
	while (!wait_take_event(sights->stop_fd)) {
		int pause_ms = hearing_pause_ms(sights);
		/* The descriptor of a reader that has ended is always readable. */
		bool ended = reader_ended(sights), hears = !ended && pause_ms < 0;

		if (wait_ready(waits, hears ? WAITS_OF_SIGHTS : WAIT_SIGHTS_READER,
			       ended ? -1 : pause_ms) < 0)
			continue;
		if (hears && waits[WAIT_SIGHTS_READER].revents)
			(void)hear_reader(sights);
		if (waits[WAIT_SIGHTS_PUBLISH].revents) {
			wait_take_event(sights->publish_fd);
			look_at_snapshot(sights, false);
			if (hears && !waits[WAIT_SIGHTS_READER].revents)
				check_reader(sights);
		}
	}
	(void)sync_reader(sights, SYNC_WAIT_MS);
	look_at_snapshot(sights, true);
	return NULL;
}

static int allocate_sights(struct sights *sights)
{
	int err = waiting_init(&sights->waiting);

	if (err)
		return err;
	sights->stop_fd = wait_new_event();
	if (sights->stop_fd < 0)
		return sights->stop_fd;
	return ring_add_reader(sights->options.ring, &sights->publish_fd);
}

int sights_open(const struct sights_options *options, struct sights **ret_sights)
{
	struct sights *sights = calloc(1, sizeof(*sights));
	int err;

	if (!sights)
		return -ENOMEM;
	sights->options = *options;
	if (!sights->options.silent_ns)
		sights->options.silent_ns = SIGHTS_SILENT_NS;
	sights->share = (struct cpu_share){.clock = CLOCK_THREAD_CPUTIME_ID,
					   .part = HEARING_PART,
					   .saved_max_ns = HEARING_SAVED_NS,
					   .allowed_ns = HEARING_SAVED_NS};
	sights->stop_fd = -1;
	err = allocate_sights(sights);
	if (err) {
		sights_free(sights);
		return err;
	}
	*ret_sights = sights;
	return 0;
}

int sights_start(struct sights *sights)
{
	int err = -pthread_create(&sights->thread, NULL, sights_main, sights);

	sights->started = !err;
	return err;
}

void sights_finish(struct sights *sights)
{
	if (!sights->started)
		return;
	wait_signal_event(sights->stop_fd);
	pthread_join(sights->thread, NULL);
	sights->started = false;
}

void sights_free(struct sights *sights)
{
	if (!sights)
		return;
	sights_finish(sights);
	if (sights->stop_fd >= 0)
		close(sights->stop_fd);
	waiting_done(&sights->waiting);
	free(sights);
}

void sights_health(const struct sights *sights, struct sights_health *ret_health)
{
	*ret_health = (struct sights_health){
		.findings = atomic_load(&sights->findings),
		.refused = atomic_load(&sights->refused),
		.given_up = atomic_load(&sights->given_up),
		.state = (enum sights_state)atomic_load(&sights->state),
	};
}
