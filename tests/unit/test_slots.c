/* SPDX-License-Identifier: MIT */
/* slots.h: who gets which slot, who must give one up, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slots.h"

/* Slots that interfaces can have while one is kept for the sums. */
#define ROOM (FLOW_IFACES_MAX - 1)

/* That many asked for by name, all others taken by some that are watched. */
static struct attachments *full_attachments(size_t names)
{
	struct attachments *attachments = calloc(1, sizeof(*attachments));
	char name[IF_NAMESIZE];
	struct attachment *attachment;

	assert_non_null(attachments);
	attachments->names = names;
	for (unsigned int i = 0;; i++) {
		snprintf(name, sizeof(name), "veth%u", i);
		attachment = slots_take(attachments, name);
		if (!attachment)
			return attachments;
		assert_ptr_equal(attachment, &attachments->attachment[i]);
		assert_string_equal(attachment->asked, name);
		attachment->entry.state = IFACE_WATCHED;
	}
}

static void go(struct attachments *attachments, unsigned int slot)
{
	attachments->attachment[slot].entry.state = IFACE_GONE;
	attachments->attachment[slot].went = ++attachments->goings;
	attachments->attachment[slot].quiet = 0;
}

static void drain_all(struct attachments *attachments)
{
	for (unsigned int i = 0; i < SLOTS_QUIET; i++)
		slots_drained(attachments, true);
}

/* The last slot is nobody's, unless each was asked for by name. */
static void test_room(void **state)
{
	static const size_t names[] = {0, 1, ROOM, ROOM + 1};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct attachments *attachments = full_attachments(names[i]);

		assert_int_equal(attachments->count, names[i] > ROOM ? FLOW_IFACES_MAX : ROOM);
		free(attachments);
	}
}

/* While there are slots, nobody gives one up. */
static void test_not_needed(void **state)
{
	struct attachments *attachments = full_attachments(0);
	bool slot[FLOW_IFACES_MAX];

	attachments->count = ROOM - SLOTS_FEW;
	go(attachments, 3);
	drain_all(attachments);
	assert_int_equal(slots_give_up(attachments, slot), 0);
	attachments->no_slot = 1; /* whatever for: somebody waits */
	assert_int_equal(slots_give_up(attachments, slot), 1);
	assert_true(slot[3]);
	free(attachments);
}

/* Those that went first go first, as many as make room for a while. */
static void test_longest_gone(void **state)
{
	struct attachments *attachments = full_attachments(0);
	bool slot[FLOW_IFACES_MAX];

	for (unsigned int i = 0; i < 2 * SLOTS_AGAIN; i++)
		go(attachments, (7 * i + 50) % ROOM);
	drain_all(attachments);
	assert_int_equal(slots_of_gone(attachments), 2 * SLOTS_AGAIN);
	assert_int_equal(slots_give_up(attachments, slot), SLOTS_AGAIN);
	for (unsigned int i = 0; i < 2 * SLOTS_AGAIN; i++)
		assert_int_equal(slot[(7 * i + 50) % ROOM], i < SLOTS_AGAIN);
	assert_int_equal(attachments->given_up, SLOTS_AGAIN);
	assert_int_equal(slots_of_gone(attachments), SLOTS_AGAIN);
	assert_int_equal(slots_give_up(attachments, slot), 0);
	free(attachments);
}

/* Whoever waits finds one, however many they are. */
static void test_all_that_wait(void **state)
{
	struct attachments *attachments = full_attachments(0);
	bool slot[FLOW_IFACES_MAX];

	for (unsigned int i = 0; i < 100; i++)
		go(attachments, i);
	attachments->no_slot = 60;
	drain_all(attachments);
	assert_int_equal(slots_give_up(attachments, slot), 60 + SLOTS_AGAIN);
	free(attachments);
}

/* Asked for by name, failed or left out: these keep theirs. */
static void test_kept(void **state)
{
	struct attachments *attachments = full_attachments(40);
	bool slot[FLOW_IFACES_MAX];

	for (unsigned int i = 0; i < 40; i++)
		go(attachments, i);
	attachments->attachment[60].entry.state = IFACE_FAILED;
	attachments->attachment[61].entry.state = IFACE_LEFT_OUT;
	drain_all(attachments);
	assert_int_equal(slots_of_gone(attachments), 0);
	assert_int_equal(slots_give_up(attachments, slot), 0);
	go(attachments, 62);
	drain_all(attachments);
	assert_int_equal(slots_give_up(attachments, slot), 1);
	assert_true(slot[62]);
	free(attachments);
}

/* Not before each generation was drained to the last, one after the other. */
static void test_undrained(void **state)
{
	static const struct {
		const char *drains; /* w: whole, f: failed */
		bool given;
	} cases[] = {{"", false},    {"w", false},  {"ww", true},   {"wf", false},
		     {"wfw", false}, {"fww", true}, {"wwf", false}, {"www", true}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct attachments *attachments = full_attachments(0);
		bool slot[FLOW_IFACES_MAX];

		drain_all(attachments); /* before it went: these say nothing */
		go(attachments, 5);
		for (const char *drain = cases[i].drains; *drain; drain++)
			slots_drained(attachments, *drain == 'w');
		assert_int_equal(slots_of_gone(attachments), 1);
		assert_int_equal(slots_give_up(attachments, slot), cases[i].given);
		free(attachments);
	}
}

/* A slot that was given up is another one's: nothing of the old one is left but that there was one. */
static void test_taken_again(void **state)
{
	struct attachments *attachments = full_attachments(1);
	bool slot[FLOW_IFACES_MAX];
	struct attachment *attachment;

	attachments->attachment[9].entry.index = 77;
	attachments->attachment[9].entry.since_wall_ns = 5;
	go(attachments, 9);
	assert_null(slots_take(attachments, "new"));
	drain_all(attachments);
	assert_int_equal(slots_give_up(attachments, slot), 1);
	assert_int_equal(attachments->attachment[9].entry.state, IFACE_FREE);
	assert_string_equal(attachments->attachment[9].entry.name, "");
	assert_string_equal(attachments->attachment[9].asked, "");
	attachment = slots_take(attachments, "new");
	assert_ptr_equal(attachment, &attachments->attachment[9]);
	assert_string_equal(attachment->entry.name, "new");
	assert_int_equal(attachment->entry.state, IFACE_GONE);
	assert_int_equal(attachment->entry.index, 0);
	assert_int_equal(attachment->entry.since_wall_ns, 0);
	assert_int_equal(attachment->entry.tenant, 1);
	assert_int_equal(attachments->count, ROOM);
	assert_null(slots_take(attachments, "newer"));
	free(attachments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),	     cmocka_unit_test(test_not_needed),
		cmocka_unit_test(test_longest_gone), cmocka_unit_test(test_all_that_wait),
		cmocka_unit_test(test_kept),	     cmocka_unit_test(test_undrained),
		cmocka_unit_test(test_taken_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
