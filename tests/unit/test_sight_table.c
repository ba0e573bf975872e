/* SPDX-License-Identifier: MIT */
/*
 * The table of sights: what is equal is one, what was not seen for longest is forgotten, and an id
 * never stands for anything but what it was given for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "sight.h"

#define NAME_SIZE  32
#define PINNED	   1000 /* of the first sights, seen in each round */
#define TRACKED	   4096 /* ids that the reader looks at */
#define TRACK_EACH 64
#define REUSES	   40000

static struct sight sight_named(const char *name)
{
	return (struct sight){
		.application = APPLICATION_HTTPS, .name = name, .dns = "", .alpn = "", .ja4 = ""};
}

static int add_number(struct sight_table *table, uint32_t number, uint32_t *ret_id)
{
	char name[NAME_SIZE];
	struct sight sight;

	snprintf(name, sizeof(name), "host%u.example", number);
	sight = sight_named(name);
	return sight_table_add(table, &sight, ret_id);
}

static void test_equal_ones_are_shared(void **state)
{
	struct sight sight = sight_named("a.example");
	struct sight_table *table;
	uint32_t first, second, third, fourth;

	sight.dns = "b.example";
	sight.alpn = "h2";
	assert_int_equal(sight_table_new(&table), 0);
	assert_string_equal(sight_table_get(table, SIGHT_NONE)->label, "");
	assert_int_equal(sight_table_add(table, &sight, &first), 0);
	assert_int_equal(sight_table_add(table, &sight, &second), 0);
	assert_int_equal(first, second);
	assert_string_equal(sight_table_get(table, first)->label, "a.example");
	assert_string_equal(sight_table_get(table, first)->dns, "b.example");
	sight.ja4 = "x";
	assert_int_equal(sight_table_add(table, &sight, &second), 0);
	assert_true(first != second);
	assert_int_equal(sight_table_site(table, second), first);
	sight.name = "";
	assert_int_equal(sight_table_add(table, &sight, &third), 0);
	assert_string_equal(sight_table_get(table, third)->label, "~b.example");
	assert_int_equal(sight_table_site(table, third), third);
	sight.dns = "";
	assert_int_equal(sight_table_add(table, &sight, &third), 0);
	assert_string_equal(sight_table_get(table, third)->label, "");
	assert_int_equal(sight_table_site(table, third), SIGHT_NONE);
	/* Another server of the same site; by DNS it is another site. */
	sight.name = "b.a.example";
	sight.site = "a.example";
	assert_int_equal(sight_table_add(table, &sight, &fourth), 0);
	assert_int_equal(sight_table_site(table, fourth), first);
	assert_int_equal(sight_table_server(table, fourth), fourth);
	assert_int_equal(sight_table_server(table, second), first);
	sight.name = "";
	sight.dns = "c.a.example";
	assert_int_equal(sight_table_add(table, &sight, &fourth), 0);
	assert_string_equal(sight_table_get(table, fourth)->site, "~a.example");
	assert_string_equal(sight_table_get(table, fourth)->dns, "c.a.example");
	assert_int_equal(sight_table_site(table, fourth), fourth);
	assert_int_equal(sight_table_count(table), 6);
	sight_table_free(table);
}

/* Without anybody who forgets, it is full at some time. */
static void test_is_bounded(void **state)
{
	struct sight_table *table;
	char name[200];
	uint32_t id = SIGHT_NONE, added = 0;

	assert_int_equal(sight_table_new(&table), 0);
	while (!add_number(table, added, &id))
		added++;
	assert_int_equal(added, SIGHTS_MAX - 1);
	assert_int_equal(sight_table_count(table), added);
	snprintf(name, sizeof(name), "host%u.example", added - 1);
	assert_string_equal(sight_table_get(table, id)->label, name);
	sight_table_free(table);
	/* Long texts fill it earlier. */
	assert_int_equal(sight_table_new(&table), 0);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (added = 0;; added++) {
		const struct sight sight = sight_named(name);

		snprintf(name, 9, "%08u", added);
		name[8] = 'a';
		if (sight_table_add(table, &sight, &id))
			break;
	}
	assert_in_range(added, SIGHT_TEXTS_MAX / 210, SIGHT_TEXTS_MAX / 200);
	sight_table_free(table);
}

/* What the writer shares with the reader: ids and the numbers that their names have. */
struct churn {
	struct sight_table *table;
	_Atomic uint32_t id[TRACKED], number[TRACKED];
	atomic_bool end;
	atomic_uint wrong, found, lost;
};

static void read_one(struct churn *churn, unsigned int i)
{
	uint32_t number = atomic_load(&churn->number[i]), id = atomic_load(&churn->id[i]);
	const struct sight *sight = sight_table_get(churn->table, id);
	char name[NAME_SIZE];

	if (id == SIGHT_NONE || number != atomic_load(&churn->number[i]))
		return;
	snprintf(name, sizeof(name), "host%u.example", number);
	if (!*sight->label)
		atomic_fetch_add(&churn->lost, 1);
	else if (strcmp(sight->label, name) == 0)
		atomic_fetch_add(&churn->found, 1);
	else
		atomic_fetch_add(&churn->wrong, 1);
}

