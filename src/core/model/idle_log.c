/* SPDX-License-Identifier: MIT */
/*
 * Entries in chunks that never move, events in a circle; see idle_log.h. The writer publishes an
 * entry by the count, and an event by the snapshot that carries its moment. A reader holds the lock,
 * which keeps the writer from reusing entries; events may be overwritten meanwhile, which the reader
 * notices by `trimmed`.
 */
#include "idle_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define CHUNK_FLOWS 1024
/* Sums that a ledger knows beyond its bound. */
#define SUMS_MAX 65536

/* An event is the place of an entry, twice, plus 1 when the flow left. */
#define EVENT_LEFT 1U

struct idle_log {
	atomic_uint references;
	pthread_mutex_t lock; /* readers at work; the writer only tries it */
	bool exclusive;	      /* the writer has it */
	uint32_t version;     /* of the interval under way, from 1 */
	uint32_t room;	      /* entries there may be */
	_Atomic uint32_t count;
	struct idle_flow **chunk;
	uint32_t *free; /* places of entries that no moment reaches, the writer's */
	uint32_t frees;
	_Atomic uint64_t trimmed; /* events that were overwritten */
	uint64_t events;
	uint32_t kept; /* events there is room for, a power of two */
	_Atomic uint32_t *event;
};

static void log_free(struct idle_log *log)
{
	uint32_t chunks = log->room / CHUNK_FLOWS + 1;

	for (uint32_t i = 0; log->chunk && i < chunks && log->chunk[i]; i++)
		free(log->chunk[i]);
	free(log->chunk);
	free(log->free);
	free(log->event);
	free(log);
}

/* A fold in a full ledger, which takes out an eighth of its flows, must not overwrite them all. */
static uint32_t events_for(size_t max_flows)
{
	uint32_t kept = IDLE_LOG_EVENTS;

	while (kept < max_flows / 4)
		kept *= 2;
	return kept;
}

int idle_log_new(size_t max_flows, struct idle_log **ret_log)
{
	struct idle_log *log = calloc(1, sizeof(*log));
	int err;

	if (!log)
		return -ENOMEM;
	log->kept = events_for(max_flows);
	log->room = (uint32_t)max_flows + log->kept + SUMS_MAX;
	log->version = 1;
	atomic_init(&log->references, 1);
	log->chunk = calloc(log->room / CHUNK_FLOWS + 1, sizeof(struct idle_flow *));
	log->free = calloc(log->room, sizeof(*log->free));
	log->event = calloc(log->kept, sizeof(*log->event));
	err = log->chunk && log->free && log->event ? -pthread_mutex_init(&log->lock, NULL)
						    : -ENOMEM;
	if (err) {
		log_free(log);
		return err;
	}
	*ret_log = log;
	return 0;
}

struct idle_log *idle_log_ref(struct idle_log *log)
{
	atomic_fetch_add_explicit(&log->references, 1, memory_order_relaxed);
	return log;
}

struct idle_log *idle_log_unref(struct idle_log *log)
{
	if (!log || atomic_fetch_sub_explicit(&log->references, 1, memory_order_acq_rel) != 1)
		return NULL;
	pthread_mutex_destroy(&log->lock);
	log_free(log);
	return NULL;
}

static struct idle_flow *entry_at(const struct idle_log *log, uint32_t place)
{
	return &log->chunk[place / CHUNK_FLOWS][place % CHUNK_FLOWS];
}

static void push_event(struct idle_log *log, uint32_t event)
{
	_Atomic uint32_t *slot = &log->event[log->events % log->kept];
	uint32_t old;

	if (log->events >= log->kept) {
		old = atomic_load_explicit(slot, memory_order_relaxed);
		if (old & EVENT_LEFT)
			log->free[log->frees++] = old >> 1;
		/* Before the slot: a reader of the new event finds out that the old one is gone. */
		atomic_store(&log->trimmed, log->events + 1 - log->kept);
	}
	atomic_store_explicit(slot, event, memory_order_release);
	log->events++;
}

/* A place for an entry: one that may be reused, or a new one, not yet counted. */
static int take_place(struct idle_log *log, uint32_t *ret_place)
{
	uint32_t count = atomic_load_explicit(&log->count, memory_order_relaxed);
	struct idle_flow **chunk = &log->chunk[count / CHUNK_FLOWS];

	if (log->exclusive && log->frees) {
		*ret_place = log->free[--log->frees];
		return 0;
	}
	if (count == log->room)
		return -ENOMEM;
	if (!*chunk)
		*chunk = malloc(CHUNK_FLOWS * sizeof(**chunk));
	if (!*chunk)
		return -ENOMEM;
	*ret_place = count;
	return 0;
}

