/* SPDX-License-Identifier: MIT */
/*
 * The table of sights: chunks of places that never move, filled by one writer. An id is a place and how
 * often that was used before; the record there has its own id, so a reader knows whether it is still
 * meant. Only what readers may look at is freed under the lock, by a writer that does not wait for it.
 * See sight.h.
 */
#include "sight.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash_index.h"

#define SIGHT_CHUNK	256
#define SIGHT_CHUNKS	(SIGHTS_MAX / SIGHT_CHUNK)
#define PLACE_BITS	17
#define PLACE_NONE	0 /* that of SIGHT_NONE */
#define USES_MAX	((UINT32_MAX >> PLACE_BITS) - 1)
#define FORGET_SHARE	8 /* forgotten at a time: one in so many */
#define CROWDED(number) ((number) - (number) / FORGET_SHARE)

struct sight_record {
	struct sight sight;
	_Atomic uint32_t id;   /* SIGHT_NONE: free */
	uint32_t server, site; /* ids of the first with the same label, and with the same site */
	char *texts;	       /* all of them, one behind the other */
	/* Of the writer alone: */
	uint32_t uses;	    /* of the place, so far */
	uint32_t seen;	    /* round in which it was seen last */
	uint32_t followers; /* others, of which this is the first in one of these ways */
	uint32_t next_free; /* place */
	size_t size;	    /* of texts */
};

struct sight_table {
	_Atomic(struct sight_record *) chunk[SIGHT_CHUNKS];
	pthread_rwlock_t *lock; /* a pointer, since readers have a constant table */
	atomic_uint count;
	atomic_ullong version, forgotten;
	/* Of the writer alone: */
	struct hash_index all, servers, sites; /* of places */
	uint32_t places;		       /* that have been used, PLACE_NONE included */
	uint32_t first_free, last_free;
	uint32_t round;
	size_t texts; /* bytes */
};

static const struct sight no_sight = {
	.name = "", .dns = "", .alpn = "", .ja4 = "", .label = "", .site = ""};

_Static_assert(SIGHTS_MAX == 1U << PLACE_BITS, "a place fits into an id");

int sight_table_new(struct sight_table **ret_table)
{
	struct sight_table *table = calloc(1, sizeof(*table));
	int err;

	if (!table)
		return -ENOMEM;
	table->places = PLACE_NONE + 1;
	table->round = 1;
	err = hash_index_init(&table->all);
	if (!err)
		err = hash_index_init(&table->servers);
	if (!err)
		err = hash_index_init(&table->sites);
	if (!err) {
		table->lock = malloc(sizeof(*table->lock));
		err = table->lock ? -pthread_rwlock_init(table->lock, NULL) : -ENOMEM;
	}
	if (err) {
		sight_table_free(table);
		return err;
	}
	*ret_table = table;
	return 0;
}

static struct sight_record *sight_at(const struct sight_table *table, uint32_t place)
{
	struct sight_record *chunk =
		atomic_load_explicit(&table->chunk[place / SIGHT_CHUNK], memory_order_acquire);

	return chunk ? chunk + place % SIGHT_CHUNK : NULL;
}

/* The record of an id, or NULL if that was forgotten. */
static struct sight_record *sight_of_id(const struct sight_table *table, uint32_t id)
{
	struct sight_record *record;

	if (!table || id == SIGHT_NONE)
		return NULL;
	record = sight_at(table, id % SIGHTS_MAX);
	if (!record || atomic_load_explicit(&record->id, memory_order_acquire) != id)
		return NULL;
	return record;
}

void sight_table_free(struct sight_table *table)
{
	if (!table)
		return;
	for (uint32_t place = PLACE_NONE + 1; place < table->places; place++)
		free(sight_at(table, place)->texts);
	for (size_t i = 0; i < SIGHT_CHUNKS; i++)
		free(atomic_load_explicit(&table->chunk[i], memory_order_relaxed));
	hash_index_done(&table->all);
	hash_index_done(&table->servers);
	hash_index_done(&table->sites);
	if (table->lock)
		pthread_rwlock_destroy(table->lock);
	free(table->lock);
	free(table);
}

