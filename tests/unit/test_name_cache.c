/* SPDX-License-Identifier: MIT */
/* name_cache.h: what is asked, what is shown, what goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>

#include "format.h"
#include "name_cache.h"

static uint8_t *address_of(uint32_t number, uint8_t address[16])
{
	memset(address, 0, 16);
	memcpy(address + 12, &number, sizeof(number));
	return address;
}

static struct name_cache *new_cache(size_t max)
{
	struct name_cache *cache = NULL;

	assert_int_equal(name_cache_new(max, &cache), 0);
	name_cache_set_asking(cache, true);
	return cache;
}

static bool readable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

/* The name of an address, "-" for none. */
static const char *name_of(struct name_cache *cache, uint32_t number)
{
	static _Thread_local char text[NAME_TEXT_MAX];
	uint8_t address[16];

	if (!name_cache_get(cache, address_of(number, address), text, sizeof(text)))
		return "-";
	return text;
}

static void put(struct name_cache *cache, uint32_t number, const char *name, uint32_t ttl_s)
{
	uint8_t address[16];

	name_cache_put(cache, address_of(number, address), name, name ? NAME_DNS : NAME_NONE,
		       ttl_s);
}

/* Takes all questions; returns how many there were. */
static size_t take_all(struct name_cache *cache)
{
	uint8_t address[16];
	size_t taken = 0;

	while (name_cache_take_question(cache, address))
		taken++;
	return taken;
}

/* A search asks while there is room, and takes no name's place. */
static void test_search(void **state)
{
	struct name_cache *cache = new_cache(4);
	char text[NAME_TEXT_MAX];
	uint8_t address[16];

	for (uint32_t i = 1; i <= 3; i++) {
		name_of(cache, i);
		put(cache, i, "name", 3600);
	}
	take_all(cache);
	for (uint32_t i = 10; i < 20; i++)
		assert_false(name_cache_look(cache, address_of(i, address), text, sizeof(text)));
	assert_int_equal(take_all(cache), 1);
	assert_true(name_cache_look(cache, address_of(1, address), text, sizeof(text)));
	/* That was no use of the oldest, which makes way for what is shown. */
	name_of(cache, 30);
	assert_string_equal(name_of(cache, 2), "name");
	assert_string_equal(name_of(cache, 3), "name");
	assert_string_equal(name_of(cache, 1), "-");
	name_cache_free(cache);
}

static bool search(struct name_cache *cache, uint32_t one, uint32_t other, const char *word)
{
	uint8_t first[16], second[16];

	return name_cache_search(cache, address_of(one, first), address_of(other, second), word);
}

/* What was found is forgotten with the word, and with the name. */
static void test_search_for_a_word(void **state)
{
	struct name_cache *cache = new_cache(100);

	assert_false(name_cache_search(NULL, (uint8_t[16]){0}, (uint8_t[16]){0}, "a"));
	put(cache, 1, "Web1.example.org", 3600);
	put(cache, 2, "mail.example.net", 3600);
	put(cache, 3, NULL, 3600);
	for (int turn = 0; turn < 2; turn++) {
		assert_true(search(cache, 1, 2, "web1"));
		assert_true(search(cache, 2, 1, "web1"));
		assert_false(search(cache, 2, 3, "web1"));
		assert_true(search(cache, 2, 3, "mail"));
		assert_false(search(cache, 1, 1, "mail"));
		assert_false(search(cache, 3, 3, ""));
	}
	assert_true(search(cache, 1, 1, "web1"));
	put(cache, 1, "other.example.org", 3600);
	put(cache, 3, "web1", 3600);
	assert_false(search(cache, 1, 1, "web1"));
	assert_true(search(cache, 3, 3, "web1"));
	assert_int_equal(take_all(cache), 0);
	assert_false(search(cache, 10, 11, "web1"));
	assert_int_equal(take_all(cache), 2);
	name_cache_free(cache);
}