int idle_log_enter(struct idle_log *log, const struct idle_flow *flow, uint32_t *ret_place)
{
	struct idle_flow *entry;
	uint32_t place;

	if (take_place(log, &place))
		return -ENOMEM;
	entry = entry_at(log, place);
	entry->key = flow->key;
	entry->total = flow->total;
	entry->first_wall_ns = flow->first_wall_ns;
	entry->owner = flow->owner;
	entry->sight = flow->sight;
	entry->sight_word = flow->sight_word;
	entry->from = log->version;
	atomic_store_explicit(&entry->until, 0, memory_order_relaxed);
	if (place == atomic_load_explicit(&log->count, memory_order_relaxed))
		atomic_store_explicit(&log->count, place + 1, memory_order_release);
	push_event(log, place << 1);
	*ret_place = place;
	return 0;
}

void idle_log_leave(struct idle_log *log, uint32_t place)
{
	atomic_store_explicit(&entry_at(log, place)->until, log->version, memory_order_relaxed);
	push_event(log, place << 1 | EVENT_LEFT);
}

void idle_log_begin(struct idle_log *log)
{
	log->exclusive = !pthread_mutex_trylock(&log->lock);
}

void idle_log_abort(struct idle_log *log)
{
	if (log->exclusive)
		pthread_mutex_unlock(&log->lock);
	log->exclusive = false;
}

struct idle_moment idle_log_commit(struct idle_log *log)
{
	struct idle_moment moment = {log->events, log->version};

	idle_log_abort(log);
	log->version++;
	return moment;
}

static bool is_stale(const struct idle_log *log, const struct idle_moment *moment)
{
	return atomic_load(&log->trimmed) > moment->events;
}

static bool is_idle_at(const struct idle_flow *flow, uint32_t version)
{
	uint32_t until = atomic_load_explicit(&flow->until, memory_order_relaxed);

	return flow->from <= version && (!until || until > version);
}

int idle_log_all(struct idle_log *log, const struct idle_moment *moment, idle_log_visit *visit,
		 void *context)
{
	int err = 0;

	pthread_mutex_lock(&log->lock);
	if (is_stale(log, moment))
		err = -ESTALE;
	/* Entries that come from now on are of later moments. */
	for (uint32_t i = 0, count = atomic_load_explicit(&log->count, memory_order_acquire);
	     !err && i < count; i++) {
		const struct idle_flow *flow = entry_at(log, i);

		if (is_idle_at(flow, moment->version))
			err = visit(context, flow, i, 1);
	}
	pthread_mutex_unlock(&log->lock);
	return err;
}

static int visit_event(struct idle_log *log, uint64_t number, int direction, idle_log_visit *visit,
		       void *context)
{
	uint32_t event = atomic_load_explicit(&log->event[number % log->kept],
					      memory_order_acquire);
	const struct idle_moment before = {.events = number};

	if (is_stale(log, &before))
		return -ESTALE;
	return visit(context, entry_at(log, event >> 1), event >> 1,
		     event & EVENT_LEFT ? -direction : direction);
}

int idle_log_between(struct idle_log *log, const struct idle_moment *from,
		     const struct idle_moment *to, idle_log_visit *visit, void *context)
{
	int err = 0;

	pthread_mutex_lock(&log->lock);
	for (uint64_t i = from->events; !err && i < to->events; i++)
		err = visit_event(log, i, 1, visit, context);
	for (uint64_t i = from->events; !err && i-- > to->events;)
		err = visit_event(log, i, -1, visit, context);
	pthread_mutex_unlock(&log->lock);
	return err;
}

uint32_t idle_log_room(const struct idle_log *log)
{
	return log->room;
}

size_t idle_log_bytes(const struct idle_log *log)
{
	uint32_t count = atomic_load_explicit(&log->count, memory_order_relaxed);
	size_t chunks = (count + CHUNK_FLOWS - 1) / CHUNK_FLOWS;

	return sizeof(*log) + chunks * CHUNK_FLOWS * sizeof(struct idle_flow) +
	       (log->events < log->kept ? log->events : log->kept) * sizeof(*log->event) +
	       log->frees * sizeof(*log->free);
}
