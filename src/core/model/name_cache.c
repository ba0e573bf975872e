/* SPDX-License-Identifier: MIT */
/*
 * The cache of host names: entries in an array, with an index of their addresses and a list in
 * order of use; questions are a queue of addresses. See name_cache.h.
 */
#include "name_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "format.h"
#include "hash_index.h"
#include "text.h"
#include "utf8.h"
#include "wait.h"

#define QUESTIONS_MAX 1024
#define NAME_WORD_MAX 64
#define NONE	      HASH_INDEX_NONE

/* Small, for a search looks at many. */
struct name_entry {
	uint8_t address[16];
	char *text; /* safe to print; NULL: no name, or none yet */
	uint64_t valid_until_ns;
	uint32_t newer, older; /* in the order of use */
	uint32_t searched;     /* the number of the last search for a word in it; 0: none */
	enum name_source source;
	bool found; /* by that search */
	bool asked; /* a question waits or is out */
	bool answered;
};

struct name_cache {
	atomic_bool used;     /* it has had a name or a question: without the lock, a filter asks often */
	pthread_mutex_t lock; /* of everything below */
	struct name_entry *entry;
	uint32_t count, max;
	uint32_t newest, oldest;
	struct hash_index index; /* of entries */
	uint8_t question[QUESTIONS_MAX][16];
	uint32_t first_question, questions;
	uint32_t unanswered; /* entries that are asked */
	uint64_t version;
	char word[NAME_WORD_MAX]; /* searched for last */
	uint32_t searches;	  /* for different words, 0 left out */
	bool asking;
	int event_fd, question_fd;
};

/* A quarter of the price of clock_mono_ns(), which matters in a frame; good to some ms. */
static uint64_t coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

int name_cache_new(size_t max, struct name_cache **ret_cache)
{
	struct name_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	cache->max = (uint32_t)max;
	cache->newest = cache->oldest = NONE;
	cache->event_fd = wait_new_event();
	cache->question_fd = wait_new_event();
	pthread_mutex_init(&cache->lock, NULL);
	if (hash_index_init(&cache->index) || cache->event_fd < 0 || cache->question_fd < 0) {
		name_cache_free(cache);
		return -ENOMEM;
	}
	*ret_cache = cache;
	return 0;
}