static void *read_until_end(void *arg)
{
	struct churn *churn = arg;

	while (!atomic_load(&churn->end)) {
		sight_table_hold(churn->table);
		for (unsigned int i = 0; i < TRACKED; i++)
			read_one(churn, i);
		sight_table_release(churn->table);
		poll(NULL, 0, 1); /* as readers do between pictures */
	}
	return NULL;
}

/* A round as the thread of sights has it: flows show the pinned ones. */
static void run_round(struct churn *churn, const uint32_t pinned[PINNED])
{
	if (!sight_table_begin_round(churn->table))
		return;
	for (unsigned int i = 0; i < PINNED; i++)
		sight_table_seen(churn->table, pinned[i]);
	sight_table_forget(churn->table);
}

static void track(struct churn *churn, uint32_t number, uint32_t id)
{
	unsigned int i = number / TRACK_EACH % TRACKED;

	if (number % TRACK_EACH)
		return;

	atomic_store(&churn->id[i], SIGHT_NONE);
	atomic_store(&churn->number[i], number);
	atomic_store(&churn->id[i], id);
}

/* Four times as many names as there is room for: each is taken, and none is mistaken for another. */
static void test_names_come_and_go(void **state)
{
	static struct churn churn;
	static uint32_t pinned[PINNED];
	uint32_t id, refused = 0;
	pthread_t reader;

	assert_int_equal(sight_table_new(&churn.table), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_until_end, &churn), 0);
	for (uint32_t number = 0; number < 4 * SIGHTS_MAX; number++) {
		/* The lock is the reader's now and then: a round later there is room. */
		while (add_number(churn.table, number, &id)) {
			run_round(&churn, pinned);
			refused++;
		}
		if (number < PINNED)
			pinned[number] = id;
		track(&churn, number, id);
		if (number % 1000 == 0)
			run_round(&churn, pinned);
	}
	atomic_store(&churn.end, true);
	pthread_join(reader, NULL);
	assert_int_equal(churn.wrong, 0);
	assert_true(churn.found > 0 && churn.lost > 0);
	assert_true(sight_table_forgotten(churn.table) > 2 * SIGHTS_MAX);
	for (unsigned int i = 0; i < PINNED; i++) {
		char name[NAME_SIZE];

		snprintf(name, sizeof(name), "host%u.example", i);
		assert_string_equal(sight_table_get(churn.table, pinned[i])->name, name);
	}
	printf("%u found, %u forgotten before, %u waited\n", churn.found, churn.lost, refused);
	sight_table_free(churn.table);
}

/* The one that was seen last stays; the first with a label stays while others have it. */
static void test_least_recent_goes(void **state)
{
	struct sight sight = sight_named("same.example");
	struct sight_table *table;
	uint32_t first, second, id[2];

	assert_int_equal(sight_table_new(&table), 0);
	assert_int_equal(sight_table_add(table, &sight, &first), 0);
	sight.alpn = "h2";
	assert_int_equal(sight_table_add(table, &sight, &second), 0);
	sight_table_begin_round(table);
	assert_int_equal(add_number(table, 0, &id[0]), 0);
	sight_table_begin_round(table);
	assert_int_equal(add_number(table, 1, &id[1]), 0);
	sight_table_hold(table);
	assert_int_equal(sight_table_forget(table), 0);
	sight_table_release(table);
	assert_int_equal(sight_table_forget(table), 1);
	assert_string_equal(sight_table_get(table, second)->label, "");
	assert_string_equal(sight_table_get(table, first)->label, "same.example");
	assert_int_equal(sight_table_forget(table), 1);
	assert_string_equal(sight_table_get(table, first)->label, "");
	assert_int_equal(sight_table_site(table, first), SIGHT_NONE);
	assert_int_equal(sight_table_forget(table), 1);
	assert_string_equal(sight_table_get(table, id[0])->label, "");
	assert_int_equal(sight_table_forget(table), 0); /* seen in this round */
	assert_string_equal(sight_table_get(table, id[1])->label, "host1.example");
	assert_int_equal(sight_table_add(table, &sight, &second), 0);
	assert_int_equal(sight_table_site(table, second), second);
	sight_table_free(table);
}

/* A place is used again until its ids are used up, and then left. */
static void test_ids_are_unique(void **state)
{
	uint32_t id, last = SIGHT_NONE, moved = 0;
	struct sight_table *table;

	assert_int_equal(sight_table_new(&table), 0);
	for (uint32_t number = 0; number < REUSES; number++) {
		assert_int_equal(add_number(table, number, &id), 0);
		assert_true(id != SIGHT_NONE && id != UINT32_MAX);
		if (id % SIGHTS_MAX == last % SIGHTS_MAX)
			assert_true(id > last);
		else
			moved++;
		last = id;
		sight_table_begin_round(table);
		assert_int_equal(sight_table_forget(table), 1);
		assert_string_equal(sight_table_get(table, id)->label, "");
	}
	assert_int_equal(moved, 2);
	assert_int_equal(sight_table_count(table), 0);
	sight_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_ones_are_shared),
		cmocka_unit_test(test_is_bounded),
		cmocka_unit_test(test_names_come_and_go),
		cmocka_unit_test(test_least_recent_goes),
		cmocka_unit_test(test_ids_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