static void test_nobody_asks(void **state)
{
	struct name_cache *cache = new_cache(100);

	name_cache_set_asking(cache, false);
	assert_string_equal(name_of(cache, 1), "-");
	assert_int_equal(take_all(cache), 0);
	assert_false(readable(name_cache_question_fd(cache)));
	assert_false(name_cache_get(NULL, (uint8_t[16]){0}, (char[4]){0}, 4));
	name_cache_free(cache);
}

static void test_asked_once(void **state)
{
	struct name_cache *cache = new_cache(100);
	uint8_t wanted[16], taken[16];
	uint64_t version = name_cache_version(cache);

	for (int i = 0; i < 3; i++)
		assert_string_equal(name_of(cache, 7), "-");
	assert_true(readable(name_cache_question_fd(cache)));
	assert_true(name_cache_take_question(cache, taken));
	assert_memory_equal(taken, address_of(7, wanted), 16);
	assert_false(name_cache_take_question(cache, taken));
	assert_false(readable(name_cache_question_fd(cache)));
	assert_int_equal(name_cache_unanswered(cache), 1);
	assert_false(readable(name_cache_event_fd(cache)));
	put(cache, 7, "seven.example", 100);
	assert_int_equal(name_cache_unanswered(cache), 0);
	assert_true(readable(name_cache_event_fd(cache)));
	name_cache_clear_event(cache);
	assert_false(readable(name_cache_event_fd(cache)));
	assert_int_not_equal(name_cache_version(cache), version);
	assert_string_equal(name_of(cache, 7), "seven.example");
	assert_int_equal(take_all(cache), 0);
	name_cache_free(cache);
}

/* An old name is shown while it is asked for again; a failure leaves it, an answer does not. */
static void test_expiry(void **state)
{
	struct name_cache *cache = new_cache(100);
	uint8_t address[16];

	put(cache, 1, "old", 0);
	assert_string_equal(name_of(cache, 1), "old");
	assert_int_equal(take_all(cache), 1);
	name_cache_put(cache, address_of(1, address), NULL, NAME_FAILED, 0);
	assert_string_equal(name_of(cache, 1), "old");
	assert_int_equal(take_all(cache), 1);
	put(cache, 1, "new", 100);
	assert_string_equal(name_of(cache, 1), "new");
	assert_int_equal(take_all(cache), 0);
	put(cache, 2, "gone", 0);
	put(cache, 2, NULL, 100);
	assert_string_equal(name_of(cache, 2), "-");
	assert_int_equal(take_all(cache), 0); /* that there is none is known, too */
	name_cache_free(cache);
}

static void test_same_name_is_no_news(void **state)
{
	struct name_cache *cache = new_cache(100);
	uint64_t version;

	put(cache, 1, "same", 0);
	version = name_cache_version(cache);
	put(cache, 1, "same", 0);
	put(cache, 2, NULL, 10);
	assert_int_equal(name_cache_version(cache), version);
	name_cache_free(cache);
}

static void test_better_source_stays(void **state)
{
	struct name_cache *cache = new_cache(100);
	uint8_t address[16];

	name_cache_put(cache, address_of(1, address), "mine", NAME_HOSTS, 100);
	name_cache_put(cache, address, "theirs", NAME_DNS, 100);
	assert_string_equal(name_of(cache, 1), "mine");
	name_cache_put(cache, address_of(2, address), "theirs", NAME_DNS, 100);
	name_cache_put(cache, address, "mine", NAME_HOSTS, 100);
	assert_string_equal(name_of(cache, 2), "mine");
	name_cache_free(cache);
}