void name_cache_free(struct name_cache *cache)
{
	if (!cache)
		return;
	for (uint32_t i = 0; i < cache->count; i++)
		free(cache->entry[i].text);
	free(cache->entry);
	hash_index_done(&cache->index);
	if (cache->event_fd >= 0)
		close(cache->event_fd);
	if (cache->question_fd >= 0)
		close(cache->question_fd);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static uint32_t address_hash(const struct name_cache *cache, const uint8_t address[16])
{
	return hash_index_hash(&cache->index, address, 16);
}

static bool is_entry(const void *table, uint32_t i, const void *address)
{
	const struct name_cache *cache = table;

	return memcmp(cache->entry[i].address, address, 16) == 0;
}

/* The entry of the address, or NONE. */
static uint32_t find_entry(const struct name_cache *cache, const uint8_t address[16])
{
	return hash_index_find(&cache->index, address_hash(cache, address), is_entry, cache,
			       address);
}

static void take_out(struct name_cache *cache, uint32_t i)
{
	struct name_entry *entry = &cache->entry[i];

	if (entry->newer == NONE)
		cache->newest = entry->older;
	else
		cache->entry[entry->newer].older = entry->older;
	if (entry->older == NONE)
		cache->oldest = entry->newer;
	else
		cache->entry[entry->older].newer = entry->newer;
}

static void put_newest(struct name_cache *cache, uint32_t i)
{
	struct name_entry *entry = &cache->entry[i];

	entry->newer = NONE;
	entry->older = cache->newest;
	if (cache->newest != NONE)
		cache->entry[cache->newest].newer = i;
	else
		cache->oldest = i;
	cache->newest = i;
}

static int grow_entries(struct name_cache *cache)
{
	size_t room = cache->count ? 2UL * cache->count : 256;
	struct name_entry *entry;

	if (cache->count & (cache->count - 1) || (cache->count && cache->count < 256))
		return 0;
	entry = reallocarray(cache->entry, room < cache->max ? room : cache->max, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	cache->entry = entry;
	return 0;
}

/* A new entry, in the place of the one not used for longest when there are enough; or NONE. */
static uint32_t add_entry(struct name_cache *cache, const uint8_t address[16])
{
	uint32_t i;

	if (cache->count < cache->max) {
		if (grow_entries(cache) || hash_index_reserve(&cache->index, cache->count + 1))
			return NONE;
		i = cache->count++;
		atomic_store_explicit(&cache->used, true, memory_order_release);
	} else {
		i = cache->oldest;
		cache->unanswered -= cache->entry[i].asked; /* the answer will find no entry */
		take_out(cache, i);
		hash_index_remove(&cache->index, address_hash(cache, cache->entry[i].address), i);
		free(cache->entry[i].text);
	}
	cache->entry[i] = (struct name_entry){0};
	memcpy(cache->entry[i].address, address, 16);
	put_newest(cache, i);
	/* There is room. */
	return hash_index_add(&cache->index, address_hash(cache, address), i) ? NONE : i;
}

static void ask(struct name_cache *cache, uint32_t i)
{
	uint32_t at = (cache->first_question + cache->questions) % QUESTIONS_MAX;

	if (!cache->asking || cache->entry[i].asked || cache->questions == QUESTIONS_MAX)
		return;
	memcpy(cache->question[at], cache->entry[i].address, 16);
	cache->entry[i].asked = true;
	cache->unanswered++;
	if (!cache->questions++)
		wait_signal_event(cache->question_fd);
}

/*
 * The entry of an address, which is asked for where it must be; NULL: there is none. Without `shown`,
 * nothing makes way for what is not known, and the order of use stays.
 */
static struct name_entry *look_up_entry(struct name_cache *cache, const uint8_t address[16],
					bool shown)
{
	uint32_t i = find_entry(cache, address);
	struct name_entry *entry;

	if (i == NONE && cache->asking && (shown || cache->count < cache->max))
		i = add_entry(cache, address);
	if (i == NONE)
		return NULL;
	entry = &cache->entry[i];
	if (shown && cache->newest != i) {
		take_out(cache, i);
		put_newest(cache, i);
	}
	if (!entry->asked && (!entry->answered || coarse_ns() >= entry->valid_until_ns))
		ask(cache, i);
	return entry;
}

static bool is_unused(const struct name_cache *cache)
{
	return !cache || !atomic_load_explicit(&cache->used, memory_order_acquire);
}

static bool look_up_name(struct name_cache *cache, const uint8_t address[16], bool shown,
			 char *text, size_t size)
{
	const struct name_entry *entry;
	bool known = false;

	if (!size || is_unused(cache))
		return false;
	pthread_mutex_lock(&cache->lock);
	entry = look_up_entry(cache, address, shown);
	if (entry && entry->text) {
		size_t length = utf8_cut(entry->text, strnlen(entry->text, size - 1));

		memcpy(text, entry->text, length);
		text[length] = '\0';
		known = true;
	}
	pthread_mutex_unlock(&cache->lock);
	return known;
}

/* What was found for another word is worth nothing. */
static void begin_word(struct name_cache *cache, const char *word)
{
	if (cache->searches && !strcmp(cache->word, word))
		return;
	snprintf(cache->word, sizeof(cache->word), "%s", word);
	cache->searches += cache->searches == UINT32_MAX ? 2 : 1;
}

static bool search_name(struct name_cache *cache, const uint8_t address[16], const char *word)
{
	struct name_entry *entry = look_up_entry(cache, address, false);

	if (!entry || !entry->text)
		return false;
	if (entry->searched != cache->searches) {
		entry->found = text_holds(entry->text, word);
		entry->searched = cache->searches;
	}
	return entry->found;
}

bool name_cache_search(struct name_cache *cache, const uint8_t one[16], const uint8_t other[16],
		       const char *word)
{
	bool found;

	if (is_unused(cache))
		return false;
	pthread_mutex_lock(&cache->lock);
	begin_word(cache, word);
	found = search_name(cache, one, word) || search_name(cache, other, word);
	pthread_mutex_unlock(&cache->lock);
	return found;
}

bool name_cache_get(struct name_cache *cache, const uint8_t address[16], char *text, size_t size)
{
	return look_up_name(cache, address, true, text, size);
}

bool name_cache_look(struct name_cache *cache, const uint8_t address[16], char *text, size_t size)
{
	return look_up_name(cache, address, false, text, size);
}

void name_cache_set_asking(struct name_cache *cache, bool asking)
{
	pthread_mutex_lock(&cache->lock);
	cache->asking = asking;
	if (asking)
		atomic_store_explicit(&cache->used, true, memory_order_release);
	pthread_mutex_unlock(&cache->lock);
}

uint64_t name_cache_version(struct name_cache *cache)
{
	uint64_t version;

	if (!cache)
		return 0;
	pthread_mutex_lock(&cache->lock);
	version = cache->version;
	pthread_mutex_unlock(&cache->lock);
	return version;
}

int name_cache_event_fd(const struct name_cache *cache)
{
	return cache->event_fd;
}

void name_cache_clear_event(struct name_cache *cache)
{
	wait_take_event(cache->event_fd);
}

int name_cache_question_fd(const struct name_cache *cache)
{
	return cache->question_fd;
}

bool name_cache_take_question(struct name_cache *cache, uint8_t ret_address[16])
{
	bool taken = false;

	pthread_mutex_lock(&cache->lock);
	if (cache->questions) {
		memcpy(ret_address, cache->question[cache->first_question], 16);
		cache->first_question = (cache->first_question + 1) % QUESTIONS_MAX;
		cache->questions--;
		taken = true;
	}
	if (!cache->questions)
		wait_take_event(cache->question_fd);
	pthread_mutex_unlock(&cache->lock);
	return taken;
}

size_t name_cache_unanswered(struct name_cache *cache)
{
	size_t unanswered;

	if (!cache)
		return 0;
	pthread_mutex_lock(&cache->lock);
	unanswered = cache->unanswered;
	pthread_mutex_unlock(&cache->lock);
	return unanswered;
}

/* Whether what is known now stays: nothing new was learnt, or it is from a better source. */
static bool keeps_text(const struct name_entry *entry, enum name_source source)
{
	return source == NAME_FAILED ||
	       (entry->text && source < entry->source && coarse_ns() < entry->valid_until_ns);
}

/* Returns the text that is to be freed. */
static char *answer(struct name_cache *cache, struct name_entry *entry, char *text,
		    enum name_source source)
{
	char *old = entry->text;

	if (keeps_text(entry, source))
		return text;
	entry->source = source;
	if (old && text ? !strcmp(old, text) : old == text)
		return text;
	entry->text = text;
	entry->searched = 0;
	cache->version++;
	return old;
}

void name_cache_put(struct name_cache *cache, const uint8_t address[16], const char *name,
		    enum name_source source, uint32_t ttl_s)
{
	char safe[NAME_TEXT_MAX], *text = NULL;
	uint64_t version;
	bool wake = false;
	uint32_t i;

	if (name && *name && source != NAME_NONE && source != NAME_FAILED)
		text = strdup(format_outside(name, safe, sizeof(safe)));
	pthread_mutex_lock(&cache->lock);
	i = find_entry(cache, address);
	if (i == NONE)
		i = add_entry(cache, address);
	if (i != NONE) {
		struct name_entry *entry = &cache->entry[i];

		version = cache->version;
		cache->unanswered -= entry->asked;
		entry->asked = false;
		entry->answered = true;
		text = answer(cache, entry, text, source);
		entry->valid_until_ns = coarse_ns() + ttl_s * 1000000000ULL;
		wake = cache->version != version || !cache->unanswered;
	}
	pthread_mutex_unlock(&cache->lock);
	free(text);
	if (wake)
		wait_signal_event(cache->event_fd);
}
