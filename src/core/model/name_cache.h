/* SPDX-License-Identifier: MIT */
/*
 * Known host names of addresses, shared by the views that show names and the resolver that finds
 * them. Any thread; the lock is held for pointer work only, so a frame never waits for a name.
 * Bounded: the least recently used names are dropped first.
 *
 * Names read from the traffic itself (DNS answers, TLS) can be put here as well one day: a name has
 * a source, and a better source replaces a worse one.
 */
#ifndef PKTSTAT_NAME_CACHE_H
#define PKTSTAT_NAME_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest name, made safe to print, its end included. */
#define NAME_TEXT_MAX 256
#define NAMES_MAX_DEFAULT 65536

enum name_source {
	NAME_NONE,   /* asked, and there is none */
	NAME_FAILED, /* asked without an answer: an earlier name stays */
	NAME_DNS,    /* PTR record */
	NAME_HOSTS,  /* /etc/hosts */
};

struct name_cache;

/* At most `max` names; nothing is asked until asking is set. 0 or -ENOMEM. */
int name_cache_new(size_t max, struct name_cache **ret_cache);
void name_cache_free(struct name_cache *cache);

/* Whether unknown names are asked for. Off at first. */
void name_cache_set_asking(struct name_cache *cache, bool asking);

/*
 * Copies the name of an address (IPv4 as ::ffff:a.b.c.d, as in flow_key), safe to print, at most
 * `size` bytes with the end. False: there is none, or none yet; then it is asked for once, if
 * asking is set, and again when its time to live has passed (the old name is shown meanwhile).
 * NULL as cache: false.
 */
bool name_cache_get(struct name_cache *cache, const uint8_t address[16], char *text, size_t size);
/*
 * The same for one of many that are searched and need not be shown: it takes no place of another name,
 * and is not asked where there is no place left.
 */
bool name_cache_look(struct name_cache *cache, const uint8_t address[16], char *text, size_t size);
/*
 * True when the name of one of two addresses holds a word (lower case, text_holds()), as
 * name_cache_look() would find it. Each name is searched once for one word after the other.
 */
bool name_cache_search(struct name_cache *cache, const uint8_t one[16], const uint8_t other[16],
		       const char *word);

/* Changes whenever a name becomes known: anything drawn with another version is drawn again. */
uint64_t name_cache_version(struct name_cache *cache);
/*
 * Readable when names became known, and when the last question was answered; cleared by
 * name_cache_clear_event(). For one reader.
 */
int name_cache_event_fd(const struct name_cache *cache);
void name_cache_clear_event(struct name_cache *cache);

/* The resolver's side. Readable while questions wait; cleared when the last one is taken. */
int name_cache_question_fd(const struct name_cache *cache);
/* Takes the next question; false when none waits. */
bool name_cache_take_question(struct name_cache *cache, uint8_t ret_address[16]);
/* Questions that wait or are out. */
size_t name_cache_unanswered(struct name_cache *cache);
/*
 * The answer: `name` is outside text, NULL with NAME_NONE and NAME_FAILED. Not asked again for
 * `ttl_s` seconds. Every question that is taken gets one.
 */
void name_cache_put(struct name_cache *cache, const uint8_t address[16], const char *name,
		    enum name_source source, uint32_t ttl_s);

#endif