/* The one not asked for longest goes, whatever its place in the table. */
static void test_bounded(void **state)
{
	struct name_cache *cache = new_cache(300);
	char name[16];

	for (uint32_t i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		put(cache, i, name, 100);
	}
	assert_string_equal(name_of(cache, 0), "n0");
	for (uint32_t i = 300; i < 599; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		put(cache, i, name, 100);
	}
	name_cache_set_asking(cache, false);
	assert_string_equal(name_of(cache, 0), "n0");
	for (uint32_t i = 1; i < 300; i++)
		assert_string_equal(name_of(cache, i), "-");
	for (uint32_t i = 300; i < 599; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_string_equal(name_of(cache, i), name);
	}
	name_cache_free(cache);
}

/* Questions are bounded too; what found no room is asked when it is looked at again. */
static void test_question_bound(void **state)
{
	struct name_cache *cache = new_cache(5000);
	size_t taken;

	for (uint32_t i = 0; i < 5000; i++)
		name_of(cache, i);
	taken = take_all(cache);
	assert_in_range(taken, 1, 4999);
	assert_int_equal(name_cache_unanswered(cache), taken);
	name_of(cache, 4999);
	assert_int_equal(take_all(cache), 1);
	name_cache_free(cache);
}

/* Entries with an open question are evicted as well, and a late answer does no harm. */
static void test_asked_make_room(void **state)
{
	struct name_cache *cache = new_cache(4);

	for (uint32_t i = 0; i < 100; i++) {
		name_of(cache, i);
		assert_in_range(name_cache_unanswered(cache), 1, 4);
	}
	assert_int_equal(take_all(cache), 100);
	put(cache, 1, "late", 10);
	assert_string_equal(name_of(cache, 1), "late");
	name_cache_free(cache);
}

static void test_made_safe(void **state)
{
	static const char *const names[] = {
		"\033[2J\033]0;owned\007.example",
		"a\nb",
		"\xff\xfe.example",
		"\xe2\x80\xae gro.live",
		("\xc2\x9b"
		 "31m"),
		"tab\there",
	};
	struct name_cache *cache = new_cache(100);
	char longest[2000], small[4];
	uint8_t address[16];

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char safe[NAME_TEXT_MAX];

		put(cache, i, names[i], 100);
		assert_string_equal(name_of(cache, i),
				    format_outside(names[i], safe, sizeof(safe)));
		for (const char *at = name_of(cache, i); *at; at++)
			assert_in_range((unsigned char)*at, 0x20, 0x7e);
	}
	memset(longest, 1, sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	put(cache, 50, longest, 100);
	assert_in_range(strlen(name_of(cache, 50)), 200, NAME_TEXT_MAX - 1);
	put(cache, 51, "", 100);
	assert_string_equal(name_of(cache, 51), "-");
	put(cache, 52, "abcdef", 100);
	assert_true(name_cache_get(cache, address_of(52, address), small, sizeof(small)));
	assert_string_equal(small, "abc");
	name_cache_free(cache);
}

struct race {
	struct name_cache *cache;
	bool stop;
};

static void *answer_all(void *context)
{
	struct race *race = context;
	uint8_t address[16];

	while (!__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE)) {
		if (name_cache_take_question(race->cache, address))
			name_cache_put(race->cache, address, address[12] & 1 ? "odd" : NULL,
				       address[12] & 1 ? NAME_DNS : NAME_NONE, 0);
	}
	return NULL;
}

/* A frame and a resolver at once, with names coming and going. */
static void test_threads(void **state)
{
	struct race race = {.cache = new_cache(64)};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, answer_all, &race), 0);
	for (uint32_t i = 0; i < 100000; i++) {
		const char *name = name_of(race.cache, i % 200);

		if (strcmp(name, "-") != 0) {
			assert_string_equal(name, "odd");
			assert_int_equal(i % 200 % 2, 1);
		}
	}
	__atomic_store_n(&race.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	name_cache_free(race.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_search_for_a_word),
		cmocka_unit_test(test_nobody_asks),
		cmocka_unit_test(test_asked_once),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_same_name_is_no_news),
		cmocka_unit_test(test_better_source_stays),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_question_bound),
		cmocka_unit_test(test_asked_make_room),
		cmocka_unit_test(test_made_safe),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