void sight_table_hold(const struct sight_table *table)
{
	if (table)
		pthread_rwlock_rdlock(table->lock);
}

void sight_table_release(const struct sight_table *table)
{
	if (table)
		pthread_rwlock_unlock(table->lock);
}

static uint32_t hash_sight(const struct hash_index *index, const struct sight *sight)
{
	const uint32_t parts[] = {
		(uint32_t)sight->application,
		(uint32_t)sight->tls_version << 1 | sight->ech,
		hash_index_hash(index, sight->name, strlen(sight->name)),
		hash_index_hash(index, sight->dns, strlen(sight->dns)),
		hash_index_hash(index, sight->alpn, strlen(sight->alpn)),
		hash_index_hash(index, sight->ja4, strlen(sight->ja4)),
	};

	return hash_index_hash(index, parts, sizeof(parts));
}

static bool is_sight(const void *table, uint32_t place, const void *key)
{
	const struct sight *a = &sight_at(table, place)->sight, *b = key;

	return a->application == b->application && a->tls_version == b->tls_version &&
	       a->ech == b->ech && !strcmp(a->name, b->name) && !strcmp(a->dns, b->dns) &&
	       !strcmp(a->alpn, b->alpn) && !strcmp(a->ja4, b->ja4);
}

static bool is_server(const void *table, uint32_t place, const void *label)
{
	return strcmp(sight_at(table, place)->sight.label, label) == 0;
}

static bool is_site(const void *table, uint32_t place, const void *site)
{
	return strcmp(sight_at(table, place)->sight.site, site) == 0;
}

/* Appends a text to the record's, with its end; where it is. */
static const char *store_text(char **at, const char *text)
{
	size_t size = strlen(text) + 1;
	char *put = memcpy(*at, text, size);

	*at += size;
	return put;
}

static const char *store_marked(char **at, const char *text)
{
	const char *put = *at;

	*(*at)++ = SIGHT_MARK;
	store_text(at, text);
	return put;
}

/* The end of the text that is equal to `end`; NULL: there is none. */
static const char *end_of_text(const char *text, const char *end)
{
	size_t length = strlen(text), part = strlen(end);

	return part <= length && strcmp(text + length - part, end) == 0 ? text + length - part
									: NULL;
}

/* The label of a name is the name, and its site mostly the end of it. */
static int fill_record(struct sight_record *record, const struct sight *sight)
{
	const char *best = *sight->name ? sight->name : sight->dns;
	const char *site = sight->site && *best ? sight->site : best;
	bool marked = !*sight->name && *sight->dns, apart = marked || !end_of_text(best, site);
	struct sight *put = &record->sight;
	char *at;

	record->size = strlen(sight->name) + strlen(sight->dns) + strlen(sight->alpn) +
		       strlen(sight->ja4) + (apart ? strlen(site) + 2 : 0) + 5;
	at = malloc(record->size);
	if (!at)
		return -ENOMEM;
	record->texts = at;
	*put = *sight;
	put->name = store_text(&at, sight->name);
	put->label = store_marked(&at, sight->dns);
	put->dns = put->label + 1;
	put->label = marked ? put->label : put->name;
	put->site = apart ? store_marked(&at, site) + !marked : end_of_text(put->name, site);
	put->alpn = store_text(&at, sight->alpn);
	put->ja4 = store_text(&at, sight->ja4);
	record->followers = 0;
	return 0;
}

/* A place that nobody uses, with room in the indexes; it stays free until use_place(). */
static int find_place(struct sight_table *table, uint32_t *ret_place)
{
	struct sight_record *chunk;
	int err;

	*ret_place = table->first_free ? table->first_free : table->places;
	if (*ret_place == SIGHTS_MAX || table->texts >= SIGHT_TEXTS_MAX)
		return -ENOSPC;
	err = hash_index_reserve(&table->all, table->all.count + 1);
	if (!err)
		err = hash_index_reserve(&table->servers, table->servers.count + 1);
	if (!err)
		err = hash_index_reserve(&table->sites, table->sites.count + 1);
	if (err || sight_at(table, *ret_place))
		return err;
	chunk = calloc(SIGHT_CHUNK, sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	atomic_store_explicit(&table->chunk[*ret_place / SIGHT_CHUNK], chunk, memory_order_release);
	return 0;
}

static void use_place(struct sight_table *table, uint32_t place)
{
	if (place == table->places)
		table->places++;
	else
		table->first_free = sight_at(table, place)->next_free;
}

/* The longest unused place is used next. Where an id would be the same again, it never is. */
static void reuse_later(struct sight_table *table, uint32_t place)
{
	struct sight_record *record = sight_at(table, place);

	record->next_free = PLACE_NONE;
	if (++record->uses > USES_MAX)
		return;
	if (table->first_free)
		sight_at(table, table->last_free)->next_free = place;
	else
		table->first_free = place;
	table->last_free = place;
}

/* The id of the first with that text, which is then followed; of the record itself if there is none. */
static uint32_t follow_first(struct sight_table *table, struct hash_index *index,
			     bool (*is)(const void *table, uint32_t place, const void *text),
			     uint32_t id, const char *text)
{
	uint32_t hash = hash_index_hash(index, text, strlen(text)), place;
	struct sight_record *first;

	if (!*text)
		return SIGHT_NONE;
	place = hash_index_find(index, hash, is, table, text);
	if (place == HASH_INDEX_NONE) {
		hash_index_add(index, hash, id % SIGHTS_MAX); /* there is room */
		return id;
	}
	first = sight_at(table, place);
	first->followers++;
	return atomic_load_explicit(&first->id, memory_order_relaxed);
}

/* Undoes that for a record that is forgotten. */
static void leave_first(struct sight_table *table, struct hash_index *index, uint32_t place,
			uint32_t first, const char *text)
{
	if (first == SIGHT_NONE)
		return;
	if (first % SIGHTS_MAX == place)
		hash_index_remove(index, hash_index_hash(index, text, strlen(text)), place);
	else
		sight_at(table, first % SIGHTS_MAX)->followers--;
}

int sight_table_add(struct sight_table *table, const struct sight *sight, uint32_t *ret_id)
{
	uint32_t hash = hash_sight(&table->all, sight), place, id;
	struct sight_record *record;
	int err;

	place = hash_index_find(&table->all, hash, is_sight, table, sight);
	if (place != HASH_INDEX_NONE) {
		record = sight_at(table, place);
		record->seen = table->round;
		*ret_id = atomic_load_explicit(&record->id, memory_order_relaxed);
		return 0;
	}
	err = find_place(table, &place);
	if (err)
		return err;
	record = sight_at(table, place);
	err = fill_record(record, sight);
	if (err)
		return err;
	use_place(table, place);
	record->seen = table->round;
	table->texts += record->size;
	id = record->uses << PLACE_BITS | place;
	record->server = follow_first(table, &table->servers, is_server, id, record->sight.label);
	record->site = follow_first(table, &table->sites, is_site, id, record->sight.site);
	hash_index_add(&table->all, hash, place); /* there is room */
	atomic_store_explicit(&record->id, id, memory_order_release);
	atomic_fetch_add_explicit(&table->count, 1, memory_order_relaxed);
	*ret_id = id;
	return 0;
}

bool sight_table_begin_round(struct sight_table *table)
{
	table->round++;
	return sight_table_count(table) >= CROWDED(SIGHTS_MAX) ||
	       table->texts >= CROWDED(SIGHT_TEXTS_MAX);
}

void sight_table_seen(struct sight_table *table, uint32_t id)
{
	struct sight_record *record = sight_of_id(table, id);

	if (record)
		record->seen = table->round;
}

static bool is_forgettable(const struct sight_table *table, uint32_t place)
{
	const struct sight_record *record = sight_at(table, place);

	return record->texts && record->seen != table->round && !record->followers;
}

static int compare_rounds(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/*
 * The round up to which sights are forgotten, so that it is `most` of those that may be, or all of
 * them. 0: none may be. A negative errno without memory.
 */
static int64_t choose_round(const struct sight_table *table, size_t most)
{
	uint32_t *round = malloc(table->places * sizeof(*round));
	int64_t until = 0;
	size_t count = 0;

	if (!round)
		return -ENOMEM;
	for (uint32_t place = PLACE_NONE + 1; place < table->places; place++) {
		if (is_forgettable(table, place))
			round[count++] = sight_at(table, place)->seen;
	}
	qsort(round, count, sizeof(*round), compare_rounds);
	if (count)
		until = round[most < count ? most : count - 1];
	free(round);
	return until;
}

static void forget_place(struct sight_table *table, uint32_t place)
{
	struct sight_record *record = sight_at(table, place);

	leave_first(table, &table->servers, place, record->server, record->sight.label);
	leave_first(table, &table->sites, place, record->site, record->sight.site);
	hash_index_remove(&table->all, hash_sight(&table->all, &record->sight), place);
	atomic_store_explicit(&record->id, SIGHT_NONE, memory_order_relaxed);
	table->texts -= record->size;
	free(record->texts);
	record->texts = NULL;
	reuse_later(table, place);
	atomic_fetch_sub_explicit(&table->count, 1, memory_order_relaxed);
}

/* Forgets what was seen last in that round or before, at most so many; how many. */
static size_t forget_until(struct sight_table *table, int64_t round, size_t most)
{
	size_t count = 0;

	for (uint32_t place = PLACE_NONE + 1; place < table->places && count < most; place++) {
		if (!is_forgettable(table, place) || sight_at(table, place)->seen > round)
			continue;
		forget_place(table, place);
		count++;
	}
	return count;
}

size_t sight_table_forget(struct sight_table *table)
{
	size_t most = table->places / FORGET_SHARE + 1, count;
	int64_t round = choose_round(table, most);

	if (round <= 0 || pthread_rwlock_trywrlock(table->lock))
		return 0;
	count = forget_until(table, round - 1, most);
	count += forget_until(table, round, most - count);
	atomic_fetch_add_explicit(&table->forgotten, count, memory_order_relaxed);
	pthread_rwlock_unlock(table->lock);
	sight_table_touch(table);
	return count;
}

const struct sight *sight_table_get(const struct sight_table *table, uint32_t id)
{
	const struct sight_record *record = sight_of_id(table, id);

	return record ? &record->sight : &no_sight;
}

uint32_t sight_table_server(const struct sight_table *table, uint32_t id)
{
	const struct sight_record *record = sight_of_id(table, id);

	return record ? record->server : SIGHT_NONE;
}

uint32_t sight_table_site(const struct sight_table *table, uint32_t id)
{
	const struct sight_record *record = sight_of_id(table, id);

	return record ? record->site : SIGHT_NONE;
}

uint64_t sight_table_version(const struct sight_table *table)
{
	return table ? atomic_load_explicit(&table->version, memory_order_acquire) : 0;
}

void sight_table_touch(struct sight_table *table)
{
	atomic_fetch_add_explicit(&table->version, 1, memory_order_release);
}

uint32_t sight_table_count(const struct sight_table *table)
{
	return table ? atomic_load_explicit(&table->count, memory_order_relaxed) : 0;
}

uint64_t sight_table_forgotten(const struct sight_table *table)
{
	return table ? atomic_load_explicit(&table->forgotten, memory_order_relaxed) : 0;
}
